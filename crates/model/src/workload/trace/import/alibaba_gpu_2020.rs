//! `alibaba-gpu-2020`: tasks of Alibaba's Platform for AI, the file `pai_task_table.csv`
//! (<https://github.com/alibaba/clusterdata/tree/master/cluster-trace-gpu-v2020>, read November 2026).

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::Resources;

/// The format.
///
/// The file has no header. A task stands for `inst_num` instances that start and end with it. CPU and GPU are in hundredths,
/// memory in GB, taken for GiB. A task without a start never ran, one without an end never ends.
pub const FORMAT: Format = Format {
    name: "alibaba-gpu-2020",
    description: "pai_task_table.csv of Alibaba, 2020: tasks of machine learning, no header",
    licence: "Alibaba Cluster Trace Program, for research; cite Weng et al., NSDI 2022",
    source: PublishedForm::Table {
        layout: Layout::without_header(&[
            "job_name",
            "task_name",
            "inst_num",
            "status",
            "start_time",
            "end_time",
            "plan_cpu",
            "plan_mem",
            "plan_gpu",
            "gpu_type",
        ]),
        origin: Origin::FirstStart,
        record,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Vcpu, Column::Memory, Column::Gpu],
    hosts: None,
};

const JOB: usize = 0;
const TASK: usize = 1;
const NUMBER: usize = 2;
const STATUS: usize = 3;
const START: usize = 4;
const END: usize = 5;
const CPU: usize = 6;
const MEMORY: usize = 7;
const GPU: usize = 8;
const GPU_TYPE: usize = 9;

/// Facts of a task that a row of intervals has no column for.
const LOST: [(usize, &str); 2] = [(STATUS, "its status at the end"), (GPU_TYPE, "the model of its GPUs")];

fn record(row: &Record) -> Result<Reading, Problem> {
    if row.is_unknown(START)? {
        return Ok(Reading::LeftOut("never started"));
    }
    let start = row.time(START)?;
    let end = if row.is_unknown(END)? { None } else { Some(row.time(END)?) };
    // Hundredths of a CPU and of a GPU are ten thousandths each.
    let shape =
        Resources([row.amount(CPU, 10, 1)?, row.amount(MEMORY, 1024, 1)?, row.amount(GPU, 10, 1)?, 0, 0]);
    let number = row.amount(NUMBER, 1, 1)?.max(1);
    let name = format!("{}/{}", row.text(JOB)?, row.text(TASK)?);
    let lost = row.stated(&LOST)?;
    Ok(ForeignInstance { start, end, shape, name, lost, ..ForeignInstance::default() }.into_readings(number))
}
