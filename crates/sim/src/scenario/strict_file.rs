//! TOML files other than scenarios, read as strictly: unknown keys, wrong types and problems that the file's own
//! checks find are reported with line and column, all at once.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::checks::Pruned;
use super::document::Document;
use super::{in_order, reading};
use plimsoll_base::input::{InputError, Place, Problem};

/// A file that was read.
#[derive(Clone, Debug)]
pub struct StrictFile<T> {
    /// Content.
    pub value: T,
    path: PathBuf,
    document: Document,
}

impl<T: DeserializeOwned> StrictFile<T> {
    /// Reads a file. `what` it is, such as "a sweep file", is named where it cannot be opened.
    pub fn read(path: &Path, what: &str) -> Result<StrictFile<T>, InputError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new(Place::file(path), format!("cannot be read: {error}"))
                .with_help(format!("name {what}"))
        })?;
        StrictFile::parse(path, &text)
    }

    /// Reads the text of a file that is, or would be, at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<StrictFile<T>, InputError> {
        let document = Document::parse(path, text).map_err(InputError)?;
        let reading = reading::read::<T>(&document);
        match reading.value {
            Some(value) if reading.problems.is_empty() => {
                Ok(StrictFile { value, path: path.to_path_buf(), document })
            }
            _ => Err(in_order(reading.problems)),
        }
    }

    /// Returns the file as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds file, line and column to problems that so far only name a key of the file.
    pub fn locate(&self, problems: Vec<Problem>) -> InputError {
        let whole = Pruned { document: &self.document, tree: self.document.root(), removed: &[] };
        in_order(whole.locate(problems))
    }
}
