//! `alibaba-spot-2026`: high-priority and spot jobs of Alibaba's GPU clusters, the files `job_info_df.csv` and `node_info_df.csv`
//! (<https://github.com/alibaba/clusterdata/tree/master/cluster-trace-v2026-spot-gpu>, read November 2026).

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
/// A job stands for `worker_num` instances that start and end with it, each of the CPUs and GPUs asked for. Memory is not
/// published. The account is the organisation.
pub const FORMAT: Format = Format {
    name: "alibaba-spot-2026",
    description: "job_info_df.csv of Alibaba, 2026: high-priority and spot GPU jobs, and its list of nodes",
    licence: "Alibaba Cluster Trace Program, for research; cite Duan et al., ASPLOS 2026",
    source: PublishedForm::Table {
        layout: Layout::with_header(&[
            "job_name",
            "organization",
            "gpu_model",
            "cpu_request",
            "gpu_request",
            "worker_num",
            "submit_time",
            "duration",
            "job_type",
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
        Column::GpuModel,
        Column::Purchase,
    ],
    hosts: Some(HostFormat { output: &["vcpu", "memory_gib", "gpu", "gpu_model"], read: nodes }),
};

const JOB: usize = 0;
const ORGANISATION: usize = 1;
const GPU_MODEL: usize = 2;
const CPU: usize = 3;
const GPU: usize = 4;
const WORKERS: usize = 5;
const SUBMITTED: usize = 6;
const DURATION: usize = 7;
const JOB_TYPE: usize = 8;

/// Memory of a node, which is not published \[MiB\]: no job asks for any, and a host file needs some.
const NODE_MEMORY: u32 = 1024 * 1024;

fn record(row: &Record) -> Result<Reading, Problem> {
    let start = row.time(SUBMITTED)?;
    let is_spot = match row.text(JOB_TYPE)? {
        "HP" => false,
        "Spot" => true,
        _ => return Err(row.wrong(JOB_TYPE, "is unknown", "HP or Spot")),
    };
    let mut others = row.cell_if_any(Column::GpuModel, GPU_MODEL)?;
    others.extend(is_spot.then(|| (Column::Purchase, "spot".to_string())));
    let instance = ForeignInstance {
        start,
        end: Some(row.later(start, DURATION)?),
        shape: Resources([row.amount(CPU, 1000, 1)?, 0, row.amount(GPU, 1000, 1)?, 0, 0]),
        name: row.text(JOB)?.to_string(),
        account: row.text(ORGANISATION)?.to_string(),
        others,
        lost: Vec::new(),
    };
    Ok(instance.into_readings(row.quantity(WORKERS, 1)?))
}

fn nodes(input: &Path) -> Result<Vec<ForeignHost>, InputError> {
    let mut hosts = Vec::new();
    for_each_row(
        input,
        Layout::with_header(&["node_name", "gpu_model", "gpu_capacity_num", "cpu_num"]),
        |row| {
            let capacity = Resources([row.quantity(3, 1000)?, NODE_MEMORY, row.quantity(2, 1000)?, 0, 0]);
            let gpu_model = row.text(1)?.to_string();
            hosts.push(ForeignHost { capacity, rack: 0, gpu_model, lost: vec!["its name"] });
            Ok(())
        },
    )?;
    Ok(hosts)
}
