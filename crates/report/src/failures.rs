//! `failures.csv`: every refused request, in order, with the limit that decided: what was asked, what was left. These
//! four columns are empty where none did. `launch` is the number in the demand of the first instance that a launch
//! asked for, by which `plimsoll run --explain` finds it.

use std::io;

use super::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::failure::Limit;
use plimsoll_base::quote;
use plimsoll_base::units::figures::seconds;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file.
pub const FILE: &str = "failures.csv";

#[rustfmt::skip]
const HEADER: [&str; 12] = [
    "time_s", "operation", "account", "type", "zone", "error_code", "count", "limit", "asked", "left", "unit", "launch",
];

/// Begins the file.
pub fn begin(out: Out) -> Opened {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(HEADER).map_err(csv_io_error)?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: csv::Writer<Out>,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()> {
        let Observation::Refused(refusal) = observation else { return Ok(()) };
        let account = quote::cell(&directory.accounts()[refusal.account.index()]);
        let kind = quote::cell(refusal.kind.map_or("", |kind| directory.types.get(kind).name.as_str()));
        let zone = quote::cell(refusal.zone.map_or("", |zone| directory.zones()[zone.index()].as_str()));
        let limit = refusal.reason.limit;
        let figure =
            |of: fn(&Limit) -> u64| limit.as_ref().map(of).map_or_else(String::new, |n| n.to_string());
        let row: [&str; 12] = [
            &seconds(refusal.at.0),
            refusal.operation.name(),
            &account,
            &kind,
            &zone,
            refusal.reason.failure.ec2_name(),
            &refusal.count.to_string(),
            limit.map_or("", |limit| limit.bound.name()),
            &figure(|limit| limit.asked),
            &figure(|limit| limit.left),
            limit.map_or("", |limit| limit.bound.unit()),
            &refusal.launch.map_or_else(String::new, |launch| launch.to_string()),
        ];
        self.out.write_record(row).map_err(csv_io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
