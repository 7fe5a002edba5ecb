//! `headroom.csv` and `allocable.csv`: headroom of the fleet, one row a sample, and one row a sample and type.
//! A cell is empty where a sample had no value, such as headroom of a live mix while nothing ran.

use std::io::{self, Write};

use crate::run::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::quote;
use plimsoll_base::units::figures::seconds;
use plimsoll_model::headroom::Headroom;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file of the fleet.
pub const FILE: &str = "headroom.csv";

/// Name of the file of the types.
pub const TYPES_FILE: &str = "allocable.csv";

/// A column: its name, and its value.
type Column = (&'static str, fn(&Headroom) -> Option<String>);

#[rustfmt::skip]
const COLUMNS: [Column; 12] = [
    ("headroom_instances", |h| h.inflation.map(|i| i.instances.to_string())),
    ("headroom_ratio", |h| h.inflation.map(|i| i.ratio.to_string())),
    ("stranded_vcpu_ratio", |h| h.inflation.map(|i| i.stranded_vcpu_ratio.to_string())),
    ("stranded_memory_ratio", |h| h.inflation.map(|i| i.stranded_memory_ratio.to_string())),
    ("unusable_vcpu_ratio", |h| h.unusable.map(|shares| shares.vcpu.to_string())),
    ("unusable_memory_ratio", |h| h.unusable.map(|shares| shares.memory.to_string())),
    ("unusable_gpu_ratio", |h| h.unusable.and_then(|shares| shares.gpu).map(|share| share.to_string())),
    ("fgd_vcpu_ratio", |h| h.fgd.map(|shares| shares.vcpu.to_string())),
    ("fgd_memory_ratio", |h| h.fgd.map(|shares| shares.memory.to_string())),
    ("fgd_gpu_ratio", |h| h.fgd.and_then(|shares| shares.gpu).map(|share| share.to_string())),
    ("hosts_compacted", |h| h.hosts_compacted.map(|hosts| hosts.to_string())),
    ("hosts_lower_bound", |h| Some(h.hosts_lower_bound.to_string())),
];

/// Begins the file of the fleet.
pub fn begin(mut out: Out) -> Opened {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    writeln!(out, "time_s,{},first_refused,largest_type", names.join(","))?;
    Ok(Box::new(Fleet { out: csv::Writer::from_writer(out) }))
}

struct Fleet {
    out: csv::Writer<Out>,
}

impl Streamed for Fleet {
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()> {
        let Observation::HeadroomSampled(at, headroom) = observation else { return Ok(()) };
        let name = |kind| directory.types.get(kind).name.clone();
        let first_refused = headroom.inflation.map(|inflation| name(inflation.first_refused));
        let mut row = vec![seconds(at.0)];
        row.extend(COLUMNS.map(|(_, value)| value(headroom).unwrap_or_default()));
        row.push(first_refused.unwrap_or_default());
        row.push(headroom.largest.map(name).unwrap_or_default());
        self.out.write_record(&row).map_err(csv_io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Begins the file of the types.
pub fn begin_types(mut out: Out) -> Opened {
    writeln!(out, "time_s,type,allocable")?;
    Ok(Box::new(Types { out: csv::Writer::from_writer(out) }))
}

struct Types {
    out: csv::Writer<Out>,
}

impl Streamed for Types {
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()> {
        let Observation::HeadroomSampled(at, headroom) = observation else { return Ok(()) };
        for (kind, count) in &headroom.allocable {
            let name = directory.types.get(*kind).name.as_str();
            let row = [&seconds(at.0), &*quote::cell(name), &count.to_string()];
            self.out.write_record(row).map_err(csv_io_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
