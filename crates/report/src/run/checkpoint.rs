//! Checkpoint file, written by one run and resumed from by another.
//!
//! ```text
//! magic · format · version of plimsoll · head · state of the cloud · observation log · SHA-256 of all before
//! ```
//! Nothing is taken from a file before its seal, the hash at its end, has been checked. Only the version that wrote a file reads
//! it: that is what makes a run that goes on the same run.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::observation_log::{ObservationLog, replay};
use plimsoll_base::disk::WholeFile;
use plimsoll_base::engine::checkpoint::{Reader, RestoreError, SEAL, Writer, is_sealed};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, Time};
use plimsoll_sim::cloud::Resumption;
use plimsoll_sim::cloud::observe::{Detail, Observer, RunState};
use plimsoll_sim::cloud::{Cloud, RunOptions};
use plimsoll_sim::scenario::Scenario;

/// Extension of the name of a checkpoint.
pub const EXTENSION: &str = "checkpoint";

/// First bytes of a checkpoint. No text begins so.
const MAGIC: [u8; 8] = *b"PLIMSOL\x1a";

/// Number of the format. It grows with every change of the state that a part writes.
const FORMAT: u32 = 28;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file that a scenario reads, and the SHA-256 of its content in hexadecimal.
pub type HashedFile = (PathBuf, String);

/// Head of a checkpoint, before the state.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    /// Simulated time; everything up to it has happened.
    at: Time,
    /// Events so far.
    events: u64,
    /// The scenario as [`Scenario::resolved`], as compact JSON.
    scenario: String,
    /// Files that the scenario reads.
    files: Vec<HashedFile>,
}

/// Plan of the checkpoints of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckpointPlan {
    /// At most so many, each in the file of its time, which it replaces.
    AtTimes(usize),
    /// As many as are asked for, each in a new file.
    WhenAsked,
}

/// Writes the checkpoints of a run.
pub struct Checkpoints {
    folder: PathBuf,
    name: String,
    scenario: String,
    files: Vec<HashedFile>,
    log: ObservationLog,
    /// Checkpoints still to be written. After the last one nothing is logged any more.
    plan: CheckpointPlan,
}

impl Checkpoints {
    /// Prepares to write checkpoints into a folder, which is created. `log` is the file of the observation log.
    pub fn begin(
        folder: &Path,
        plan: CheckpointPlan,
        scenario: &Scenario,
        files: &[HashedFile],
        log: PathBuf,
    ) -> Result<Checkpoints, InputError> {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        Ok(Checkpoints {
            folder: folder.to_path_buf(),
            name: scenario.name.clone(),
            scenario: scenario.resolved().to_string(),
            files: files.to_vec(),
            log: ObservationLog::create(log.clone()).map_err(|error| unwritable(&log, &error))?,
            plan,
        })
    }

    /// Returns the log to which observations are to be appended; `None` after the last checkpoint.
    pub fn log(&mut self) -> Option<&mut ObservationLog> {
        (self.plan != CheckpointPlan::AtTimes(0)).then_some(&mut self.log)
    }

    /// Returns the file of the checkpoint at a time.
    pub fn path(folder: &Path, name: &str, at: Time) -> PathBuf {
        Checkpoints::numbered_path(folder, name, at, 1)
    }

    /// Returns the file of so many of the checkpoints at a time.
    fn numbered_path(folder: &Path, name: &str, at: Time, number: u32) -> PathBuf {
        let at = Duration(at.0).to_string().replace(' ', "");
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        folder.join(format!("{name}-{at}{number}.{EXTENSION}"))
    }

    /// Returns the file of the next checkpoint.
    fn next_path(&self, at: Time) -> PathBuf {
        let path = |number| Checkpoints::numbered_path(&self.folder, &self.name, at, number);
        match self.plan {
            CheckpointPlan::AtTimes(_) => path(1),
            CheckpointPlan::WhenAsked => {
                (1..).map(path).find(|path| !path.exists()).expect("numbers do not end")
            }
        }
    }

    /// Writes a checkpoint, and returns its file.
    pub fn write(&mut self, state: &RunState<'_>) -> Result<PathBuf, InputError> {
        let path = self.next_path(state.at);
        let mut file = WholeFile::create(&path)?;
        let mut out = Writer::new(&mut file);
        out.put_bytes(&MAGIC);
        out.put_bytes(&FORMAT.to_le_bytes());
        out.put(VERSION);
        let (scenario, files) = (self.scenario.clone(), self.files.clone());
        out.put(&Head { at: state.at, events: state.events, scenario, files });
        state.save(&mut out);
        self.log.save(&mut out).and_then(|()| out.seal()).map_err(|error| unwritable(&path, &error))?;
        file.finish()?;
        if let CheckpointPlan::AtTimes(left) = &mut self.plan {
            *left = left.saturating_sub(1);
        }
        Ok(path)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> InputError {
    plimsoll_base::disk::cannot_write(path, error).into()
}

/// Run resumed from a checkpoint.
pub struct Resumed {
    /// The cloud as it was.
    pub cloud: Cloud,
    /// Time of the checkpoint.
    pub at: Time,
}

/// Resumes a scenario from a checkpoint, and replays its observations to the observer. `files` are those
/// of the scenario.
pub fn resume(
    path: &Path,
    scenario: &Scenario,
    files: &[HashedFile],
    options: RunOptions,
    observer: &mut dyn Observer,
) -> Result<Resumed, InputError> {
    let mut file = File::open(path).map_err(|error| refuse(path, &format!("cannot be read: {error}")))?;
    let length = check_seal(&mut file, path)?;
    let mut from = Reader::new(&mut file, length);
    let misfit = |misfit: RestoreError| explain(path, misfit);
    let version: String = from.get().map_err(misfit)?;
    if version != VERSION {
        let found = format!("was made by plimsoll {version}, expected one of plimsoll {VERSION}");
        return Err(refuse(path, &found));
    }
    let head: Head = from.get().map_err(misfit)?;
    let was = serde_json::from_str(&head.scenario).map_err(|_| explain(path, RestoreError::Corrupt))?;
    scenario.check_branch(&was, head.at)?;
    check_files(path, &head.files, files)?;
    if was["seed"].as_u64() != Some(scenario.seed) {
        from.go_on_under(scenario.seed);
    }
    let resumption = Resumption {
        is_same_strategy: was["placement"]["strategy"] == scenario.resolved()["placement"]["strategy"],
        wants_rows: observer.detail() == Detail::Rows,
    };
    let cloud = Cloud::resume(scenario, options, resumption, &mut from).map_err(misfit)?;
    replay(&mut from, cloud.directory(), observer).map_err(misfit)?;
    if from.left() > 0 {
        return Err(explain(path, RestoreError::Corrupt));
    }
    Ok(Resumed { cloud, at: head.at })
}

/// Checks everything that does not need the meaning of the bytes. Leaves the file positioned after the
/// number of the format; returns the number of bytes before the seal.
fn check_seal(file: &mut File, path: &Path) -> Result<u64, InputError> {
    let unreadable = |error: io::Error| refuse(path, &format!("cannot be read: {error}"));
    let (mut magic, mut format) = ([0; MAGIC.len()], [0; 4]);
    let is_ours = file.read_exact(&mut magic).is_ok() && magic == MAGIC;
    if !is_ours {
        return Err(refuse(path, "is no checkpoint of plimsoll"));
    }
    let cut = |_| refuse(path, "is cut off: found its beginning only");
    file.read_exact(&mut format).map_err(cut)?;
    let format = u32::from_le_bytes(format);
    if format != FORMAT {
        return Err(refuse(path, &format!("has format {format}, expected format {FORMAT}")));
    }
    let whole = file.metadata().map_err(unreadable)?.len();
    file.rewind().map_err(unreadable)?;
    let sealed =
        whole.checked_sub(SEAL as u64).ok_or(()).map_err(|()| cut(io::ErrorKind::UnexpectedEof.into()))?;
    if !is_sealed(&mut *file, sealed).map_err(unreadable)? {
        return Err(refuse(path, "is damaged or cut off: its content is not what its checksum is of"));
    }
    let begin = (MAGIC.len() + size_of::<u32>()) as u64;
    file.seek(io::SeekFrom::Start(begin)).map_err(unreadable)?;
    Ok(sealed - begin)
}

/// Checks that the files that the run read exist with the same content, at the same place or another.
fn check_files(path: &Path, were: &[HashedFile], are: &[HashedFile]) -> Result<(), InputError> {
    let mut rest = are.iter();
    for (file, hash) in were {
        if !rest.any(|(_, other)| other == hash) {
            let found = format!("was made with another `{}` than the scenario reads now", file.display());
            let problem = Problem::new(Place::file(path), found);
            return Err(problem
                .with_help("give the scenario the file as it was, or make the checkpoint again")
                .into());
        }
    }
    Ok(())
}

fn refuse(path: &Path, found: &str) -> InputError {
    let problem = Problem::new(Place::file(path), found);
    problem.with_help("make it again: `plimsoll run SCENARIO --checkpoint-at TIME`").into()
}

fn explain(path: &Path, misfit: RestoreError) -> InputError {
    match misfit {
        RestoreError::Input(error) => error,
        RestoreError::Corrupt => refuse(
            path,
            "is undamaged and not understood: another build of plimsoll made it, or it was changed",
        ),
        other => refuse(path, &format!("does not fit the scenario: {other}")),
    }
}
