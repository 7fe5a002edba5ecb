//! `azure-v1`: VM arrivals of the Azure Public Dataset of 2017 with lifetimes in bins.

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::{Resources, Time};

/// The format.
///
/// A lifetime is known only by two bounds: their middle is taken. One that was cut off by the
/// end of the observation never ends. A `batch` is the starts of one tenant in five minutes; tenants are
/// not linked from batch to batch, so that it would make a false account and is left out.
pub const FORMAT: Format = Format {
    name: "azure-v1",
    description: "VM arrivals of Azure, 2017: five-minute bins, lifetimes as ranges",
    licence: "Azure Public Dataset V1, CC BY 4.0; cite Cortez et al., SOSP 2017",
    source: PublishedForm::Table {
        layout: Layout::with_header(&[
            "bin_time_s",
            "batch",
            "vcpu",
            "mem_gib",
            "dur_min_s",
            "dur_max_s",
            "censored",
        ]),
        origin: Origin::FirstStart,
        record,
    },
    output: &[Column::Start, Column::End, Column::Vcpu, Column::Memory],
    hosts: None,
};

const BIN: usize = 0;
const BATCH: usize = 1;
const VCPU: usize = 2;
const MEMORY: usize = 3;
const SHORTEST: usize = 4;
const LONGEST: usize = 5;
const CENSORED: usize = 6;

fn record(row: &Record) -> Result<Reading, Problem> {
    let start = row.time(BIN)?;
    let (shortest, longest) = (row.later(start, SHORTEST)?, row.later(start, LONGEST)?);
    if longest < shortest {
        return Err(row.wrong(LONGEST, "is less than `dur_min_s`", "at least that"));
    }
    let end = match row.text(CENSORED)? {
        "0" => Some(Time(shortest.0 + (longest.0 - shortest.0) / 2)),
        "1" => None,
        _ => return Err(row.wrong(CENSORED, "is neither 0 nor 1", "1 where the end was not seen, else 0")),
    };
    let shape = Resources::new(row.quantity(VCPU, 1000)?, row.quantity(MEMORY, 1024)?);
    let mut lost = row.stated(&[(BATCH, "the batch it came in")])?;
    if end.is_some() && shortest < longest {
        lost.push("that its lifetime is known within bounds only");
    }
    Ok(ForeignInstance { start, end, shape, name: String::new(), lost, ..ForeignInstance::default() }
        .into_reading())
}
