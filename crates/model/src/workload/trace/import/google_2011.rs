//! `google-2011`: task events of a Borg cell in May 2011, the folder `task_events` of clusterdata-2011-2 (format and schema 2.1,
//! <https://github.com/google/cluster-data/blob/master/ClusterData2011_2.md>, read November 2026).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::{ForeignInstance, Format, ImportTally, PublishedForm, Record, for_each_row};
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Resources, Time};

/// The format.
///
/// Events of a folder, file by file in the order of their names. An attempt of a task is an instance from its schedule event to the
/// event that ends it; one that is evicted and scheduled again is another. Sizes are shares of the greatest machine's, which was
/// not published: it is taken for 16 cores and 64 GiB. Times are microseconds from 600 s before the trace.
pub const FORMAT: Format = Format {
    name: "google-2011",
    description: "folder task_events of Google's cell of May 2011: attempts of tasks, sizes by a machine of 16 cores",
    licence: "CC BY 4.0; cite Reiss, Wilkes and Hellerstein, \"Google cluster-usage traces\"",
    source: PublishedForm::Folder { layout: Some(EVENTS), is: |folder| !parts(folder).is_empty(), write },
    output: &[Column::Start, Column::End, Column::Instance, Column::Account, Column::Vcpu, Column::Memory],
    hosts: None,
};

const EVENTS: Layout = Layout::without_header(&[
    "time",
    "missing_info",
    "job_id",
    "task_index",
    "machine_id",
    "event_type",
    "user",
    "scheduling_class",
    "priority",
    "cpu_request",
    "memory_request",
    "disk_space_request",
    "different_machines",
]);

const TIME: usize = 0;
const JOB: usize = 2;
const TASK: usize = 3;
const MACHINE: usize = 4;
const EVENT: usize = 5;
const USER: usize = 6;
const CLASS: usize = 7;
const PRIORITY: usize = 8;
const CPU: usize = 9;
const MEMORY: usize = 10;

/// The greatest machine \[milli-vCPU, MiB\].
const MACHINE_SIZE: [u64; 2] = [16_000, 64 * 1024];

/// Facts of a task that a row of intervals has no column for.
const LOST: [(usize, &str); 3] =
    [(MACHINE, "the machine it was on"), (CLASS, "its scheduling class"), (PRIORITY, "its priority")];

/// Returns the files of events, in order.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let files = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let is_part = |path: &PathBuf| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with("part-") && (name.ends_with(".csv") || name.ends_with(".csv.gz"))
        })
    };
    let mut parts: Vec<PathBuf> = files.filter(is_part).collect();
    parts.sort();
    parts
}

fn write(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let parts = parts(folder);
    if parts.is_empty() {
        return Err(Problem::new(
            Place::file(folder),
            "found no files `part-*.csv.gz`, expected those of `task_events`",
        )
        .into());
    }
    let mut events = Events::default();
    for part in parts {
        for_each_row(&part, EVENTS, |row| Ok(events.take(row)?))?;
    }
    events.finish(writer)
}

/// Attempts of tasks, by their events so far.
#[derive(Default)]
struct Events {
    tally: ImportTally,
    /// Attempts that run, by job and task: their place among all.
    running: HashMap<(u64, u64), usize>,
    attempts: Vec<ForeignInstance>,
}

impl Events {
    fn take(&mut self, row: &Record) -> Result<(), Problem> {
        self.tally.rows_read += 1;
        let task = (row.number(JOB)?, row.number(TASK)?);
        match row.text(EVENT)? {
            "1" => self.schedule(row, task)?,
            // Evicted, failed, finished, killed, lost.
            "2" | "3" | "4" | "5" | "6" => match self.running.remove(&task) {
                Some(place) => {
                    self.attempts[place].end = Some(row.micros(TIME)?);
                    *self
                        .tally
                        .left_out
                        .entry("tell of an end, which is in the row of the start")
                        .or_insert(0) += 1;
                }
                None => *self.tally.left_out.entry("tell of an end without a start").or_insert(0) += 1,
            },
            "0" => *self.tally.left_out.entry("tell of a submission").or_insert(0) += 1,
            "7" | "8" => *self.tally.left_out.entry("tell of changed requests").or_insert(0) += 1,
            _ => return Err(row.wrong(EVENT, "is unknown", "an event type from 0 to 8")),
        }
        Ok(())
    }

    fn schedule(&mut self, row: &Record, task: (u64, u64)) -> Result<(), Problem> {
        let shape = Resources::new(row.share(CPU, MACHINE_SIZE[0])?, row.share(MEMORY, MACHINE_SIZE[1])?);
        if shape == Resources::ZERO {
            *self.tally.left_out.entry("ask for nothing").or_insert(0) += 1;
            return Ok(());
        }
        for what in row.stated(&LOST)? {
            *self.tally.lost.entry(what).or_insert(0) += 1;
        }
        self.running.insert(task, self.attempts.len());
        self.attempts.push(ForeignInstance {
            start: row.micros(TIME)?,
            shape,
            name: format!("{}/{}", task.0, task.1),
            account: row.text(USER)?.to_string(),
            ..ForeignInstance::default()
        });
        Ok(())
    }

    fn finish(mut self, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
        self.attempts.sort_by_key(|attempt| attempt.start);
        let first = self.attempts.first().map_or(Time::ZERO, |attempt| attempt.start);
        for attempt in &self.attempts {
            writer.write(&attempt.cells(first))?;
        }
        Ok(self.tally)
    }
}
