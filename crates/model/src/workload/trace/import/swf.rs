//! `swf`: the Standard Workload Format of the Parallel Workloads Archive, version 2.2 (Feitelson et al.,
//! <https://www.cs.huji.ac.il/labs/parallel/workload/swf.html>, read November 2026).

use super::archive_job::{self, MemoryOf};
use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;

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

/// Position of the job that it had to wait for.
const PRECEDING: usize = 16;

fn record(row: &Record) -> Result<Reading, Problem> {
    let job = archive_job::read(row, MemoryOf::Processor, &[(PRECEDING, "the job that it had to wait for")])?;
    // Users are numbers.
    let account = if job.account.is_empty() { String::new() } else { format!("user-{}", job.account) };
    Ok(ForeignInstance { account, ..job }.into_reading())
}
