//! A trace of intervals that was loaded into memory, for the many runs of an experiment.
//!
//! A run gives types and accounts its own numbers, at their first row, so that all is as if it had read the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::TraceForm;
use super::kinds::note_on_rounding;
use super::reading::TraceReading;
use crate::workload::call::{Action, Call, End, Launch};
use crate::workload::directory::Directory;
use plimsoll_base::catalogue::{BareShape, TypeTable};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{AccountId, Time, TypeId};

/// Trace of intervals in memory: types or shapes and accounts alone, no options of launches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadedTrace {
    path: PathBuf,
    reading: TraceReading,
    /// Start of the last row that was read, if there may be more behind it.
    until: Time,
    rows: Vec<LoadedRow>,
    /// Distinct types and shapes, each with whether its size was rounded.
    kinds: Vec<(LoadedKind, bool)>,
    /// Distinct accounts.
    accounts: Vec<String>,
    has_accounts: bool,
    /// Notes on what was read otherwise than it is written, but for sizes.
    notes: Vec<String>,
}

/// Row, with the positions of its type and account among the distinct ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct LoadedRow {
    at: Time,
    /// End; [`Time::NEVER`] where there is none.
    end: Time,
    kind: u32,
    account: u32,
}

/// Type or shape, as a row names it.
#[derive(Clone, PartialEq, Eq, Debug)]
enum LoadedKind {
    Named(String),
    Shape(BareShape),
}

impl LoadedTrace {
    /// Reads the rows of a trace into memory that start up to a time, and the one behind. `None` where it is no trace of intervals, has
    /// options of launches or more than `most_rows`, or cannot be read: then each run reads it for itself.
    pub fn read(
        (path, reading): (&Path, &TraceReading),
        until: Time,
        most_rows: usize,
        types: TypeTable,
    ) -> Option<LoadedTrace> {
        let mut reader = super::TraceReader::open(path, reading).ok()?;
        if reader.form() != TraceForm::Intervals {
            return None;
        }
        let mut trace = LoadedTrace {
            path: path.to_path_buf(),
            reading: reading.clone(),
            until: Time::NEVER,
            rows: Vec::new(),
            kinds: Vec::new(),
            accounts: Vec::new(),
            has_accounts: reader.has_accounts(),
            notes: reader.notes(),
        };
        let mut directory = Directory::without_scenario(types);
        let mut known: BTreeMap<(TypeId, bool), u32> = BTreeMap::new();
        let mut rounded = 0;
        while let Some(call) = reader.next(&mut directory).ok()? {
            let is_rounded = reader.rounded() > rounded;
            rounded = reader.rounded();
            let (kind, end) = plain_launch(&call)?;
            if trace.rows.len() == most_rows {
                return None;
            }
            let kind = *known.entry((kind, is_rounded)).or_insert_with(|| {
                trace.kinds.push((loaded_kind(kind, &directory.types), is_rounded));
                trace.kinds.len() as u32 - 1
            });
            trace.rows.push(LoadedRow { at: call.at, end, kind, account: call.account.0 });
            if call.at > until {
                trace.until = until;
                break;
            }
        }
        trace.accounts = directory.accounts().to_vec();
        Some(trace)
    }

    /// Returns true if this is the trace of a file, read by such settings, with all rows that start up to a time.
    pub fn is_of(&self, path: &Path, reading: &TraceReading, until: Time) -> bool {
        self.path == path && self.reading == *reading && until <= self.until
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

fn loaded_kind(id: TypeId, types: &TypeTable) -> LoadedKind {
    match types.name_of(id) {
        Some(name) => LoadedKind::Named(name.to_string()),
        None => LoadedKind::Shape(types.get(id).bare_shape()),
    }
}

/// Returns type and end of a launch that says nothing else; `None` of any other call.
fn plain_launch(call: &Call) -> Option<(TypeId, Time)> {
    let Action::Launch(launch) = &call.action else { return None };
    let end = match launch.end {
        End::Never => Time::NEVER,
        End::At(end) => end,
        End::Drawn => return None,
    };
    (*launch == Launch::of_trace(launch.kind, launch.end)).then_some((launch.kind, end))
}

/// Reader of a loaded trace.
#[derive(Debug)]
pub struct LoadedReader {
    trace: Arc<LoadedTrace>,
    /// Rows read so far.
    read: usize,
    /// Number of each type in this run, once it was read.
    kinds: Vec<Option<TypeId>>,
    accounts: Vec<Option<AccountId>>,
    /// Rows read whose size was rounded.
    rounded: u64,
    last_event: Time,
}

impl LoadedReader {
    /// Returns a reader that stands at the first row.
    pub fn new(trace: Arc<LoadedTrace>) -> LoadedReader {
        let (kinds, accounts) = (vec![None; trace.kinds.len()], vec![None; trace.accounts.len()]);
        LoadedReader { trace, read: 0, kinds, accounts, rounded: 0, last_event: Time::ZERO }
    }

    /// Returns the next launch, `None` after the last row.
    ///
    /// # Errors
    /// A type that the scenario does not know.
    #[inline]
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        let Some(row) = self.trace.rows.get(self.read).copied() else { return Ok(None) };
        let kind = match self.kinds[row.kind as usize] {
            Some(kind) => kind,
            None => self.number_kind(row.kind as usize, directory)?,
        };
        let account = match self.accounts[row.account as usize] {
            Some(account) => account,
            None => self.number_account(row.account as usize, directory),
        };
        self.read += 1;
        self.rounded += u64::from(self.trace.kinds[row.kind as usize].1);
        let (end, last) =
            if row.end == Time::NEVER { (End::Never, row.at) } else { (End::At(row.end), row.end) };
        self.last_event = self.last_event.max(last);
        Ok(Some(Call { at: row.at, account, action: Action::Launch(Launch::of_trace(kind, end)) }))
    }

    #[cold]
    fn number_kind(&mut self, kind: usize, directory: &mut Directory) -> Result<TypeId, InputError> {
        let id = match &self.trace.kinds[kind].0 {
            LoadedKind::Shape(shape) => directory.types.shape(shape.clone()),
            LoadedKind::Named(name) => match directory.named_type(name, Place::default) {
                Ok(id) => id,
                // The file tells the place of a type that this scenario does not know.
                Err(_) => return Err(self.problem_of_file(directory)),
            },
        };
        self.kinds[kind] = Some(id);
        Ok(id)
    }

    #[cold]
    fn number_account(&mut self, account: usize, directory: &mut Directory) -> AccountId {
        let id = directory.account(&self.trace.accounts[account]);
        self.accounts[account] = Some(id);
        id
    }

    /// Returns the problem that a run finds in the file.
    fn problem_of_file(&self, directory: &mut Directory) -> InputError {
        let mut read = || -> Result<(), InputError> {
            let mut reader = super::TraceReader::open(&self.trace.path, &self.trace.reading)?;
            while reader.next(directory)?.is_some() {}
            Ok(())
        };
        let changed =
            || Problem::new(Place::file(&self.trace.path), "was changed in the course of the experiment");
        read().err().unwrap_or_else(|| changed().into())
    }

    /// Returns whether its rows name their account.
    pub fn has_accounts(&self) -> bool {
        self.trace.has_accounts
    }

    /// Returns what was read otherwise than it is written.
    pub fn notes(&self) -> Vec<String> {
        self.trace.notes.iter().cloned().chain(note_on_rounding(self.rounded)).collect()
    }

    /// Returns the start of the first row, once it was read.
    pub fn first_event(&self) -> Option<Time> {
        self.trace.rows.first().filter(|_| self.read > 0).map(|row| row.at)
    }

    /// Returns the greatest start or end of the rows read so far.
    pub fn last_event(&self) -> Time {
        self.last_event
    }
}
