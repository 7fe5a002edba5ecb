//! `alibaba-2018-batch` and `alibaba-2018-containers`: the files `batch_task.csv` and `container_meta.csv` of Alibaba's cluster trace
//! of 2018 (<https://github.com/alibaba/clusterdata/tree/master/cluster-trace-v2018>, schema read November 2026).

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::Resources;

/// The format of batch tasks.
///
/// A task stands for `instance_num` instances that start and end with it. CPU is in hundredths of a core. Memory is in
/// hundredths of the greatest machine's, whose size was not published: it is taken for 384 GiB, which the 96 cores of such
/// machines usually come with. The file has no header.
pub const BATCH: Format = Format {
    name: "alibaba-2018-batch",
    description: "batch_task.csv of Alibaba, 2018: eight days of batch tasks, no header",
    licence: "Alibaba Cluster Trace Program, for research; cite Guo et al., IWQoS 2019",
    source: PublishedForm::Table {
        layout: Layout::without_header(&[
            "task_name",
            "instance_num",
            "job_name",
            "task_type",
            "status",
            "start_time",
            "end_time",
            "plan_cpu",
            "plan_mem",
        ]),
        origin: Origin::FirstStart,
        record: task,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Vcpu, Column::Memory],
    hosts: None,
};

/// The format of long-running containers.
///
/// A container has a row for each change of its state; the first that shows it started is taken, later ones are left out. None
/// ends in the trace. Sizes are as in [`BATCH`]. The file has no header.
pub const CONTAINERS: Format = Format {
    name: "alibaba-2018-containers",
    description: "container_meta.csv of Alibaba, 2018: long-running containers, no header",
    licence: "Alibaba Cluster Trace Program, for research; cite Guo et al., IWQoS 2019",
    source: PublishedForm::Table {
        layout: Layout::without_header(&[
            "container_id",
            "machine_id",
            "time_stamp",
            "app_du",
            "status",
            "cpu_request",
            "cpu_limit",
            "mem_size",
        ]),
        origin: Origin::Zero,
        record: container,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Account, Column::Vcpu, Column::Memory],
    hosts: None,
};

/// Memory of the greatest machine, which is not published \[GiB\].
const MACHINE_GIB: u64 = 384;

const UNKNOWN_MEMORY: &str = "the size of its memory: hundredths of a machine, taken for 384 GiB";

fn task(row: &Record) -> Result<Reading, Problem> {
    const TASK: usize = 0;
    const NUMBER: usize = 1;
    const JOB: usize = 2;
    const STATUS: usize = 4;
    const START: usize = 5;
    const END: usize = 6;
    const CPU: usize = 7;
    const MEMORY: usize = 8;
    if row.is_unknown(START)? || row.text(START)? == "0" {
        return Ok(Reading::LeftOut("never started"));
    }
    // A task that had not ended has the end 0.
    let end = if row.is_unknown(END)? || row.text(END)? == "0" { None } else { Some(row.time(END)?) };
    let mut lost = row.stated(&[(STATUS, "its status at the end")])?;
    lost.push(UNKNOWN_MEMORY);
    let instance = ForeignInstance {
        start: row.time(START)?,
        end,
        shape: Resources::new(row.amount(CPU, 10, 1)?, row.hundredths(MEMORY, MACHINE_GIB * 1024)?),
        name: format!("{}/{}", row.text(JOB)?, row.text(TASK)?),
        lost,
        ..ForeignInstance::default()
    };
    Ok(instance.into_readings(row.amount(NUMBER, 1, 1)?.max(1)))
}

fn container(row: &Record) -> Result<Reading, Problem> {
    const CONTAINER: usize = 0;
    const MACHINE: usize = 1;
    const TIME: usize = 2;
    const APPLICATION: usize = 3;
    const STATUS: usize = 4;
    const CPU: usize = 5;
    const MEMORY: usize = 7;
    if row.text(STATUS)? != "started" {
        return Ok(Reading::LeftOut("tell of a state other than started"));
    }
    let mut lost = row.stated(&[(MACHINE, "the machine it was on")])?;
    lost.push(UNKNOWN_MEMORY);
    Ok(ForeignInstance {
        start: row.time(TIME)?,
        end: None,
        shape: Resources::new(row.amount(CPU, 10, 1)?, row.hundredths(MEMORY, MACHINE_GIB * 1024)?),
        name: row.text(CONTAINER)?.to_string(),
        account: row.text(APPLICATION)?.to_string(),
        lost,
        ..ForeignInstance::default()
    }
    .into_first_reading())
}
