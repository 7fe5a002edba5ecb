//! The result folder, which appears whole or not at all ([`plimsoll_base::disk`]).
//!
//! An older result is replaced only by a finished one; a folder that is no result of plimsoll is never replaced.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{ReportFile, manifest};
use plimsoll_base::disk::WholeFolder;
use plimsoll_base::input::{InputError, Place, Problem};

/// Result folder under construction. Dropped before [`ResultFolder::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct ResultFolder {
    /// The place as it was named.
    named: PathBuf,
    folder: WholeFolder,
}

impl ResultFolder {
    /// Begins a result that is to appear at the place that `named` leads to; makes the folders above it.
    pub fn begin(named: &Path) -> Result<ResultFolder, InputError> {
        let place = WholeFolder::place_of(named);
        check_replaceable(&place)?;
        if place.file_name().is_none() {
            let problem = Problem::new(Place::key("-o"), format!("`{}` is no folder name", place.display()));
            return Err(problem
                .with_help("name a folder that may be made, such as results/runs/first")
                .into());
        }
        let folder = WholeFolder::begin(&place).map_err(|error| unwritable(named, &place, "", &error))?;
        Ok(ResultFolder { named: named.to_path_buf(), folder })
    }

    /// Returns the folder in which the result is written before it is published.
    pub fn draft(&self) -> &Path {
        self.folder.path()
    }

    /// Refuses, before long work begins, a place where no result may appear.
    pub fn check(named: &Path) -> Result<(), InputError> {
        check_replaceable(&WholeFolder::place_of(named))
    }

    /// Opens a file of the result, making the folders it lies in.
    pub fn create(&self, name: &str) -> Result<Box<dyn Write + Send>, InputError> {
        let file = self.folder.create(name).map_err(|error| self.unwritable(name, &error))?;
        Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
    }

    /// Returns a file beside the result that the run needs while it goes on. Its maker removes it.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.draft().join(format!(".{name}"))
    }

    /// Writes a whole file of the result.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), InputError> {
        let mut file = self.create(name)?;
        file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| self.unwritable(name, &error))
    }

    /// Puts the finished result in its place and returns it. An older result stays until the new one is there.
    pub fn publish(self) -> Result<PathBuf, InputError> {
        // The run may have taken hours: check again.
        let ResultFolder { named, folder } = self;
        check_replaceable(folder.place())?;
        let place = folder.place().to_path_buf();
        remove_scratch(folder.path()).map_err(|error| unwritable(&named, &place, "", &error))?;
        folder.publish().map_err(|error| unwritable(&named, &place, "", &error))?;
        Ok(named)
    }

    /// Returns the problem of a file that cannot be written.
    pub fn unwritable(&self, name: &str, error: &io::Error) -> InputError {
        unwritable(&self.named, self.folder.place(), name, error)
    }
}

/// Removes the scratch files that the run could not remove itself.
fn remove_scratch(draft: &Path) -> io::Result<()> {
    for entry in fs::read_dir(draft)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn unwritable(named: &Path, place: &Path, name: &str, error: &io::Error) -> InputError {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room, or name a folder on another disk with `-o`"
        }
        _ => "name a folder that can be written with `-o`",
    };
    let kept = if place.exists() { "; the earlier result is untouched" } else { "" };
    let place = Place::file(&if name.is_empty() { named.to_path_buf() } else { named.join(name) });
    Problem::new(place, format!("cannot be written: {error}")).with_help(format!("{help}{kept}")).into()
}

/// Puts charts and page of a result into its folder, all in one step. Earlier charts are removed.
pub fn redraw(result: &Path, files: &[ReportFile]) -> Result<(), InputError> {
    let place = WholeFolder::place_of(result);
    let goes =
        |name: &Path| name == Path::new("charts") || files.iter().any(|file| name == Path::new(&file.name));
    let write = || {
        let folder = WholeFolder::begin_again(&place, goes)?;
        for file in files {
            folder.create(&file.name)?.write_all(&file.bytes)?;
        }
        folder.publish()
    };
    write().map_err(|error: io::Error| {
        let problem = Problem::new(Place::file(result), format!("cannot be written: {error}"));
        problem.with_help("make room, or make its folder writable; the result is as it was").into()
    })
}

/// Refuses a place that holds anything but an earlier result or an empty folder.
fn check_replaceable(place: &Path) -> Result<(), InputError> {
    let refuse = |found: &str| {
        let problem = Problem::new(Place::file(place), format!("{found}: it will not be replaced"));
        Err(problem.with_help("name another folder with `-o`, or move this one away").into())
    };
    match fs::symlink_metadata(place) {
        Err(_) => return Ok(()),
        Ok(found) if !found.is_dir() => return refuse("found a file, expected a folder"),
        Ok(_) => {}
    }
    let is_empty = fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none());
    if is_empty {
        return Ok(());
    }
    if !manifest::is_ours(&place.join(manifest::FILE)) {
        return refuse("found a folder that is no result of plimsoll (no manifest.json of ours in it)");
    }
    match stranger(place) {
        Some(name) => refuse(&format!("found `{name}` in it, which plimsoll did not write")),
        None => Ok(()),
    }
}

/// Returns the first entry, by name, that is in no result of plimsoll: a file that a person put there.
fn stranger(place: &Path) -> Option<String> {
    let entries = fs::read_dir(place).ok()?.filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !super::makes(name)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Publishes a finished result.
    fn finish(folder: &ResultFolder, content: &str) {
        folder.write("summary.json", content.as_bytes()).unwrap();
        folder.write(manifest::FILE, format!("{{\"schema\":\"{}\"}}", manifest::SCHEMA).as_bytes()).unwrap();
    }

    fn entries(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_result_appears_whole_and_replaces_only_its_like() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("runs/first");
        let folder = ResultFolder::begin(&place).unwrap();
        finish(&folder, "1");
        assert!(!place.exists());
        folder.publish().unwrap();
        assert_eq!(entries(&place), ["manifest.json", "summary.json"]);

        let folder = ResultFolder::begin(&place).unwrap();
        finish(&folder, "2");
        assert_eq!(fs::read_to_string(place.join("summary.json")).unwrap(), "1");
        folder.publish().unwrap();
        assert_eq!(fs::read_to_string(place.join("summary.json")).unwrap(), "2");
        assert_eq!(entries(place.parent().unwrap()), ["first"], "nothing is left behind");
    }

    #[test]
    fn an_unfinished_result_leaves_no_trace() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("first");
        let folder = ResultFolder::begin(&place).unwrap();
        folder.write("latency/launch.hlog", b"x").unwrap();
        drop(folder);
        assert!(entries(root.path()).is_empty());
    }

    #[test]
    fn a_folder_that_is_not_ours_is_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("home");
        fs::create_dir(&place).unwrap();
        ResultFolder::begin(&place).unwrap();
        fs::write(place.join("thesis.tex"), "years of work").unwrap();
        for manifest in [None, Some("{}"), Some("not json"), Some("{\"schema\":\"other/manifest/1\"}")] {
            if let Some(text) = manifest {
                fs::write(place.join("manifest.json"), text).unwrap();
            }
            let message = ResultFolder::begin(&place).unwrap_err().to_string();
            assert!(message.contains("is no result of plimsoll"), "{message}");
            assert!(message.contains("help: name another folder with `-o`"), "{message}");
        }
        let message = ResultFolder::begin(&place.join("thesis.tex")).unwrap_err().to_string();
        assert!(message.contains("found a file, expected a folder"), "{message}");
        let message = ResultFolder::begin(&place.join("thesis.tex/x")).unwrap_err().to_string();
        assert!(message.contains("cannot be written: "), "{message}");
        assert_eq!(fs::read_to_string(place.join("thesis.tex")).unwrap(), "years of work");
    }
}
