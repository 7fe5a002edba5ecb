//! `timeseries.csv`: one row per sampling interval.

use std::io::{self, Write};

use crate::run::{Opened, Out, Streamed};
use plimsoll_base::units::figures::seconds;
use plimsoll_base::units::format_micro_usd;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::{Observation, Sample};

/// Name of the file.
pub const FILE: &str = "timeseries.csv";

/// A column: its name, with its unit unless it counts, and its value.
type Column = (&'static str, fn(&Sample) -> String);

/// Returns milli-vCPU or milli-GPU as vCPU or GPU: at most three decimals, which `f64` shows as they are.
fn thousandths(milli: u64) -> String {
    (milli as f64 / 1000.0).to_string()
}

/// Returns MiB as GiB: a fraction of a power of two, which `f64` shows exactly.
fn gib(mib: u64) -> String {
    (mib as f64 / 1024.0).to_string()
}

/// The columns, in order.
#[rustfmt::skip]
const COLUMNS: [Column; 28] = [
    ("time_s", |s| seconds(s.at.0)),
    ("hosts", |s| s.hosts.to_string()),
    ("hosts_used", |s| s.hosts_used.to_string()),
    ("vcpu", |s| thousandths(s.vcpu_milli)),
    ("vcpu_used", |s| thousandths(s.vcpu_used_milli)),
    ("vcpu_of_used_hosts", |s| thousandths(s.vcpu_nonempty_milli)),
    ("vcpu_stranded", |s| thousandths(s.vcpu_stranded_milli)),
    ("memory_gib", |s| gib(s.memory_mib)),
    ("memory_used_gib", |s| gib(s.memory_used_mib)),
    ("memory_of_used_hosts_gib", |s| gib(s.memory_nonempty_mib)),
    ("memory_stranded_gib", |s| gib(s.memory_stranded_mib)),
    ("vcpu_unmet", |s| thousandths(s.vcpu_unmet_milli)),
    ("memory_unmet_gib", |s| gib(s.memory_unmet_mib)),
    ("gpu", |s| thousandths(s.gpu_milli)),
    ("gpu_used", |s| thousandths(s.gpu_used_milli)),
    ("instances_running", |s| s.instances_running.to_string()),
    ("instances_stopped", |s| s.instances_stopped.to_string()),
    ("launches_requested", |s| s.launches_requested.to_string()),
    ("launches_succeeded", |s| s.launches_succeeded.to_string()),
    ("launches_waiting", |s| s.launches_waiting.to_string()),
    ("addresses_used", |s| s.addresses_used.to_string()),
    ("public_addresses_used", |s| s.public_addresses_used.to_string()),
    ("elastic_addresses", |s| s.elastic_addresses.to_string()),
    ("volume_gib_used", |s| s.volume_gib_used.to_string()),
    ("accrued_usd", |s| format_micro_usd(s.accrued_micro_usd)),
    ("launch_median_s", |s| s.launch_latency.map(|latency| seconds(latency.median.0)).unwrap_or_default()),
    ("launch_p99_s", |s| s.launch_latency.map(|latency| seconds(latency.p99.0)).unwrap_or_default()),
    ("events", |s| s.events.to_string()),
];

/// Begins the file.
pub fn begin(mut out: Out) -> Opened {
    writeln!(out, "{}", COLUMNS.map(|(name, _)| name).join(","))?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: Box<dyn Write>,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let Observation::Sampled(sample) = observation else { return Ok(()) };
        // Nothing in a row needs quotes: all are numbers.
        writeln!(self.out, "{}", COLUMNS.map(|(_, value)| value(sample)).join(","))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
