//! A file that appears whole or not at all: written beside its place and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::input::{Place, Problem};

/// A file being written. Dropped before [`WholeFile::finish`], it leaves nothing behind, and an older file in
/// its place stays as it was.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    partial: PathBuf,
    /// `None` once finished.
    file: Option<BufWriter<File>>,
}

impl WholeFile {
    /// Begins a file that is to stand at `path`.
    pub fn create(path: &Path) -> Result<WholeFile, Problem> {
        let Some(name) = path.file_name() else {
            return Err(Problem::new(Place::file(path), "found a folder, expected the name of a file"));
        };
        let mut partial_name = std::ffi::OsString::from(".");
        partial_name.push(name);
        partial_name.push(".partial");
        let partial = path.with_file_name(partial_name);
        let file = File::create(&partial).map_err(|error| cannot_write(path, &error))?;
        Ok(WholeFile { path: path.to_path_buf(), partial, file: Some(BufWriter::new(file)) })
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> Result<(), Problem> {
        let result = self.flush().and_then(|()| {
            self.file = None;
            fs::rename(&self.partial, &self.path)
        });
        result.map_err(|error| cannot_write(&self.path, &error))
    }

    fn open(&mut self) -> &mut BufWriter<File> {
        self.file.as_mut().expect("a file is open until it is finished")
    }
}

/// The problem of a file that could not be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    let problem = Problem::new(Place::file(path), format!("cannot be written: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => problem.with_help("make its folder first"),
        io::ErrorKind::StorageFull => problem.with_help("make room, or write to another disk"),
        _ => problem,
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open().flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // After a rename there is nothing to remove, and nobody to tell of a failure.
        let _ = fs::remove_file(&self.partial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_told_by_name() {
        let mut full = WholeFile::create(&std::env::temp_dir().join("plimsoll-full-disk.csv")).unwrap();
        full.file = Some(BufWriter::new(File::options().write(true).open("/dev/full").unwrap()));
        full.write_all(&[0; 100]).unwrap();
        let problem = full.finish().unwrap_err().to_string();
        assert!(problem.contains("plimsoll-full-disk.csv: cannot be written: No space left"), "{problem}");
        assert!(problem.contains("make room"), "{problem}");
    }
}
