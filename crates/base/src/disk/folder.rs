//! A folder that appears whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::follow;

/// A folder in the making. Dropped before [`WholeFolder::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct WholeFolder {
    place: PathBuf,
    draft: Draft,
}

impl WholeFolder {
    /// Returns the target of a name: a link stays, and its target is replaced.
    pub fn place_of(named: &Path) -> PathBuf {
        fs::canonicalize(named).unwrap_or_else(|_| follow(named))
    }

    /// Begins a folder that is to stand at `place`; makes the folders above it.
    pub fn begin(place: &Path) -> io::Result<WholeFolder> {
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(WholeFolder { place: place.to_path_buf(), draft: Draft::folder(place)? })
    }

    /// Begins a folder with the content of the one at `place`, but for files that `leaves_out` excludes.
    pub fn begin_again(place: &Path, leaves_out: impl Fn(&Path) -> bool) -> io::Result<WholeFolder> {
        let folder = WholeFolder::begin(place)?;
        fs::set_permissions(folder.path(), fs::metadata(place)?.permissions())?;
        copy(place, folder.path(), Path::new(""), &leaves_out)?;
        Ok(folder)
    }

    /// Returns the place it is written at.
    pub fn path(&self) -> &Path {
        self.draft.path()
    }

    /// Returns the place it is to stand at.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Opens a file in it, making the folders that lie between.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(self.path()))?;
        File::create(&path)
    }

    /// Puts it in its place, flushed to the disk. An older folder stays until the new one is there.
    pub fn publish(self) -> io::Result<()> {
        self.draft.publish_folder(&self.place)
    }
}

/// Gives every file of a folder a second name in another; where the file system has no second names, a copy.
fn copy(from: &Path, to: &Path, inside: &Path, leaves_out: &impl Fn(&Path) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(from.join(inside))? {
        let entry = entry?;
        let name = inside.join(entry.file_name());
        if leaves_out(&name) {
            continue;
        }
        let (old, new) = (from.join(&name), to.join(&name));
        if entry.file_type()?.is_dir() {
            fs::create_dir(&new)?;
            copy(from, to, &name, leaves_out)?;
        } else if fs::hard_link(&old, &new).is_err() {
            fs::copy(&old, &new)?;
        }
    }
    Ok(())
}
