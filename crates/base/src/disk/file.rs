//! A file that appears whole or not at all: written beside its place and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::follow;
use crate::input::{Place, Problem};

/// A file being written. Dropped before [`WholeFile::finish`], it leaves nothing behind, and an older file in
/// its place stays as it was. Pipes and devices are written to as they are.
#[derive(Debug)]
pub struct WholeFile {
    /// The file as it was named.
    named: PathBuf,
    /// Place where it is to stand: the end of the link `named`, for a link stays.
    place: PathBuf,
    file: BufWriter<File>,
    /// `None` for a pipe or a device, and once finished.
    draft: Option<Draft>,
}

impl WholeFile {
    /// Begins a file that is to stand at `path`.
    pub fn create(path: &Path) -> Result<WholeFile, Problem> {
        WholeFile::create_as(path, Draft::file)
    }

    /// Begins a file in a folder of many files: it does not search for drafts of killed processes ([`super::clear`]
    /// does that once for the folder).
    pub fn create_among_many(path: &Path) -> Result<WholeFile, Problem> {
        WholeFile::create_as(path, Draft::file_among_many)
    }

    fn create_as(path: &Path, begin: fn(&Path) -> io::Result<(Draft, File)>) -> Result<WholeFile, Problem> {
        let is_folder = || Problem::new(Place::file(path), "found a folder, expected the name of a file");
        let there = fs::metadata(path);
        if path.file_name().is_none() || there.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(is_folder());
        }
        let named = path.to_path_buf();
        if there.is_ok_and(|there| !there.is_file()) {
            let file = File::options().write(true).open(path).map_err(|error| cannot_write(path, &error))?;
            return Ok(WholeFile { place: named.clone(), named, file: BufWriter::new(file), draft: None });
        }
        let place = follow(path);
        let (draft, file) = begin(&place).map_err(|error| cannot_write(path, &error))?;
        Ok(WholeFile { named, place, file: BufWriter::new(file), draft: Some(draft) })
    }

    /// Puts the file in its place, flushed to the disk.
    pub fn finish(mut self) -> Result<(), Problem> {
        let mut put = || -> io::Result<()> {
            self.file.flush()?;
            let Some(draft) = self.draft.take() else { return Ok(()) };
            self.file.get_ref().sync_all()?;
            draft.publish_file(&self.place)
        };
        put().map_err(|error| cannot_write(&self.named, &error))
    }
}

/// Returns the problem of a file that could not be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    let problem = Problem::new(Place::file(path), format!("cannot be written: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => problem.with_help("make its folder first"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            problem.with_help("make room, or write to another disk")
        }
        _ => problem,
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
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

    #[cfg(unix)]
    #[test]
    fn links_stay_and_devices_are_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let [link, target] = ["link.csv", "target.csv"].map(|name| folder.path().join(name));
        std::os::unix::fs::symlink("target.csv", &link).unwrap();
        for content in ["first", "second"] {
            let mut file = WholeFile::create(&link).unwrap();
            file.write_all(content.as_bytes()).unwrap();
            file.finish().unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&target).unwrap(), content);
        }
        WholeFile::create(Path::new("/dev/null")).unwrap().finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let problem = WholeFile::create(folder.path()).unwrap_err().to_string();
        assert!(problem.contains("found a folder, expected the name of a file"), "{problem}");
    }

    #[test]
    fn writers_of_one_file_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut files = [WholeFile::create(&path).unwrap(), WholeFile::create(&path).unwrap()];
        for (file, content) in files.iter_mut().zip(["first", "2"]) {
            file.write_all(content.as_bytes()).unwrap();
        }
        for (file, content) in files.into_iter().zip(["first", "2"]) {
            file.finish().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_told_by_name() {
        let mut full = WholeFile::create(&std::env::temp_dir().join("plimsoll-full-disk.csv")).unwrap();
        full.file = BufWriter::new(File::options().write(true).open("/dev/full").unwrap());
        full.write_all(&[0; 100]).unwrap();
        let problem = full.finish().unwrap_err().to_string();
        assert!(problem.contains("plimsoll-full-disk.csv: cannot be written: No space left"), "{problem}");
        assert!(problem.contains("make room"), "{problem}");
    }
}
