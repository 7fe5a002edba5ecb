//! `host_groups.csv`: hosts and their use in each host group, over time, where there are several. A row per sampling interval
//! and group.

use std::io;
use std::path::Path;

use crate::load::{each_row, number, open};
use crate::run::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::input::InputError;
use plimsoll_base::quote;
use plimsoll_base::units::figures::seconds;
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;
use plimsoll_sim::scenario::Scenario;

/// Name of the file.
pub const FILE: &str = "host_groups.csv";

/// Totals of a group: the column of each, and its smallest units to one of the column's.
const TOTALS: [(&str, Total, f64); 8] = [
    ("hosts", Total::Hosts, 1.0),
    ("hosts_used", Total::HostsUsed, 1.0),
    ("vcpu", Total::Vcpu, 1000.0),
    ("vcpu_used", Total::VcpuUsed, 1000.0),
    ("memory_gib", Total::Memory, 1024.0),
    ("memory_used_gib", Total::MemoryUsed, 1024.0),
    ("gpu", Total::Gpu, 1000.0),
    ("gpu_used", Total::GpuUsed, 1000.0),
];

/// Begins the file.
pub fn begin(out: Out, scenario: &Scenario) -> Opened {
    let mut out = csv::Writer::from_writer(out);
    let header = ["time_s", "group", "zone", "sku"].into_iter().chain(TOTALS.map(|(name, _, _)| name));
    out.write_record(header).map_err(csv_io_error)?;
    let kinds = scenario.host_kinds();
    let zones = scenario.zones.iter().flat_map(|zone| zone.hosts.iter().map(|_| zone.name.clone()));
    let names = zones.zip(kinds.of_group).map(|(zone, kind)| (zone, kinds.names[usize::from(kind)].clone()));
    Ok(Box::new(Rows { out, names: names.collect() }))
}

struct Rows {
    out: csv::Writer<Out>,
    /// Zone and kind of hosts of each group.
    names: Vec<(String, String)>,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let Observation::Sampled(sample) = observation else { return Ok(()) };
        let at = seconds(sample.at.0);
        for (number, ((zone, sku), totals)) in self.names.iter().zip(&sample.groups).enumerate() {
            let names = [at.clone(), number.to_string(), quote::cell(zone).into(), quote::cell(sku).into()];
            let amounts = TOTALS.map(|(_, total, per_one)| (totals[total] as f64 / per_one).to_string());
            self.out.write_record(names.iter().chain(&amounts)).map_err(csv_io_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Use of a host group over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupSeries {
    /// Zone.
    pub zone: String,
    /// Kind of hosts.
    pub sku: String,
    /// Times \[s\].
    pub times: Vec<f64>,
    /// vCPU in use and to sell.
    pub vcpu: Vec<[f64; 2]>,
    /// Memory in use and to sell \[GiB\].
    pub memory: Vec<[f64; 2]>,
}

/// Reads the file: a series for each group, in their order.
pub fn read(path: &Path) -> Result<Vec<GroupSeries>, InputError> {
    const COLUMNS: [&str; 8] =
        ["time_s", "group", "zone", "sku", "vcpu_used", "vcpu", "memory_used_gib", "memory_gib"];
    let (mut reader, names) = open(path)?;
    let columns = COLUMNS.map(|name| names.iter().position(|known| known == name));
    let mut groups: Vec<GroupSeries> = Vec::new();
    each_row(path, &mut reader, |row| {
        let cell = |i: usize| columns[i].and_then(|column| row.get(column)).unwrap_or_default();
        let position = number(cell(1))? as usize;
        if position > groups.len() {
            return Err(format!("group {position} before those below it"));
        }
        if position == groups.len() {
            let [zone, sku] = [2, 3].map(|i| quote::from_cell(cell(i)).to_string());
            groups.push(GroupSeries { zone, sku, ..GroupSeries::default() });
        }
        let group = &mut groups[position];
        group.times.push(number(cell(0))?);
        group.vcpu.push([number(cell(4))?, number(cell(5))?]);
        group.memory.push([number(cell(6))?, number(cell(7))?]);
        Ok(())
    })?;
    Ok(groups)
}
