//! Observation log: the observations of a run so far, kept for its checkpoints. A run that resumes from a checkpoint replays
//! the log, so that its reports are whole.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use plimsoll_base::engine::checkpoint::{Reader, RestoreError, Writer};
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::{Observation, Observer};

/// Observations of a run in order, in a file that is removed with the log.
pub struct ObservationLog {
    path: PathBuf,
    file: BufWriter<File>,
    /// Number of observations.
    count: u64,
    /// First error, after which the log is not whole: later observations are dropped.
    failed: Option<io::Error>,
}

impl ObservationLog {
    /// Creates an empty log in a file of its own.
    pub fn create(path: PathBuf) -> io::Result<ObservationLog> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        Ok(ObservationLog { path, file: BufWriter::new(file), count: 0, failed: None })
    }

    /// Appends an observation. [`ObservationLog::save`] returns the first error of writing.
    pub fn append(&mut self, observation: &Observation) {
        if self.failed.is_some() {
            return;
        }
        self.count += 1;
        let bytes = postcard::to_stdvec(observation).expect("every observation can be serialized");
        self.failed = self.file.write_all(&bytes).err();
    }

    /// Copies the log into a checkpoint. After an error every later call returns it too.
    pub fn save(&mut self, out: &mut Writer<'_>) -> io::Result<()> {
        if self.failed.is_none() {
            self.failed = self.copy(out).err();
        }
        match &self.failed {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }

    fn copy(&mut self, out: &mut Writer<'_>) -> io::Result<()> {
        self.file.flush()?;
        out.put_length(usize::try_from(self.count).map_err(io::Error::other)?);
        let file = self.file.get_mut();
        file.rewind()?;
        let (mut reader, mut chunk) = (BufReader::new(&*file), vec![0; 1 << 16]);
        loop {
            match reader.read(&mut chunk)? {
                0 => break,
                length => out.put_bytes(&chunk[..length]),
            }
        }
        file.seek(io::SeekFrom::End(0)).map(drop)
    }
}

impl Drop for ObservationLog {
    fn drop(&mut self) {
        // The log is scratch: where it cannot be removed, nothing depends on it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Replays the log of a checkpoint to an observer.
///
/// # Errors
///
/// An observation cannot be read, or names something that the directory does not have.
pub fn replay(
    from: &mut Reader<'_>,
    directory: &Directory,
    observer: &mut dyn Observer,
) -> Result<(), RestoreError> {
    for _ in 0..from.get_length()? {
        let observation: Observation = from.get()?;
        if !observation.is_within(directory) {
            return Err(RestoreError::Corrupt);
        }
        observer.observe(&observation, directory);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::units::{NS_PER_S, Time};
    use plimsoll_sim::cloud::observe::Minute;

    fn minute(number: u64) -> Observation {
        Observation::MinuteEnded(Minute { began: Time(number * 60 * NS_PER_S), calls: 1, failed: 0 })
    }

    fn save(log: &mut ObservationLog) -> io::Result<()> {
        let mut bytes = Vec::new();
        log.save(&mut Writer::new(&mut bytes))
    }

    #[test]
    fn a_log_that_has_lost_something_is_never_saved_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = ObservationLog::create(path.clone()).unwrap();
        log.append(&minute(1));
        save(&mut log).unwrap();
        log.append(&minute(2));
        let whole = std::mem::replace(&mut log.file, BufWriter::new(File::open(&path).unwrap()));
        log.append(&minute(3));
        assert!(save(&mut log).is_err(), "a file that is open for reading takes nothing");
        log.file = whole;
        log.append(&minute(4));
        assert!(save(&mut log).is_err(), "what came before is not in it");
    }
}
