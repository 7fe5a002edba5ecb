//! Journal of a server: every request with its simulated time, on disk before its answer leaves. A server that was killed goes on
//! from it, and `plimsoll run --replay` makes the same run of it.
//!
//! Lines of JSON: a head, then an entry each. It grows by whole lines; what a kill has left of the last one is cut off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::Time;
use plimsoll_sim::scenario::Scenario;
use serde::{Deserialize, Serialize};

use crate::command::CloudRequest;

/// Name of the file in the folder of a journal.
const FILE: &str = "journal.jsonl";

/// Number of the format.
const FORMAT: u32 = 1;

/// Region of a run whose answers reach no client.
pub const ANY_REGION: &str = "";

/// First line of a journal: the run that it belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct JournalHead {
    format: u32,
    version: String,
    /// Hash of the scenario as resolved, seed included.
    scenario: String,
    /// Region that clients see.
    region: String,
}

impl JournalHead {
    fn of(scenario: &Scenario, region: &str) -> JournalHead {
        let version = env!("CARGO_PKG_VERSION").to_string();
        JournalHead { format: FORMAT, version, scenario: scenario.hash(), region: region.to_string() }
    }
}

/// Entry: a simulated time that was reached, and the request that came then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Simulated time \[ns\].
    at_ns: u64,
    /// Account and request; none where answers were given on the way, or a clock was advanced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<(String, CloudRequest)>,
}

impl JournalEntry {
    /// Returns the entry of a request, or of a time alone.
    pub fn new(at: Time, request: Option<(String, CloudRequest)>) -> JournalEntry {
        JournalEntry { at_ns: at.0, request }
    }

    /// Returns its time.
    pub fn at(&self) -> Time {
        Time(self.at_ns)
    }

    /// Returns its account and request.
    pub fn into_request(self) -> Option<(String, CloudRequest)> {
        self.request
    }
}

/// Journal that is written.
#[derive(Debug)]
pub struct RequestJournal {
    path: PathBuf,
    file: File,
    /// Lines that are not on disk yet.
    pending: Vec<u8>,
}

impl RequestJournal {
    /// Opens the journal in a folder, which is made where there is none. Returns it with its entries so far.
    ///
    /// # Errors
    ///
    /// A journal that cannot be read or written, that another server has, or that is of another run.
    pub fn open(
        folder: &Path,
        scenario: &Scenario,
        region: &str,
    ) -> Result<(RequestJournal, Vec<JournalEntry>), InputError> {
        let path = folder.join(FILE);
        let opened = fs::create_dir_all(folder).and_then(|()| {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)
        });
        let file = opened.map_err(|error| unusable(&path, &error))?;
        file.try_lock().map_err(|_| {
            let problem = Problem::new(Place::file(&path), "another server writes this journal");
            problem.with_help("end that one first, or name another folder")
        })?;
        let head = JournalHead::of(scenario, region);
        let Contents { entries, length } = read(&path, &file, &head)?;
        let mut journal = RequestJournal { path, file, pending: Vec::new() };
        let placed = journal.file.set_len(length).and_then(|()| journal.file.seek(SeekFrom::End(0)));
        placed.map_err(|error| unusable(&journal.path, &error))?;
        if length == 0 {
            journal.note_line(&head);
            journal.sync()?;
        }
        Ok((journal, entries))
    }

    /// Adds an entry, which is on disk after the next [`RequestJournal::sync`].
    pub fn note(&mut self, entry: &JournalEntry) {
        self.note_line(entry);
    }

    fn note_line(&mut self, line: &impl Serialize) {
        serde_json::to_writer(&mut self.pending, line).expect("memory can be written to");
        self.pending.push(b'\n');
    }

    /// Writes what was noted, and waits until it is on disk.
    ///
    /// # Errors
    ///
    /// The disk is full or broken.
    pub fn sync(&mut self) -> Result<(), InputError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.pending).and_then(|()| self.file.sync_data());
        self.pending.clear();
        written.map_err(|error| unusable(&self.path, &error).into())
    }
}

/// Reads the journal in a folder, whatever its region.
///
/// # Errors
///
/// A journal that cannot be read, or that is of another run.
pub fn entries(folder: &Path, scenario: &Scenario) -> Result<Vec<JournalEntry>, InputError> {
    let path = folder.join(FILE);
    let file = File::open(&path).map_err(|error| unusable(&path, &error))?;
    let contents = read(&path, &file, &JournalHead::of(scenario, ANY_REGION))?;
    if contents.length == 0 {
        return Err(Problem::new(Place::file(&path), "found no journal in it").into());
    }
    Ok(contents.entries)
}

/// Entries of a journal, and the length of its whole lines \[bytes\].
struct Contents {
    entries: Vec<JournalEntry>,
    length: u64,
}

fn read(path: &Path, file: &File, head: &JournalHead) -> Result<Contents, InputError> {
    let mut contents = Contents { entries: Vec::new(), length: 0 };
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        // Bytes, not text: a kill may leave a part of a character.
        let read = lines.read_until(b'\n', &mut line).map_err(|error| unusable(path, &error))?;
        if !line.ends_with(b"\n") {
            break; // The end, or what a kill has left.
        }
        let wrong = |error: serde_json::Error| {
            Problem::new(Place::file(path), format!("line {number} is no entry of a journal: {error}"))
        };
        if number == 1 {
            let found: JournalHead = serde_json::from_slice(&line).map_err(wrong)?;
            check(path, &found, head)?;
        } else {
            contents.entries.push(serde_json::from_slice(&line).map_err(wrong)?);
        }
        contents.length += read as u64;
    }
    Ok(contents)
}

/// Refuses the journal of another run.
fn check(path: &Path, found: &JournalHead, expected: &JournalHead) -> Result<(), InputError> {
    let is_region = expected.region == ANY_REGION || found.region == expected.region;
    if is_region && *found == (JournalHead { region: found.region.clone(), ..expected.clone() }) {
        return Ok(());
    }
    let what = if found.scenario != expected.scenario {
        "scenario, settings or seed"
    } else if !is_region {
        "--region"
    } else {
        "version of plimsoll"
    };
    let message = format!("found the journal of a run with another {what}");
    let problem = Problem::new(Place::file(path), message);
    Err(problem.with_help("serve it as it was served then, or name another folder").into())
}

fn unusable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(Place::file(path), format!("cannot be used as a journal: {error}"))
}
