//! Replacement of a file or folder by its finished draft, after that is on the disk.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Puts a folder in a place. An older one changes places with it in one step, and stands under the draft's name
/// afterwards; where the system knows no such step it makes room under the name `old` for a moment.
pub fn put(draft: &Path, place: &Path, old: &Path) -> io::Result<()> {
    const TRIES: u32 = 10;
    let mut last = None;
    for _ in 0..TRIES {
        // Another process may put or take one meanwhile.
        let tried = match fs::symlink_metadata(place) {
            Err(_) => fs::rename(draft, place),
            Ok(_) => exchange(draft, place, old),
        };
        match tried {
            Err(error) if is_race(&error) => last = Some(error),
            result => return result,
        }
    }
    Err(last.expect("a try that failed"))
}

fn is_race(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotFound};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotFound)
}

fn exchange(draft: &Path, place: &Path, old: &Path) -> io::Result<()> {
    match exchange_in_one_step(draft, place) {
        Err(error) if is_unknown(&error) => exchange_in_two_steps(draft, place, old),
        result => result,
    }
}

/// Returns true if the system or the file system cannot exchange any folders.
fn is_unknown(error: &io::Error) -> bool {
    #[cfg(unix)]
    let of_file_system =
        [libc::EINVAL, libc::ENOSYS, libc::ENOTSUP].map(Some).contains(&error.raw_os_error());
    #[cfg(not(unix))]
    let of_file_system = false;
    error.kind() == io::ErrorKind::Unsupported || of_file_system
}

/// Lets two names change places: `renameat2` with `RENAME_EXCHANGE` (Linux 3.15).
#[cfg(target_os = "linux")]
fn exchange_in_one_step(one: &Path, other: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other);
    let (one, other) = (text(one)?, text(other)?);
    // SAFETY: both are texts that end with a zero and live through the call.
    let answer = unsafe {
        libc::renameat2(libc::AT_FDCWD, one.as_ptr(), libc::AT_FDCWD, other.as_ptr(), libc::RENAME_EXCHANGE)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn exchange_in_one_step(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Exchanges them with a moment in which there is nothing at the place. A process that is killed in it leaves the older
/// folder as `old`, which the next writer brings back.
fn exchange_in_two_steps(draft: &Path, place: &Path, old: &Path) -> io::Result<()> {
    let lock = File::open(place).ok();
    let _held = lock.as_ref().map(File::try_lock);
    fs::rename(place, old)?;
    fs::rename(draft, place).inspect_err(|_| {
        let _ = fs::rename(old, place);
    })?;
    // Where the draft was, as after a step that exchanges; if not there, the next writer clears it.
    let _ = fs::rename(old, draft);
    Ok(())
}

/// Flushes a folder with all in it to the disk.
pub fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_all(&entry.path())?;
        } else if kind.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(folder);
    Ok(())
}

/// Flushes the names in a folder to the disk, where the file system can do that.
pub fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_folder_is_in_its_place_and_the_old_one_in_the_draft_whatever_the_system_can_do() {
        for step in [exchange_in_one_step_or_skip, in_two_steps] {
            let folder = tempfile::tempdir().unwrap();
            let [draft, place, old] = ["draft", "place", "old"].map(|name| folder.path().join(name));
            fs::create_dir(&draft).unwrap();
            fs::write(draft.join("a"), "new").unwrap();
            put(&draft, &place, &old).unwrap();
            assert!(!draft.exists());
            fs::create_dir(&draft).unwrap();
            fs::write(draft.join("a"), "newer").unwrap();
            step(&draft, &place, &old);
            assert_eq!(fs::read_to_string(place.join("a")).unwrap(), "newer");
            assert_eq!(fs::read_to_string(draft.join("a")).unwrap(), "new");
            assert!(!old.exists());
        }
    }

    fn exchange_in_one_step_or_skip(draft: &Path, place: &Path, old: &Path) {
        put(draft, place, old).unwrap();
    }

    fn in_two_steps(draft: &Path, place: &Path, old: &Path) {
        exchange_in_two_steps(draft, place, old).unwrap();
    }
}
