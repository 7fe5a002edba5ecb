//! The result folder: written beside its place and renamed at the end, so that it appears whole or not at all.
//!
//! An older result is replaced only by a finished one, and what is no result of ours is never replaced.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{ReportFile, manifest};
use crate::input::{InputError, Place, Problem};

/// A result folder in the making. Dropped before [`ResultFolder::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct ResultFolder {
    /// The place as it was named.
    named: PathBuf,
    /// Where the result is to appear: what `named` leads to.
    place: PathBuf,
    /// Where it is written meanwhile: a sibling, so that the rename stays on one file system.
    draft: PathBuf,
}

impl ResultFolder {
    /// Begins a result that is to appear where `named` leads to; makes the folders above it.
    pub fn begin(named: &Path) -> Result<ResultFolder, InputError> {
        // A link stays, what it points to is replaced.
        let place = fs::canonicalize(named).unwrap_or_else(|_| named.to_path_buf());
        check_replaceable(&place)?;
        let Some(name) = place.file_name() else {
            let problem = Problem::new(Place::key("-o"), format!("`{}` is no folder name", place.display()));
            return Err(problem
                .with_help("name a folder that may be made, such as results/runs/first")
                .into());
        };
        let parent = place.parent().unwrap_or(Path::new(""));
        let draft = parent.join(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
        let folder = ResultFolder { named: named.to_path_buf(), place, draft };
        // One left by a killed process of the same number is nobody's.
        let _ = fs::remove_dir_all(&folder.draft);
        fs::create_dir_all(&folder.draft).map_err(|error| folder.unwritable("", &error))?;
        Ok(folder)
    }

    /// Where the result is written meanwhile.
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// Refuses, before long work begins, a place where no result may appear.
    pub fn check(named: &Path) -> Result<(), InputError> {
        check_replaceable(&fs::canonicalize(named).unwrap_or_else(|_| named.to_path_buf()))
    }

    /// Opens a file of the result, making the folders it lies in.
    pub fn create(&self, name: &str) -> Result<Box<dyn Write + Send>, InputError> {
        let path = self.draft.join(name);
        let open = || {
            fs::create_dir_all(path.parent().unwrap_or(&self.draft))?;
            File::create(&path)
        };
        let file = open().map_err(|error| self.unwritable(name, &error))?;
        Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
    }

    /// A file beside the result that the run needs while it goes on. Whoever makes it takes it away.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.draft.join(format!(".{name}"))
    }

    /// Writes a whole file of the result.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), InputError> {
        let mut file = self.create(name)?;
        file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| self.unwritable(name, &error))
    }

    /// Puts the finished result in its place and tells it. An older result stays until the new one is there.
    pub fn publish(self) -> Result<PathBuf, InputError> {
        // The run may have taken hours: look again.
        check_replaceable(&self.place)?;
        let old = self.draft.with_extension("old");
        let swap = || {
            if self.place.exists() {
                fs::rename(&self.place, &old)?;
            }
            fs::rename(&self.draft, &self.place).inspect_err(|_| {
                let _ = fs::rename(&old, &self.place);
            })
        };
        swap().map_err(|error| self.unwritable("", &error))?;
        // The result is published; an older one that cannot be removed is only clutter.
        let _ = fs::remove_dir_all(&old);
        Ok(self.named.clone())
    }

    /// The problem of a file that cannot be written.
    pub fn unwritable(&self, name: &str, error: &io::Error) -> InputError {
        let help = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "make room, or name a folder on another disk with `-o`"
            }
            _ => "name a folder that can be written with `-o`",
        };
        let kept = if self.place.exists() { "; the earlier result is untouched" } else { "" };
        let place = Place::file(&if name.is_empty() { self.named.clone() } else { self.named.join(name) });
        Problem::new(place, format!("cannot be written: {error}")).with_help(format!("{help}{kept}")).into()
    }
}

impl Drop for ResultFolder {
    fn drop(&mut self) {
        // After publishing there is nothing under this name.
        let _ = fs::remove_dir_all(&self.draft);
    }
}

/// Writes what is drawn of a result into its folder, each file beside its place and renamed. Charts that are there
/// already go.
pub fn redraw(result: &Path, files: &[ReportFile]) -> Result<(), InputError> {
    let unwritable = |error: io::Error| -> InputError {
        Problem::new(Place::file(result), format!("cannot be written: {error}")).into()
    };
    let charts = result.join("charts");
    match fs::remove_dir_all(&charts) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
        _ => fs::create_dir(&charts).map_err(unwritable)?,
    }
    for file in files {
        let place = result.join(&file.name);
        let draft = place.with_extension("partial");
        fs::write(&draft, &file.bytes).and_then(|()| fs::rename(&draft, &place)).map_err(unwritable)?;
    }
    Ok(())
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

/// The first entry, by name, that is in no result of ours: somebody's own, put beside a result.
fn stranger(place: &Path) -> Option<String> {
    let entries = fs::read_dir(place).ok()?.filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !super::makes(name)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A finished result of ours.
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
