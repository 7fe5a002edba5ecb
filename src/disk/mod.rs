//! The one writer of files and folders: each appears whole or not at all.
//!
//! A draft stands beside its place under a name of its own (`.NAME.PROCESS.partial`), is flushed to the disk and takes
//! its place in one step. Whatever happens meanwhile, the place holds the old content or the new one. What processes
//! that were killed have left is cleared by the next writer of the same name.

mod draft;
mod exchange;
mod file;
mod folder;

pub use draft::{abandon, clear, take_notes};
pub use file::{WholeFile, cannot_write};
pub use folder::WholeFolder;

use std::fs;
use std::path::{Path, PathBuf};

/// The most links that are followed one after the other, as in Linux.
const MOST_LINKS: usize = 40;

/// Where a name leads to: links are followed, also one whose end is not there yet.
fn follow(named: &Path) -> PathBuf {
    let mut place = named.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&place) else { break };
        place = folder_of(&place).join(next);
    }
    place
}

/// The folder that a path stands in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether two names are those of one file, be it there or not.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    let whole = |named: &Path| {
        let place = follow(named);
        let folder = fs::canonicalize(folder_of(&place)).unwrap_or_else(|_| folder_of(&place).to_path_buf());
        fs::canonicalize(&place).unwrap_or_else(|_| folder.join(place.file_name().unwrap_or_default()))
    };
    whole(one) == whole(other)
}
