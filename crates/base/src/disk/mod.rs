//! The one writer of files and folders: each appears whole or not at all.
//!
//! A draft stands beside its place under a name of its own (`.NAME.PROCESS.partial`), is flushed to the disk and takes
//! its place in one step. At any moment, the place holds the old content or the new one. Drafts of killed processes
//! are cleared by the next writer of the same name.

mod draft;
mod exchange;
mod file;
mod folder;

pub use draft::{abandon, clear, take_notes};
pub use file::{WholeFile, cannot_write};
pub use folder::WholeFolder;

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The most links that are followed one after the other, as in Linux.
const MOST_LINKS: usize = 40;

/// Returns the target of a name: links are followed, also one whose target does not exist yet.
fn follow(named: &Path) -> PathBuf {
    let mut place = named.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&place) else { break };
        place = folder_of(&place).join(next);
    }
    place
}

/// Returns the folder that a path stands in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Returns whether two names are those of one file, be it there or not.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    whole(one) == whole(other)
}

/// Returns whether a name is that of a folder or of something in it, be they there or not.
pub fn is_within(name: &Path, folder: &Path) -> bool {
    whole(name).starts_with(whole(folder))
}

/// Returns the relative path from a folder to a file or folder, be they there or not; with `..` where it leads up.
pub fn relative(from: &Path, to: &Path) -> PathBuf {
    // The empty path is the current folder.
    let here = |path: &Path| if path == Path::new("") { whole(Path::new(".")) } else { whole(path) };
    let (from, to) = (here(from), here(to));
    let (from, to): (Vec<Component>, Vec<Component>) =
        (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    up.chain(to[shared..].iter().copied()).collect()
}

/// Returns the whole name of what a name leads to, links followed as far as they are there.
fn whole(named: &Path) -> PathBuf {
    let place = follow(named);
    let place = std::path::absolute(&place).unwrap_or(place);
    let there = place.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    match there {
        Some((above, real)) => match place.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_leads_from_a_folder_to_a_file() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("scenarios")).unwrap();
        for (from, to, expected) in [
            ("scenarios", "traces/a.csv", "../traces/a.csv"),
            ("results/new", "scenarios/./b.csv", "../../scenarios/b.csv"),
            (".", "a.csv", "a.csv"),
            ("scenarios", "scenarios", ""),
        ] {
            assert_eq!(relative(&at(from), &at(to)), Path::new(expected), "{from} to {to}");
        }
    }

    #[test]
    fn places_are_compared_by_what_their_names_lead_to() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("out")).unwrap();
        assert!(is_same_place(&at("out"), &at("./out/.")));
        assert!(is_same_place(&at("new/a.csv"), &at("new/./a.csv")), "neither is there");
        assert!(!is_same_place(&at("a.csv"), &at("b.csv")));
        assert!(is_within(&at("out"), &at("out")) && is_within(&at("out/cp/x"), &at("out")));
        assert!(is_within(&at("new/cp"), &at("new")) && !is_within(&at("newer"), &at("new")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("out", at("link")).unwrap();
            assert!(is_same_place(&at("link"), &at("out")) && is_within(&at("link/cp"), &at("out")));
        }
    }
}
