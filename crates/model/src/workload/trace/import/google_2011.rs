//! `google-2011`: task events of a Borg cell in May 2011, the folder `task_events` of clusterdata-2011-2 (format and schema 2.1,
//! <https://github.com/google/cluster-data/blob/master/ClusterData2011_2.md>, read November 2026).

use std::path::Path;

use super::borg::{self, Attempts, EventCells, EventTypes};
use super::layout::Layout;
use super::{Format, ImportTally, PublishedForm, for_each_row};
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};

/// The format.
///
/// Events of a folder, file by file in the order of their names. An attempt of a task is an instance from its schedule event to the
/// event that ends it; one that is evicted and scheduled again is another. Sizes are shares of the greatest machine's, which was
/// not published: it is taken for 16 cores and 64 GiB. Times are microseconds from 600 s before the trace.
pub const FORMAT: Format = Format {
    name: "google-2011",
    description: "folder task_events of Google's cell of May 2011: attempts of tasks, sizes by a machine of 16 cores",
    licence: "CC BY 4.0; cite Reiss, Wilkes and Hellerstein, \"Google cluster-usage traces\"",
    source: PublishedForm::Folder {
        layout: Some(EVENTS),
        is: |folder| !borg::tables(folder, PREFIX).is_empty(),
        write,
    },
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

const CELLS: EventCells = EventCells {
    time: 0,
    job: 2,
    task: 3,
    event: 5,
    account: Some(6),
    cpu: 9,
    memory: 10,
    lost: &[(4, "the machine it was on"), (7, "its scheduling class"), (8, "its priority")],
};

const TYPES: EventTypes = EventTypes {
    schedule: "1",
    // Evicted, failed, finished, killed, lost.
    ends: &["2", "3", "4", "5", "6"],
    submissions: &["0"],
    updates: &["7", "8"],
};

/// Beginning of the names of the files of events.
const PREFIX: &str = "part-";

fn write(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let parts = borg::tables(folder, PREFIX);
    if parts.is_empty() {
        return Err(Problem::new(
            Place::file(folder),
            "found no files `part-*.csv.gz`, expected those of `task_events`",
        )
        .into());
    }
    let mut attempts = Attempts::new(CELLS, TYPES);
    for part in parts {
        for_each_row(&part, EVENTS, |row| Ok(attempts.take(row)?))?;
    }
    attempts.write(writer)
}
