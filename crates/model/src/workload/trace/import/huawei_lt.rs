//! `huawei-lt`: VM requests of Huawei East-1 with lifetimes, as the SPANE project prepared them.

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::Resources;

/// The format.
pub const FORMAT: Format = Format {
    name: "huawei-lt",
    description: "VM requests of Huawei East-1: arrival and lifetime in seconds",
    licence: "CC BY-NC 4.0: non-commercial use only; cite arXiv 2112.04785",
    source: PublishedForm::Table {
        layout: Layout::with_header(&["vmid", "cpu", "mem", "at", "lt"]),
        origin: Origin::Zero,
        record,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Vcpu, Column::Memory],
    hosts: None,
};

const VMID: usize = 0;
const CPU: usize = 1;
const MEM: usize = 2;
const AT: usize = 3;
const LIFETIME: usize = 4;

fn record(row: &Record) -> Result<Reading, Problem> {
    let start = row.time(AT)?;
    let end = Some(row.later(start, LIFETIME)?);
    let shape = Resources::new(row.quantity(CPU, 1000)?, row.quantity(MEM, 1024)?);
    Ok(ForeignInstance { start, end, shape, name: row.text(VMID)?.to_string(), ..ForeignInstance::default() }
        .into_reading())
}
