//! `openb`: pods and nodes of Alibaba's GPU cluster trace of 2023 (OpenB).

use std::path::Path;

use super::layout::Layout;
use super::{
    ForeignHost, ForeignInstance, Format, HostFormat, Origin, PublishedForm, Reading, Record, for_each_row,
};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::units::Resources;

/// The format.
///
/// Every pod is demand, placed in the original cluster or not: those that stayed pending there are requests here too,
/// and a run decides on them. A pod asks for `num_gpu · gpu_milli` of GPU: whole devices, or a share of one, which is kept
/// apart on hosts with `gpu_division = "devices"`; of the models in `gpu_spec`, separated by `|`. Pods without a
/// `deletion_time` never end.
pub const FORMAT: Format = Format {
    name: "openb",
    description: "Pods of Alibaba's GPU cluster, 2023, and its list of nodes",
    licence: "Apache-2.0; cite Weng et al., ATC 2023",
    source: PublishedForm::Table {
        layout: Layout::with_header(&[
            "name",
            "cpu_milli",
            "memory_mib",
            "num_gpu",
            "gpu_milli",
            "gpu_spec",
            "qos",
            "pod_phase",
            "creation_time",
            "deletion_time",
            "scheduled_time",
        ]),
        origin: Origin::Zero,
        record: pod,
    },
    output: &[
        Column::Start,
        Column::End,
        Column::Instance,
        Column::Vcpu,
        Column::Memory,
        Column::Gpu,
        Column::GpuModel,
    ],
    hosts: Some(HostFormat { output: &["vcpu", "memory_gib", "gpu", "gpu_model"], read: nodes }),
};

const CPU: usize = 1;
const MEMORY: usize = 2;
const NUM_GPU: usize = 3;
const GPU: usize = 4;
const GPU_SPEC: usize = 5;
const QOS: usize = 6;
const PHASE: usize = 7;
const CREATION: usize = 8;
const DELETION: usize = 9;
const SCHEDULED: usize = 10;

/// Facts of a pod that a row of intervals has no column for.
const LOST_OF_PODS: [(usize, &str); 3] = [
    (QOS, "its class of service"),
    (PHASE, "its phase in the original cluster"),
    (SCHEDULED, "the time at which it was scheduled there"),
];

// The nodes' columns begin like the pods'.
const NODE_GPU: usize = 3;
const NODE_MODEL: usize = 4;

fn pod(row: &Record) -> Result<Reading, Problem> {
    let (number, share) = (row.quantity(NUM_GPU, 1)?, row.quantity(GPU, 1)?);
    let gpu =
        number.checked_mul(share).ok_or_else(|| row.wrong(GPU, "is too large", "thousandths of a GPU"))?;
    let mut lost = row.stated(&LOST_OF_PODS)?;
    if number > 1 && share < 1000 {
        lost.push("the split of its GPUs over devices");
    }
    Ok(ForeignInstance {
        start: row.time(CREATION)?,
        end: row.time_if_any(DELETION)?,
        shape: Resources([row.quantity(CPU, 1)?, row.quantity(MEMORY, 1)?, gpu, 0, 0]),
        name: row.text(0)?.to_string(),
        others: row.cell_if_any(Column::GpuModel, GPU_SPEC)?,
        lost,
        ..ForeignInstance::default()
    }
    .into_reading())
}

fn nodes(input: &Path) -> Result<Vec<ForeignHost>, InputError> {
    let mut hosts = Vec::new();
    for_each_row(input, Layout::with_header(&["sn", "cpu_milli", "memory_mib", "gpu", "model"]), |row| {
        let gpu = row.quantity(NODE_GPU, 1000)?;
        let capacity = Resources([row.quantity(CPU, 1)?, row.quantity(MEMORY, 1)?, gpu, 0, 0]);
        let gpu_model = row.text(NODE_MODEL)?.to_string();
        hosts.push(ForeignHost { capacity, gpu_model, ..ForeignHost::default() });
        Ok(())
    })?;
    Ok(hosts)
}
