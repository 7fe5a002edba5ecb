//! `gwf`: the Grid Workload Format of the Grid Workloads Archive (Iosup et al., "The Grid Workloads Archive", 2008;
//! <http://gwa.ewi.tudelft.nl/grid-workload-format>, read November 2026).

use super::archive_job::{self, MemoryOf};
use super::layout::Layout;
use super::{Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;

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

/// Facts that a row of intervals has no column for, beside those of every archive.
const LOST: [(usize, &str); 2] =
    [(16, "the site it was submitted to"), (18, "the jobs it belongs together with")];

fn record(row: &Record) -> Result<Reading, Problem> {
    Ok(archive_job::read(row, MemoryOf::Job, &LOST)?.into_reading())
}
