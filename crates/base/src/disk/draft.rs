//! Drafts: names of their own, held by a lock while their process lives, and cleared when it does not.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{exchange, folder_of};

/// The end of the name of what is being written.
const PARTIAL: &str = "partial";

/// The end of the name of an older folder that makes room, where two cannot change places in one step.
const OLD: &str = "old";

/// The most drafts of one name that a process has at once.
const MOST_DRAFTS: u32 = 10_000;

/// All drafts of this process, locked while one is put in its place.
static DRAFTS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Names of what was cleared, until they are reported.
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn drafts() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    DRAFTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns and clears the notes on drafts of killed processes that were cleared since the last call, a sentence each.
pub fn take_notes() -> Vec<String> {
    std::mem::take(&mut NOTES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Removes everything that is being written, for the process is about to end. From now on nothing is begun and
/// nothing is put in its place: threads that try block until the end.
pub fn abandon() {
    let mut all = drafts();
    std::mem::take(&mut *all).iter().for_each(|path| remove(path));
    std::mem::forget(all);
}

/// The name of a file or folder while it is written. Its content is removed on drop.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    /// Keeps others from taking it for one that a killed process has left.
    _lock: Option<File>,
}

impl Draft {
    /// Makes a file of a name of its own beside `place`, and clears what killed processes have left of this name.
    pub fn file(place: &Path) -> io::Result<(Draft, File)> {
        clear_named(place);
        Draft::file_among_many(place)
    }

    /// Makes a file like [`Draft::file`] without a search for drafts of killed processes, in a folder of many files.
    pub fn file_among_many(place: &Path) -> io::Result<(Draft, File)> {
        let mut made = None;
        let draft = Draft::make(place, |path| {
            let file = File::options().write(true).create_new(true).open(path)?;
            let lock = file.try_clone()?;
            made = Some(file);
            Ok(lock)
        })?;
        Ok((draft, made.expect("a draft is made or there is an error")))
    }

    /// Makes a folder of a name of its own beside `place`, and clears what killed processes have left of this name.
    pub fn folder(place: &Path) -> io::Result<Draft> {
        clear_named(place);
        Draft::make(place, |path| {
            fs::create_dir(path)?;
            open_to_lock(path)
        })
    }

    fn make(place: &Path, mut make: impl FnMut(&Path) -> io::Result<File>) -> io::Result<Draft> {
        for number in 0..MOST_DRAFTS {
            let path = beside(place, number, PARTIAL);
            let mut all = drafts();
            match make(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
                Ok(lock) => {
                    // On a file system without locks no draft is cleared.
                    let is_locked = lock.try_lock().is_ok();
                    if is_at(&lock, &path) {
                        all.insert(path.clone());
                        return Ok(Draft { path, _lock: is_locked.then_some(lock) });
                    }
                }
            }
        }
        Err(io::Error::other(format!("{MOST_DRAFTS} drafts are there already")))
    }

    /// Returns the place it is written at.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a file in its place, instead of one that is there.
    pub fn publish_file(self, place: &Path) -> io::Result<()> {
        let mut all = drafts();
        fs::rename(&self.path, place)?;
        all.remove(&self.path);
        drop(all);
        exchange::sync_folder(folder_of(place));
        Ok(())
    }

    /// Puts a folder in its place. What was there goes when the new one is there.
    pub fn publish_folder(self, place: &Path) -> io::Result<()> {
        exchange::sync_all(&self.path)?;
        let mut all = drafts();
        exchange::put(&self.path, place, &beside(place, 0, OLD))?;
        exchange::sync_folder(folder_of(place));
        // Under the name of the draft there is the older one now.
        remove(&self.path);
        all.remove(&self.path);
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What has been put in its place is no draft any more.
        let mut all = drafts();
        if all.remove(&self.path) {
            remove(&self.path);
        }
    }
}

/// Opens a folder or a file so that it can be locked.
fn open_to_lock(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Returns true while a path leads to an open file: another process may have taken it for one left by a killed one,
/// before it was locked.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let there = fs::symlink_metadata(path).map(of);
    there.is_ok_and(|there| file.metadata().map(of).is_ok_and(|ours| ours == there))
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Returns a name beside a place: `.NAME.PROCESS.END`, with a number where a process has more than one.
fn beside(place: &Path, number: u32, end: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(match number {
        0 => format!(".{}.{end}", std::process::id()),
        number => format!(".{}-{number}.{end}", std::process::id()),
    });
    place.with_file_name(name)
}

/// Returns the name that a draft is for, and its end; `None` if a file is no draft.
fn parse(file: &str) -> Option<(&str, &str)> {
    let (rest, end) = file.strip_prefix('.')?.rsplit_once('.')?;
    let (name, process) = rest.rsplit_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_process = match process.split_once('-') {
        Some((process, number)) => is_number(process) && is_number(number),
        None => is_number(process),
    };
    ([PARTIAL, OLD].contains(&end) && is_process && !name.is_empty()).then_some((name, end))
}

/// Clears what killed processes have left of one name.
fn clear_named(place: &Path) {
    let Some(name) = place.file_name() else { return };
    let name = name.to_string_lossy();
    clear_where(folder_of(place), |of| of == name);
}

/// Clears what killed processes have left of every name in a folder that is ours.
pub fn clear(folder: &Path) {
    clear_where(folder, |_| true);
}

fn clear_where(folder: &Path, is_meant: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let file = entry.file_name();
        let Some(file) = file.to_str() else { continue };
        if let Some((name, end)) = parse(file)
            && is_meant(name)
        {
            clear_one(&entry.path(), &folder.join(name), end);
        }
    }
}

/// Clears a draft unless its process lives: then it is locked.
fn clear_one(path: &Path, place: &Path, end: &str) {
    let kind = fs::symlink_metadata(path).map(|metadata| metadata.file_type());
    if !kind.is_ok_and(|kind| kind.is_file() || kind.is_dir()) || drafts().contains(path) {
        return;
    }
    let Ok(lock) = open_to_lock(path) else { return };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return,
    }
    let is_wanted = end == OLD && fs::symlink_metadata(place).is_err();
    let done = match is_wanted {
        true => fs::rename(path, place).map(|()| "brought back from"),
        false => remove_all(path).map(|()| "cleared"),
    };
    if let Ok(done) = done {
        let note = match is_wanted {
            true => format!("{}: {done} {}, where a killed process left it", place.display(), path.display()),
            false => format!("{}: {done}, a killed process left it", path.display()),
        };
        NOTES.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }
}

/// Removes a file or folder; a failure does no harm.
fn remove(path: &Path) {
    let _ = remove_all(path);
}

fn remove_all(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_drafts_are_taken_for_drafts() {
        assert_eq!(parse(".out.17.partial"), Some(("out", "partial")));
        assert_eq!(parse(".a.csv.gz.17-3.old"), Some(("a.csv.gz", "old")));
        for other in [
            "out.17.partial",
            ".out.partial",
            ".out.x.partial",
            ".out.17.part",
            "..17.partial",
            ".out.17-.old",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_cleared_and_what_lives_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at(".out.999.partial")).unwrap();
        fs::write(at(".out.999.partial/a"), "half").unwrap();
        fs::create_dir(at(".out.998.old")).unwrap();
        fs::write(at(".out.998.old/a"), "whole").unwrap();
        fs::write(at(".other.999.partial"), "another's").unwrap();
        fs::write(at(".out.bak.partial"), "no draft").unwrap();
        let lives = Draft::folder(&at("out")).unwrap();
        let second = Draft::folder(&at("out")).unwrap();
        assert!(lives.path() != second.path() && lives.path().exists() && second.path().exists());
        assert_eq!(fs::read_to_string(at("out/a")).unwrap(), "whole", "the older folder is back");
        assert!(!at(".out.999.partial").exists());
        assert!(at(".other.999.partial").exists() && at(".out.bak.partial").exists());
        let ours = folder.path().display().to_string();
        let notes: Vec<String> = take_notes().into_iter().filter(|note| note.contains(&ours)).collect();
        assert_eq!(notes.len(), 2, "{notes:?}");
        fs::write(second.path().join("a"), "new").unwrap();
        second.publish_folder(&at("out")).unwrap();
        assert_eq!(fs::read_to_string(at("out/a")).unwrap(), "new");
        drop(lives);
        clear(folder.path());
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".out.bak.partial", "out"]);
    }
}
