//! `swf`: the Standard Workload Format of the Parallel Workloads Archive, version 2.2 (Feitelson et al.,
//! <https://www.cs.huji.ac.il/labs/parallel/workload/swf.html>, read November 2026).

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::Resources;

/// The format.
///
/// A job is an instance that is asked for when it was submitted and lives as long as it ran: the wait in the original
/// queue is no part of the demand. Processors and memory are those requested, else those used; memory is per
/// processor. −1 is unknown: a job of unknown run time never ends, unknown memory is none.
pub const FORMAT: Format = Format {
    name: "swf",
    description: "Jobs in the Standard Workload Format (.swf) of the Parallel Workloads Archive",
    licence: "by log: see its comments; acknowledge the archive and who provided the log",
    source: PublishedForm::Table {
        layout: Layout::blank_separated(
            &[
                "job",
                "submit_s",
                "wait_s",
                "run_s",
                "processors",
                "cpu_s",
                "memory_kb",
                "requested_processors",
                "requested_s",
                "requested_memory_kb",
                "status",
                "user",
                "group",
                "executable",
                "queue",
                "partition",
                "preceding_job",
                "think_s",
            ],
            b';',
        ),
        origin: Origin::Zero,
        record,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Account, Column::Vcpu, Column::Memory],
    hosts: None,
};

const JOB: usize = 0;
const SUBMIT: usize = 1;
const WAIT: usize = 2;
const RUN: usize = 3;
const PROCESSORS: usize = 4;
const MEMORY: usize = 6;
const REQUESTED_PROCESSORS: usize = 7;
const REQUESTED_MEMORY: usize = 9;
const STATUS: usize = 10;
const USER: usize = 11;
const PRECEDING: usize = 16;

/// Facts of a job that a row of intervals has no column for.
const LOST: [(usize, &str); 3] = [
    (WAIT, "the time it waited in the original queue"),
    (STATUS, "its status at the end"),
    (PRECEDING, "the job that it had to wait for"),
];

fn record(row: &Record) -> Result<Reading, Problem> {
    let start = row.time(SUBMIT)?;
    let end = if row.is_unknown(RUN)? { None } else { Some(row.later(start, RUN)?) };
    let processors = row.amount(first_known(row, REQUESTED_PROCESSORS, PROCESSORS)?, 1, 1)?;
    let memory = first_known(row, REQUESTED_MEMORY, MEMORY)?;
    let mut lost = row.stated(&LOST)?;
    if row.is_unknown(memory)? {
        lost.push("that its memory is unknown");
    }
    let kib = u64::from(row.amount(memory, 1, 1)?) * u64::from(processors);
    let mib = u32::try_from(kib.div_ceil(1024)).map_err(|_| row.wrong(memory, "is too large", "less"))?;
    let milli = processors.checked_mul(1000);
    let milli = milli.ok_or_else(|| row.wrong(PROCESSORS, "is too large", "less"))?;
    Ok(ForeignInstance {
        start,
        end,
        shape: Resources::new(milli, mib),
        name: row.text(JOB)?.to_string(),
        account: if row.is_unknown(USER)? { String::new() } else { format!("user-{}", row.text(USER)?) },
        lost,
        ..ForeignInstance::default()
    }
    .into_reading())
}

/// Returns the first of two cells, or the second where the first is unknown.
fn first_known(row: &Record, first: usize, second: usize) -> Result<usize, Problem> {
    Ok(if row.is_unknown(first)? { second } else { first })
}
