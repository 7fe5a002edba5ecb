//! `availability.csv`: the calls of every minute after the warm-up, and how many of them failed by a fault of the
//! service ([`Failure::is_fault_of_service`](plimsoll_base::failure::Failure::is_fault_of_service)).

use std::io::{self, Write};

use crate::run::{Opened, Out, Streamed};
use plimsoll_base::units::figures::seconds;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file.
pub const FILE: &str = "availability.csv";

/// Begins the file.
pub fn begin(mut out: Out) -> Opened {
    writeln!(out, "time_s,calls,failed")?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: Out,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let Observation::MinuteEnded(minute) = observation else { return Ok(()) };
        writeln!(self.out, "{},{},{}", seconds(minute.began.0), minute.calls, minute.failed)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
