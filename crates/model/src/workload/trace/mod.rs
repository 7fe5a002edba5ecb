//! Traces: recorded demand in one of two canonical forms, distinguished by the header.
//!
//! Intervals have one row per instance, operations one per call; both come as CSV, gzipped CSV or Parquet
//! and are streamed. Rows must be in time order; whatever cannot be read is an error with its place.

mod by_text;
pub mod cells;
pub mod columns;
pub mod describe;
pub mod import;
pub mod intervals;
mod kinds;
pub mod loaded;
pub mod open_ends;
pub mod operations;
pub mod options;
mod parquet_out;
pub mod reading;
pub mod replay;
pub mod resample;
mod row;
pub mod write;

use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

use super::call::Call;
use super::directory::Directory;
use intervals::IntervalReader;
use loaded::{LoadedReader, LoadedTrace};
use operations::OperationReader;
use plimsoll_base::engine::checkpoint::{self, Persist, RestoreError, Writer};
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::table::Table;
use plimsoll_base::units::Time;
use reading::TraceReading;

/// The canonical forms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TraceForm {
    /// A row per instance, with its start and end.
    Intervals,
    /// A row per call.
    Operations,
}

/// Reason why a trace in memory has no place in a checkpoint.
const OF_EXPERIMENT: &str =
    "only runs of experiments take their trace from memory, and they write no checkpoints";

/// An open trace.
#[derive(Debug)]
pub struct TraceReader(Reader);

#[derive(Debug)]
enum Reader {
    Intervals(IntervalReader),
    /// Intervals from memory.
    Loaded(LoadedReader),
    Operations(OperationReader),
}

impl Persist for TraceReader {
    fn save(&self, out: &mut Writer<'_>) {
        match &self.0 {
            Reader::Intervals(reader) => reader.save(out),
            Reader::Loaded(_) => panic!("{OF_EXPERIMENT}"),
            Reader::Operations(reader) => reader.save(out),
        }
    }

    fn restore(&mut self, from: &mut checkpoint::Reader<'_>) -> Result<(), RestoreError> {
        match &mut self.0 {
            Reader::Intervals(reader) => reader.restore(from),
            Reader::Loaded(_) => panic!("{OF_EXPERIMENT}"),
            Reader::Operations(reader) => reader.restore(from),
        }
    }
}

impl TraceReader {
    /// Opens a trace and checks its header. `reading` says how its columns are named and what its times count from.
    pub fn open(path: &Path, reading: &TraceReading) -> Result<TraceReader, InputError> {
        let mut table = Table::open(path)?;
        reading.name_columns(&mut table)?;
        let reader = match form_of(&table)? {
            TraceForm::Intervals => Reader::Intervals(IntervalReader::new(table, reading)?),
            TraceForm::Operations => Reader::Operations(OperationReader::new(table, reading)?),
        };
        Ok(TraceReader(reader))
    }

    /// Returns a reader of a trace in memory.
    pub fn loaded(trace: Arc<LoadedTrace>) -> TraceReader {
        TraceReader(Reader::Loaded(LoadedReader::new(trace)))
    }

    /// Returns its form.
    pub fn form(&self) -> TraceForm {
        match &self.0 {
            Reader::Intervals(_) | Reader::Loaded(_) => TraceForm::Intervals,
            Reader::Operations(_) => TraceForm::Operations,
        }
    }

    /// Returns whether its rows name their account.
    pub fn has_accounts(&self) -> bool {
        match &self.0 {
            Reader::Intervals(reader) => reader.has_accounts(),
            Reader::Loaded(reader) => reader.has_accounts(),
            Reader::Operations(reader) => reader.has_accounts(),
        }
    }

    /// Returns the next call in time order; `None` after the last one. Its instances are not numbered yet. After an
    /// error the reader is of no more use.
    #[inline]
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        match &mut self.0 {
            Reader::Intervals(reader) => reader.next(directory),
            Reader::Loaded(reader) => reader.next(directory),
            Reader::Operations(reader) => reader.next(directory),
        }
    }

    /// Returns the number of rows of intervals read so far whose size was rounded.
    fn rounded(&self) -> u64 {
        match &self.0 {
            Reader::Intervals(reader) => reader.rounded(),
            Reader::Loaded(_) | Reader::Operations(_) => 0,
        }
    }

    /// Returns what was read otherwise than it is written, a sentence each: names of columns, sizes rounded so far.
    pub fn notes(&self) -> Vec<String> {
        match &self.0 {
            Reader::Intervals(reader) => reader.notes(),
            Reader::Loaded(reader) => reader.notes(),
            Reader::Operations(reader) => reader.notes(),
        }
    }

    /// Returns the time of the first row, once it was read.
    pub fn first_event(&self) -> Option<Time> {
        match &self.0 {
            Reader::Intervals(reader) => reader.first_event(),
            Reader::Loaded(reader) => reader.first_event(),
            Reader::Operations(reader) => reader.first_event(),
        }
    }

    /// Returns the greatest time in the rows read so far, starts and ends.
    pub fn last_event(&self) -> Time {
        match &self.0 {
            Reader::Intervals(reader) => reader.last_event(),
            Reader::Loaded(reader) => reader.last_event(),
            Reader::Operations(reader) => reader.last_event(),
        }
    }
}

fn form_of(table: &Table) -> Result<TraceForm, Problem> {
    let has = |name| table.column(name).is_some();
    match (has("start_s") || has("end_s"), has("time_s") || has("op")) {
        (true, false) => Ok(TraceForm::Intervals),
        (false, true) => Ok(TraceForm::Operations),
        (true, true) => Err(Problem::new(
            table.header_place(),
            "found columns of both forms, expected either `start_s,end_s` (intervals) or `time_s,op,instance` \
             (operations)",
        )),
        (false, false) => {
            let found = format!("found the columns `{}`", table.header().join(","));
            let expected = "expected `start_s,end_s` (intervals) or `time_s,op,instance` (operations)";
            let problem = Problem::new(table.header_place(), format!("{found}, {expected}"));
            let foreign = import::FORMATS.iter().find(|format| format.reads(table.header()));
            Err(match foreign {
                Some(format) => problem.with_help(format!(
                    "this is the format {0}: `plimsoll trace import --format {0}` makes it canonical",
                    format.name
                )),
                None => problem.with_help(
                    "columns of other names are stated by `--columns start=NAME,end=NAME,…`, in a scenario by \
                     `workload.trace_columns`; published traces are imported by `plimsoll trace import`",
                ),
            })
        }
    }
}

#[cfg(test)]
mod tests;
