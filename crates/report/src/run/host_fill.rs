//! `host_fill.csv`: number of hosts by their share of vCPU in use, over time.

use std::io::{self, Write};

use crate::run::{Opened, Out, Streamed};
use plimsoll_base::units::figures::seconds;
use plimsoll_model::fleet::fill::CLASSES;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file.
pub const FILE: &str = "host_fill.csv";

/// Begins the file: after `empty` a column for each class, named by its greatest share in percent.
pub fn begin(mut out: Out) -> Opened {
    let classes = (1..=CLASSES).map(|class| format!("hosts_to_{}_percent", class * 100 / CLASSES));
    writeln!(out, "time_s,hosts_empty,{}", classes.collect::<Vec<_>>().join(","))?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: Out,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let Observation::Sampled(sample) = observation else { return Ok(()) };
        write!(self.out, "{},{}", seconds(sample.at.0), sample.fill.empty)?;
        for hosts in sample.fill.hosts {
            write!(self.out, ",{hosts}")?;
        }
        writeln!(self.out)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
