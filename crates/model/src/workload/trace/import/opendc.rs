//! `opendc`: workloads of the simulator OpenDC (version 2.4, `tasks.parquet`; older: `meta.parquet`;
//! <https://atlarge-research.github.io/opendc/docs/documentation/Input/Workload>, read November 2026).

use std::path::{Path, PathBuf};

use super::{ForeignInstance, Format, ImportTally, PublishedForm, Record};
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::Table;
use plimsoll_base::units::{NS_PER_S, Resources, Time};

/// The format.
///
/// A task is an instance from its submission for its duration \[ms\], with its cores and memory \[MB, taken for MiB\]. In
/// older folders `meta.parquet` has a start and a stop instead. Fragments, the use over time, are lost, as is the speed of cores.
pub const FORMAT: Format = Format {
    name: "opendc",
    description: "folder of an OpenDC workload: tasks.parquet, or meta.parquet of older ones",
    licence: "by workload: see where it was published; cite Mastenbroek et al., CCGrid 2021",
    source: PublishedForm::Folder { layout: None, is: |folder| file(folder).is_some(), write },
    output: &[Column::Start, Column::End, Column::Instance, Column::Vcpu, Column::Memory],
    hosts: None,
};

/// Columns of either version; the first two name the same.
const NAMES: [&[&str]; 5] = [
    &["id"],
    &["submission_time", "start_time"],
    &["duration", "stop_time"],
    &["cpu_count", "cpuCount"],
    &["mem_capacity", "memCapacity", "requiredMemory"],
];

const ID: usize = 0;
const START: usize = 1;
const LENGTH: usize = 2;
const CORES: usize = 3;
const MEMORY: usize = 4;

fn file(folder: &Path) -> Option<PathBuf> {
    ["tasks.parquet", "meta.parquet"].iter().map(|name| folder.join(name)).find(|path| path.exists())
}

fn write(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let path = file(folder).ok_or_else(|| {
        Problem::new(
            Place::file(folder),
            "found neither `tasks.parquet` nor `meta.parquet`, expected one of them",
        )
    })?;
    let mut table = Table::open(&path)?;
    let mut cells = Vec::new();
    for names in NAMES {
        cells.push(names.iter().find_map(|name| table.column(name)).ok_or_else(|| {
            Problem::new(
                table.header_place(),
                format!("found no column `{}`, expected it", names.join("` or `")),
            )
        })?);
    }
    let ends_are_times = table.column("stop_time").is_some();
    let (mut tally, mut tasks) = (ImportTally::default(), Vec::new());
    while table.advance()? {
        tally.rows_read += 1;
        let row = Record { table: &table, cells: &cells };
        let start = row.millis(START)?;
        let length = row.millis(LENGTH)?;
        let end = if ends_are_times { length } else { Time(start.0.saturating_add(length.0)) };
        let shape = Resources::new(row.amount(CORES, 1000, 1)?, row.amount(MEMORY, 1, 1)?);
        if end < start || shape == Resources::ZERO {
            *tally.left_out.entry("end before they start, or ask for nothing").or_insert(0) += 1;
            continue;
        }
        let name = row.text(ID)?.to_string();
        tasks.push(ForeignInstance { start, end: Some(end), shape, name, ..ForeignInstance::default() });
    }
    tally.lost.insert("its use over time, and the speed of its cores", tasks.len() as u64);
    tasks.sort_by_key(|task| task.start);
    let first = tasks.first().map_or(Time::ZERO, |task| task.start);
    assert!(first.0 < u64::MAX - NS_PER_S, "a start beyond the clock is refused where it is read");
    for task in &tasks {
        writer.write(&task.cells(first))?;
    }
    Ok(tally)
}
