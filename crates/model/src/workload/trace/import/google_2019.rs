//! `google-2019`: instance events of Borg cells in May 2019, clusterdata-2019 (version 3,
//! <https://github.com/google/cluster-data/blob/master/ClusterData2019.md>, read November 2026).

use std::path::Path;

use super::borg::{self, Attempts, EventCells, EventTypes};
use super::layout::Layout;
use super::{Format, ImportTally, PublishedForm, for_each_row};
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};

/// The format.
///
/// The table `instance_events` of BigQuery, exported in the order of its times to files `instance_events-*.csv.gz` of a folder with
/// the columns below; `resource_request` is a record there, whose parts become `cpus` and `memory`. An attempt of an instance is
/// one from its schedule event to the event that ends it. What runs inside an alloc takes no room of its own and is left out; the
/// alloc is an instance. Sizes are shares of the greatest machine's, which was not published: it is taken for 16 cores and 64 GiB.
pub const FORMAT: Format = Format {
    name: "google-2019",
    description: "folder of instance_events-*.csv of Google's cells of May 2019, as exported from BigQuery",
    licence: "CC BY 4.0; cite Tirmazi et al., EuroSys 2020",
    source: PublishedForm::Folder {
        layout: Some(EVENTS),
        is: |folder| !borg::tables(folder, PREFIX).is_empty(),
        write,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Account, Column::Vcpu, Column::Memory],
    hosts: None,
};

const EVENTS: Layout = Layout::with_header(&[
    "time",
    "type",
    "collection_id",
    "instance_index",
    "machine_id",
    "scheduling_class",
    "priority",
    "alloc_collection_id",
    "cpus",
    "memory",
]);

const ALLOC: usize = 7;

const CELLS: EventCells = EventCells {
    time: 0,
    job: 2,
    task: 3,
    event: 1,
    account: None,
    cpu: 8,
    memory: 9,
    lost: &[(4, "the machine it was on"), (5, "its scheduling class"), (6, "its priority")],
};

const TYPES: EventTypes = EventTypes {
    schedule: "3",
    // Evicted, failed, finished, killed, lost.
    ends: &["4", "5", "6", "7", "8"],
    // Submitted, queued, enabled.
    submissions: &["0", "1", "2"],
    updates: &["9", "10"],
};

/// Beginning of the names of the files of events.
const PREFIX: &str = "instance_events";

fn write(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let parts = borg::tables(folder, PREFIX);
    if parts.is_empty() {
        let found = "found no files `instance_events-*.csv.gz`, expected those of the export";
        return Err(Problem::new(Place::file(folder), found).into());
    }
    let mut attempts = Attempts::new(CELLS, TYPES);
    for part in parts {
        for_each_row(&part, EVENTS, |row| {
            let is_within_alloc = !row.is_unknown(ALLOC)? && row.number(ALLOC)? > 0;
            if is_within_alloc {
                attempts.pass("run inside an alloc, whose room they take");
            } else {
                attempts.take(row)?;
            }
            Ok(())
        })?;
    }
    attempts.write(writer)
}
