//! Events of tasks as Google publishes them of Borg: attempts of tasks by what happens to them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{ForeignInstance, ImportTally, Record};
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::units::{Resources, Time};

/// The greatest machine, of which sizes are shares \[milli-vCPU, MiB\]: its size is not published.
const MACHINE_SIZE: [u64; 2] = [16_000, 64 * 1024];

/// Positions of the cells of an event.
#[derive(Clone, Copy)]
pub struct EventCells {
    /// Time \[µs\].
    pub time: usize,
    /// Number of the job.
    pub job: usize,
    /// Number of the task in it.
    pub task: usize,
    /// Type of the event.
    pub event: usize,
    /// Account, where it is published.
    pub account: Option<usize>,
    /// Share of the CPUs of the greatest machine.
    pub cpu: usize,
    /// Share of its memory.
    pub memory: usize,
    /// Facts that a row of intervals has no column for.
    pub lost: &'static [(usize, &'static str)],
}

/// Types of events, by their number.
#[derive(Clone, Copy)]
pub struct EventTypes {
    /// A task begins on a machine.
    pub schedule: &'static str,
    /// Departures from the machine.
    pub ends: &'static [&'static str],
    /// Submissions, and the steps after them.
    pub submissions: &'static [&'static str],
    /// Its requests change.
    pub updates: &'static [&'static str],
}

/// Returns the tables of a folder whose names begin with a prefix, in the order of their names.
pub fn tables(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let files = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let endings = [".csv", ".csv.gz", ".csv.zst", ".parquet"];
        name.starts_with(prefix) && endings.iter().any(|ending| name.ends_with(ending))
    };
    let mut tables: Vec<PathBuf> = files.filter(is_meant).collect();
    tables.sort();
    tables
}

/// Attempts of tasks, by their events so far.
pub struct Attempts {
    cells: EventCells,
    types: EventTypes,
    tally: ImportTally,
    /// Attempts that run, by job and task: their place among all.
    running: HashMap<(u64, u64), usize>,
    attempts: Vec<ForeignInstance>,
}

impl Attempts {
    /// Returns no attempts of events of a form.
    pub fn new(cells: EventCells, types: EventTypes) -> Attempts {
        let (tally, running, attempts) = (ImportTally::default(), HashMap::new(), Vec::new());
        Attempts { cells, types, tally, running, attempts }
    }

    /// Passes a row that is no event of its own.
    pub fn pass(&mut self, reason: &'static str) {
        self.tally.rows_read += 1;
        self.leave_out(reason);
    }

    /// Counts a row that is left out.
    fn leave_out(&mut self, reason: &'static str) {
        *self.tally.left_out.entry(reason).or_insert(0) += 1;
    }

    /// Takes an event.
    pub fn take(&mut self, row: &Record) -> Result<(), Problem> {
        self.tally.rows_read += 1;
        let (cells, types) = (self.cells, self.types);
        let task = (row.number(cells.job)?, row.number(cells.task)?);
        let event = row.text(cells.event)?;
        if event == types.schedule {
            self.schedule(row, task)?;
        } else if types.ends.contains(&event) {
            match self.running.remove(&task) {
                Some(place) => {
                    self.attempts[place].end = Some(row.micros(cells.time)?);
                    self.leave_out("tell of an end, which is in the row of the start");
                }
                None => self.leave_out("tell of an end without a start"),
            }
        } else if types.submissions.contains(&event) {
            self.leave_out("tell of a submission");
        } else if types.updates.contains(&event) {
            self.leave_out("tell of changed requests");
        } else {
            return Err(row.wrong(cells.event, "is unknown", "the number of a type of events"));
        }
        Ok(())
    }

    fn schedule(&mut self, row: &Record, task: (u64, u64)) -> Result<(), Problem> {
        let cells = self.cells;
        let shape =
            Resources::new(row.share(cells.cpu, MACHINE_SIZE[0])?, row.share(cells.memory, MACHINE_SIZE[1])?);
        let start = row.micros(cells.time)?;
        if shape == Resources::ZERO {
            self.leave_out("ask for nothing");
            return Ok(());
        }
        for what in row.stated(cells.lost)? {
            *self.tally.lost.entry(what).or_insert(0) += 1;
        }
        self.running.insert(task, self.attempts.len());
        self.attempts.push(ForeignInstance {
            start,
            shape,
            name: format!("{}/{}", task.0, task.1),
            account: cells.account.map_or(Ok(String::new()), |cell| row.text(cell).map(str::to_string))?,
            ..ForeignInstance::default()
        });
        Ok(())
    }

    /// Writes the attempts in the order of their starts, counted from the first.
    pub fn write(mut self, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
        self.attempts.sort_by_key(|attempt| attempt.start);
        let first = self.attempts.first().map_or(Time::ZERO, |attempt| attempt.start);
        for attempt in &self.attempts {
            writer.write(&attempt.cells(first))?;
        }
        Ok(self.tally)
    }
}
