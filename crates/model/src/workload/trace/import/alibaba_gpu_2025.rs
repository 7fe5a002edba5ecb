//! `alibaba-gpu-2025`: instances of GPU-disaggregated recommendation models of Alibaba
//! (<https://github.com/alibaba/clusterdata/tree/master/cluster-trace-gpu-v2025>, read November 2026).

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::{Resources, Time};

/// The format.
///
/// An instance without a time of creation is older than the trace: it starts at 0. One without a time of deletion outlives
/// it: it never ends. Sizes are the requests. The account is the application.
pub const FORMAT: Format = Format {
    name: "alibaba-gpu-2025",
    description: "disaggregated_DLRM_trace.csv of Alibaba, 2025: instances of recommendation models",
    licence: "Alibaba Cluster Trace Program, for research; cite Yang et al., NSDI 2025",
    source: PublishedForm::Table {
        layout: Layout::with_header(&[
            "instance_sn",
            "role",
            "app_name",
            "cpu_request",
            "cpu_limit",
            "gpu_request",
            "gpu_limit",
            "rdma_request",
            "rdma_limit",
            "memory_request",
            "memory_limit",
            "disk_request",
            "disk_limit",
            "max_instance_per_node",
            "creation_time",
            "scheduled_time",
            "deletion_time",
        ]),
        origin: Origin::Zero,
        record,
    },
    output: &[
        Column::Start,
        Column::End,
        Column::Instance,
        Column::Account,
        Column::Vcpu,
        Column::Memory,
        Column::Gpu,
        Column::LocalStorage,
    ],
    hosts: None,
};

const NAME: usize = 0;
const ROLE: usize = 1;
const APPLICATION: usize = 2;
const CPU: usize = 3;
const GPU: usize = 5;
const RDMA: usize = 7;
const MEMORY: usize = 9;
const DISK: usize = 11;
const DENSITY: usize = 13;
const CREATED: usize = 14;
const SCHEDULED: usize = 15;
const DELETED: usize = 16;

/// Facts of an instance that a row of intervals has no column for.
const LOST: [(usize, &str); 4] = [
    (ROLE, "its role: CPU node or GPU node"),
    (RDMA, "its share of an RDMA card"),
    (DENSITY, "how many of its application a node may have"),
    (SCHEDULED, "the time at which it was scheduled there"),
];

fn record(row: &Record) -> Result<Reading, Problem> {
    let time = |cell| if row.is_unknown(cell)? { Ok(None) } else { row.time(cell).map(Some) };
    let mut lost = row.stated(&LOST)?;
    let created = time(CREATED)?;
    if created.is_none() {
        lost.push("its age: it is older than the trace");
    }
    let shape = Resources([
        row.quantity(CPU, 1000)?,
        row.quantity(MEMORY, 1024)?,
        row.quantity(GPU, 1000)?,
        row.amount(DISK, 1024, 1)?,
        0,
    ]);
    Ok(ForeignInstance {
        start: created.unwrap_or(Time::ZERO),
        end: time(DELETED)?,
        shape,
        name: row.text(NAME)?.to_string(),
        account: row.text(APPLICATION)?.to_string(),
        lost,
        ..ForeignInstance::default()
    }
    .into_reading())
}
