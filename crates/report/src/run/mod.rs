//! Run: the register of its reports, each a function from results to bytes, and its result folder.
//!
//! A new report is a file here and a line in [`REGISTER`].

pub mod charts;
pub mod checkpoint;
pub mod event_trace;
pub mod explanation;
pub mod latency;
pub mod summary;
pub mod tables;
pub mod terminal;

mod autoscaling;
mod availability;
mod billing;
mod control_plane;
mod data;
mod dated;
mod demand_figures;
mod failures;
mod headroom;
mod host_fill;
mod host_groups;
mod measures;
mod observation_log;
mod page;
mod recorder;
mod subnets;
mod survival;
mod timeseries;
mod view;

pub use data::RunData;
pub use page::page;
pub use recorder::{Streamed, StreamedReports};
pub use view::BreakdownBy;

use std::io::{self, Write};

use crate::{ReportFile, ResultFolder, manifest};
use plimsoll_base::input::InputError;
use plimsoll_sim::scenario::Scenario;
use plimsoll_sim::summary::Run;
use tables::AnyTable;

/// A report of a result folder.
pub struct Report {
    /// Name.
    pub name: &'static str,
    /// The file, or the pattern of its files.
    pub file: &'static str,
    /// Contents, in one line.
    pub holds: &'static str,
    /// Function that makes the report.
    pub make: MakeReport,
}

/// Functions that make reports.
pub enum MakeReport {
    /// Makes files of the finished run.
    AtEnd(fn(&Run<'_>) -> Vec<ReportFile>),
    /// Writes rows while the run goes on.
    Streamed(Begin),
    /// Writes rows while the run goes on, if the scenario needs the report.
    StreamedIf(fn(&Scenario) -> bool, Begin),
    /// Writes rows with names of the scenario while the run goes on, if the scenario needs the report.
    StreamedOf(fn(&Scenario) -> bool, fn(Out, &Scenario) -> Opened),
    /// Writes rows into a file for each table, if the run is asked for tables.
    Tables(&'static [&'static dyn AnyTable]),
    /// Drawn from the other files, at the end and any time later ([`render`](crate::render)).
    Drawn,
}

/// Begins a streamed report in an open file.
pub type Begin = fn(Out) -> Opened;

/// A file of the result being written.
pub type Out = Box<dyn Write + Send>;

/// A streamed report that was begun.
pub type Opened = io::Result<Box<dyn Streamed>>;

/// Every report, in the order they are written. The manifest comes after all files that it marks as whole; charts and page are
/// made of the others.
#[rustfmt::skip]
pub const REGISTER: [Report; 22] = [
    Report { name: "timeseries", file: timeseries::FILE, holds: "one row per sampling interval: fleet, addresses, volumes, money", make: MakeReport::Streamed(timeseries::begin) },
    Report { name: "subnets", file: subnets::FILE, holds: "addresses in use in each subnet, over time", make: MakeReport::Streamed(subnets::begin) },
    Report { name: "autoscaling", file: autoscaling::FILE, holds: "with Auto Scaling groups: load, capacity and size of each, over time", make: MakeReport::StreamedIf(autoscaling::is_asked_for, autoscaling::begin) },
    Report { name: "host-fill", file: host_fill::FILE, holds: "how many hosts are how full, over time", make: MakeReport::Streamed(host_fill::begin) },
    Report { name: "host-groups", file: host_groups::FILE, holds: "with several host groups: hosts and their use in each, over time", make: MakeReport::StreamedOf(|s| s.host_kinds().of_group.len() > 1, host_groups::begin) },
    Report { name: "failures", file: failures::FILE, holds: "every refused request: time, operation, account, type, zone, error code, limit", make: MakeReport::Streamed(failures::begin) },
    Report { name: "availability", file: availability::FILE, holds: "with objectives or a control plane: calls of every minute, and those that the service failed", make: MakeReport::StreamedIf(Scenario::counts_minutes, availability::begin) },
    Report { name: "headroom", file: headroom::FILE, holds: "with [headroom]: what the fleet could still take, one row a sample", make: MakeReport::StreamedIf(|s| s.headroom.is_some(), headroom::begin) },
    Report { name: "survival", file: survival::FILE, holds: "with headroom.survive: the worst loss of one host, rack or zone, and what fits then, one row a sample and type", make: MakeReport::StreamedIf(|s| s.headroom.as_ref().is_some_and(|headroom| headroom.survive.is_some()), survival::begin) },
    Report { name: "allocable", file: headroom::TYPES_FILE, holds: "with [headroom]: instances of each type alone that would fit, one row a sample and type", make: MakeReport::StreamedIf(|s| s.headroom.is_some(), headroom::begin_types) },
    Report { name: "control-plane", file: control_plane::FILE, holds: "with a control plane: its stages, over time", make: MakeReport::StreamedIf(|s| s.control_plane.is_modelled(), control_plane::begin) },
    Report { name: "billing", file: billing::FILE, holds: "money by account, kind, type, purchase and month", make: MakeReport::AtEnd(billing::files) },
    Report { name: "latency", file: latency::FILE, holds: "percentiles of what took time, by operation", make: MakeReport::AtEnd(latency::table) },
    Report { name: "histograms", file: "latency/*.hlog", holds: "the whole distributions, as HdrHistogram interval logs", make: MakeReport::AtEnd(latency::histograms) },
    Report { name: "percentile files", file: "latency/*.hgrm", holds: "their percentiles, as HdrHistogram's plotters read them", make: MakeReport::AtEnd(latency::percentiles) },
    Report { name: "summary", file: summary::FILE, holds: "the figures of the run (`plimsoll list metrics`)", make: MakeReport::AtEnd(summary::files) },
    Report { name: "explanation", file: explanation::FILE, holds: "with --explain: every decision about the place of an instance, every request of a launch", make: MakeReport::AtEnd(explanation::files) },
    Report { name: "explanation page", file: explanation::PAGE, holds: "the same to read", make: MakeReport::AtEnd(explanation::pages) },
    Report { name: "tables", file: tables::FILES, holds: "with --tables: instances, volumes, billing records and more, for DuckDB and polars", make: MakeReport::Tables(tables::TABLES) },
    Report { name: "manifest", file: manifest::FILE, holds: "what was run: version, scenario, hashes, command line, machine, times", make: MakeReport::AtEnd(manifest::files) },
    Report { name: "charts", file: crate::charts::FILES, holds: "pictures of all that", make: MakeReport::Drawn },
    Report { name: "page", file: crate::page::FILE, holds: "one page to read and to send", make: MakeReport::Drawn },
];

/// Writes every report that is made at the end.
pub fn write_at_end(run: &Run<'_>, folder: &ResultFolder) -> Result<(), InputError> {
    for report in &REGISTER {
        if let MakeReport::AtEnd(make) = report.make {
            for file in make(run) {
                folder.write(&file.name, &file.bytes)?;
            }
        }
    }
    Ok(())
}

/// Returns the error of the file itself: that of the csv crate would hide a full disk.
fn csv_io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
