//! Kind of a file by its content, so that a trace given for a scenario is reported as a trace.

use std::fs;
use std::path::Path;

use crate::input::{InputError, Place, Problem};
use crate::table::Table;
use crate::workload::trace::reading::TraceReading;

/// Greatest size of a TOML file that is looked into \[bytes\].
const LONGEST_TOML: u64 = 16 << 20;

/// Kinds of files that people write, or get from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A scenario (TOML).
    Scenario,
    /// A scenario over ranges of settings (TOML).
    Sweep,
    /// Figures that later runs are held to (TOML).
    Baseline,
    /// Demand, in canonical form (CSV or Parquet).
    Trace,
    /// Hosts, a row each (CSV or Parquet).
    Hosts,
}

impl FileKind {
    /// Returns the name with its article.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Scenario => "a scenario",
            FileKind::Sweep => "a sweep",
            FileKind::Baseline => "a baseline",
            FileKind::Trace => "a trace",
            FileKind::Hosts => "a host file",
        }
    }

    /// Returns the kind of a file; `None` for another kind, and for a file that cannot be read or is not regular (a pipe is
    /// read once).
    pub fn of(path: &Path) -> Option<FileKind> {
        if !fs::metadata(path).ok()?.is_file() {
            return None;
        }
        // A table shows its kind in its header: the rest of it, which may be long, is not read.
        let table = Table::open(path).ok();
        let columns = table.and_then(|table| FileKind::of_columns(|name| table.column_like(name).is_some()));
        columns.or_else(|| FileKind::of_toml(path))
    }

    fn of_toml(path: &Path) -> Option<FileKind> {
        if fs::metadata(path).ok()?.len() > LONGEST_TOML {
            return None;
        }
        let table: toml::Table = fs::read_to_string(path).ok()?.parse().ok()?;
        FileKind::of_keys(|key| table.contains_key(key))
    }

    fn of_keys(has: impl Fn(&str) -> bool) -> Option<FileKind> {
        match () {
            () if has("zones") || has("workload") => Some(FileKind::Scenario),
            () if has("axes") => Some(FileKind::Sweep),
            () if has("metrics") && has("scenario") => Some(FileKind::Baseline),
            () => None,
        }
    }

    fn of_columns(has: impl Fn(&str) -> bool) -> Option<FileKind> {
        match () {
            () if has("start_s") || has("time_s") => Some(FileKind::Trace),
            () if has("vcpu") && has("memory_gib") => Some(FileKind::Hosts),
            () => None,
        }
    }

    /// Returns the command that takes a file of this kind, or the key that names it.
    fn way_out(self, path: &Path) -> String {
        let path = path.display();
        match self {
            FileKind::Scenario => format!("`plimsoll run {path}` runs it"),
            FileKind::Sweep => format!("`plimsoll sweep {path}` runs it"),
            FileKind::Baseline => format!("`plimsoll check RESULT --baseline {path}` holds a result to it"),
            FileKind::Trace => format!(
                "`plimsoll run {path} --hosts HOSTS.csv` replays it on the hosts of a file; a scenario names it as \
                 workload.trace, and `plimsoll new --template trace` writes one"
            ),
            FileKind::Hosts => "a scenario names it as `file` of [[zones.hosts]]".to_string(),
        }
    }
}

/// Refuses a file that is plainly no trace. What is stated about the columns of its time goes before what its header looks like.
///
/// # Errors
/// Names the kind that was found, and the command for it.
pub fn expect_trace(path: &Path, reading: &TraceReading) -> Result<(), InputError> {
    let states_time =
        ["start", "start_s", "time", "time_s"].iter().any(|column| reading.columns.0.contains_key(*column));
    match states_time && FileKind::of(path) == Some(FileKind::Hosts) {
        true => Ok(()),
        false => expect(path, FileKind::Trace),
    }
}

/// Refuses a file that is plainly of another kind than the command takes. A file of no kind, or one that cannot be read, is
/// left to the reader, whose error says more.
///
/// # Errors
/// Names the kind that was found, and the command for it.
pub fn expect(path: &Path, wanted: FileKind) -> Result<(), InputError> {
    match FileKind::of(path) {
        Some(found) if found != wanted => {
            let message = format!("found {}, expected {}", found.name(), wanted.name());
            Err(Problem::new(Place::file(path), message).with_help(found.way_out(path)).into())
        }
        _ => Ok(()),
    }
}
