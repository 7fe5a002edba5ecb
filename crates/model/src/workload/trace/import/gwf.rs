//! `gwf`: the Grid Workload Format of the Grid Workloads Archive (Iosup et al., "The Grid Workloads Archive", 2008;
//! <http://gwa.ewi.tudelft.nl/grid-workload-format>, read November 2026).

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::Resources;

/// The format.
///
/// A job is an instance that is asked for when it was submitted and lives as long as it ran. Processors and memory are
/// those requested, else those used; memory is that of the job \[KB\]. −1 is unknown: a job of unknown run time never ends,
/// unknown memory is none. Times are Unix times, counted from the earliest submission.
pub const FORMAT: Format = Format {
    name: "gwf",
    description: "Jobs in the Grid Workload Format (.gwf) of the Grid Workloads Archive",
    licence: "by trace: see its page; acknowledge the archive and who provided the trace",
    source: PublishedForm::Table {
        layout: Layout::blank_separated(
            &[
                "JobID",
                "SubmitTime",
                "WaitTime",
                "RunTime",
                "NProcs",
                "AverageCPUTimeUsed",
                "UsedMemory",
                "ReqNProcs",
                "ReqTime",
                "ReqMemory",
                "Status",
                "UserID",
                "GroupID",
                "ExecutableID",
                "QueueID",
                "PartitionID",
                "OrigSiteID",
                "LastRunSiteID",
                "JobStructure",
                "JobStructureParams",
                "UsedNetwork",
                "UsedLocalDiskSpace",
                "UsedResources",
                "ReqPlatform",
                "ReqNetwork",
                "ReqLocalDiskSpace",
                "ReqResources",
                "VOID",
                "ProjectID",
            ],
            b'#',
        ),
        origin: Origin::FirstStart,
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
const SITE: usize = 16;
const STRUCTURE: usize = 18;

/// Facts of a job that a row of intervals has no column for.
const LOST: [(usize, &str); 4] = [
    (WAIT, "the time it waited in the original queue"),
    (STATUS, "its status at the end"),
    (SITE, "the site it was submitted to"),
    (STRUCTURE, "the jobs it belongs together with"),
];

fn record(row: &Record) -> Result<Reading, Problem> {
    let start = row.time(SUBMIT)?;
    let end = if row.is_unknown(RUN)? { None } else { Some(row.later(start, RUN)?) };
    let memory = if row.is_unknown(REQUESTED_MEMORY)? { MEMORY } else { REQUESTED_MEMORY };
    let processors = if row.is_unknown(REQUESTED_PROCESSORS)? { PROCESSORS } else { REQUESTED_PROCESSORS };
    let mut lost = row.stated(&LOST)?;
    if row.is_unknown(memory)? {
        lost.push("that its memory is unknown");
    }
    let shape = Resources::new(row.amount(processors, 1000, 1)?, row.amount(memory, 1, 1)?.div_ceil(1024));
    Ok(ForeignInstance {
        start,
        end,
        shape,
        name: row.text(JOB)?.to_string(),
        account: if row.is_unknown(USER)? { String::new() } else { row.text(USER)?.to_string() },
        lost,
        ..ForeignInstance::default()
    }
    .into_reading())
}
