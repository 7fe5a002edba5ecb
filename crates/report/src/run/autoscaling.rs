//! `autoscaling.csv`: load, capacity and size of each Auto Scaling group, over time. A row per sampling interval and group.

use std::io;

use crate::run::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::quote;
use plimsoll_base::units::figures::seconds;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;
use plimsoll_sim::scenario::Scenario;

/// Name of the file.
pub const FILE: &str = "autoscaling.csv";

/// Columns of the file.
const COLUMNS: [&str; 9] = [
    "time_s",
    "group",
    "load_units",
    "capacity_units",
    "desired",
    "in_service",
    "coming_up",
    "unserved_unit_s",
    "waiting_unit_s",
];

/// Returns whether a run has groups.
pub fn is_asked_for(scenario: &Scenario) -> bool {
    !scenario.autoscaling_groups.is_empty()
}

/// Begins the file.
pub fn begin(out: Out) -> Opened {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS).map_err(csv_io_error)?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: csv::Writer<Out>,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let Observation::Sampled(sample) = observation else { return Ok(()) };
        for (name, group) in &sample.autoscaling_groups {
            let units = |milli: u64| (milli as f64 / 1000.0).to_string();
            let cells = [
                seconds(sample.at.0),
                quote::cell(name).into_owned(),
                units(group.load_milli),
                units(group.capacity_milli),
                group.desired.to_string(),
                group.in_service.to_string(),
                group.coming.to_string(),
                group.service.unserved_unit_s.to_string(),
                group.service.waiting_unit_s.to_string(),
            ];
            self.out.write_record(&cells).map_err(csv_io_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
