//! `survival.csv`: the worst loss of one host, rack or zone, and what fits beside those it displaces; one row a sample and type.

use std::io::{self, Write};

use crate::run::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::units::figures::seconds;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file.
pub const FILE: &str = "survival.csv";

const HEADER: &str = "time_s,domains,violations,worst,displaced,unplaced,spare_vcpu,spare_memory_gib,largest_type,type,allocable";

/// Begins the file. `worst` is the name of the host, rack or zone, or its number in the order of the fleet, from 0.
pub fn begin(mut out: Out) -> Opened {
    writeln!(out, "{HEADER}")?;
    Ok(Box::new(Losses { out: csv::Writer::from_writer(out) }))
}

struct Losses {
    out: csv::Writer<Out>,
}

impl Streamed for Losses {
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()> {
        let Observation::HeadroomSampled(at, headroom) = observation else { return Ok(()) };
        let Some(survival) = &headroom.survival else { return Ok(()) };
        let name = |kind| directory.types.get(kind).name.clone();
        let sample = [
            seconds(at.0),
            survival.domains.to_string(),
            survival.violations.to_string(),
            survival.worst_name.clone(),
            survival.displaced.to_string(),
            survival.unplaced.to_string(),
            (survival.spare_vcpu_milli as f64 / 1000.0).to_string(),
            (survival.spare_memory_mib as f64 / 1024.0).to_string(),
            survival.largest.map(name).unwrap_or_default(),
        ];
        for (kind, count) in &survival.allocable {
            let of_type = [name(*kind), count.to_string()];
            self.out.write_record(sample.iter().chain(&of_type)).map_err(csv_io_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
