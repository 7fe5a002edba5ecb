//! `subnets.csv`: the addresses in use in each subnet, over time. A row per sampling interval and subnet.

use std::io;

use crate::run::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::quote;
use plimsoll_base::units::figures::seconds;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file.
pub const FILE: &str = "subnets.csv";

/// Begins the file.
pub fn begin(out: Out) -> Opened {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(["time_s", "subnet", "addresses_used"]).map_err(csv_io_error)?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: csv::Writer<Out>,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()> {
        let Observation::Sampled(sample) = observation else { return Ok(()) };
        let at = seconds(sample.at.0);
        for (name, used) in directory.subnets().iter().zip(&sample.subnet_addresses_used) {
            self.out.write_record([&at, &*quote::cell(name), &used.to_string()]).map_err(csv_io_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
