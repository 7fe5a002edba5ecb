//! `failures.csv`: every refused request, in order, with the limit that decided, the amount asked for and the amount left. These
//! four columns are empty where none did. `launch` is the number in the demand of the first instance that a launch
//! asked for, by which `plimsoll run --explain` finds it.
//!
//! When read back, rows are summed up: there may be millions, and a chart or a page shows a few hundred figures of them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::load::{each_row, number, open};
use crate::run::{Opened, Out, Streamed, csv_io_error};
use plimsoll_base::failure::LimitHit;
use plimsoll_base::input::InputError;
use plimsoll_base::quote;
use plimsoll_base::units::figures::{customary, readable, seconds};
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
            |of: fn(&LimitHit) -> u64| limit.as_ref().map(of).map_or_else(String::new, |n| n.to_string());
        let row: [&str; 12] = [
            &seconds(refusal.at.0),
            refusal.operation.name(),
            &account,
            &kind,
            &zone,
            refusal.reason.failure.ec2_name(),
            &refusal.count.to_string(),
            limit.map_or("", |limit| limit.kind.name()),
            &figure(|limit| limit.asked),
            &figure(|limit| limit.left),
            limit.map_or("", |limit| limit.kind.unit()),
            &refusal.launch.map_or_else(String::new, |launch| launch.to_string()),
        ];
        self.out.write_record(row).map_err(csv_io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Most intervals that a run is divided into.
const INTERVALS: f64 = 120.0;

/// Refusals by time and by cause.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    /// Length of the intervals that `by_code` counts in \[s\].
    pub interval_s: f64,
    /// Refused instances or calls in each interval, by error code.
    pub by_code: BTreeMap<String, Vec<f64>>,
    /// Refusals by cause, the most frequent first.
    pub causes: Vec<Cause>,
}

/// Refusals of one sort.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    /// The operation.
    pub operation: String,
    /// The error code.
    pub code: String,
    /// The zone; empty where none decided.
    pub zone: String,
    /// The limit that decided; empty where none did.
    pub limit: String,
    /// Requests.
    pub requests: u64,
    /// Instances, or calls of operations that are not on instances.
    pub refused: u64,
    /// Time of the first \[s\].
    pub first_s: f64,
    /// Amount that the first asked for and amount left, with their unit; empty where no limit decided.
    pub first: String,
}

impl Refusals {
    /// Reads the file of a run that ended at a time \[s\].
    pub fn read(path: &Path, end_s: f64) -> Result<Refusals, InputError> {
        let (mut reader, names) = open(path)?;
        let find = |name: &str| names.iter().position(|known| known == name);
        let columns =
            ["time_s", "operation", "error_code", "zone", "limit", "count", "asked", "left", "unit"]
                .map(find);
        let interval_s = interval_s(end_s);
        let intervals = (end_s / interval_s).ceil().max(1.0) as usize;
        let mut by_code: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut causes: BTreeMap<[String; 4], Cause> = BTreeMap::new();
        each_row(path, &mut reader, |row| {
            let cell = |i: usize| columns[i].and_then(|column| row.get(column)).unwrap_or_default();
            let (at, count) = (number(cell(0))?, number(cell(5))?);
            let [operation, code, zone, limit] = [1, 2, 3, 4].map(|i| cell(i).to_string());
            let counts = by_code.entry(code.clone()).or_insert_with(|| vec![0.0; intervals]);
            counts[((at / interval_s) as usize).min(intervals - 1)] += count;
            let key = [&operation, &code, &zone, &limit].map(String::clone);
            let cause = causes.entry(key).or_insert_with(|| {
                let first = match limit.is_empty() {
                    true => String::new(),
                    false => amounts(cell(6), cell(7), cell(8)),
                };
                Cause { operation, code, zone, limit, requests: 0, refused: 0, first_s: at, first }
            });
            cause.requests += 1;
            cause.refused += count as u64;
            Ok(())
        })?;
        let mut causes: Vec<Cause> = causes.into_values().collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.refused));
        Ok(Refusals { interval_s, by_code, causes })
    }
}

/// Returns the amounts that were asked for and left, in units that people use.
fn amounts(asked: &str, left: &str, unit: &str) -> String {
    let (_, shown) = customary(0.0, unit);
    let amount = |text: &str| {
        text.parse().map_or_else(|_| text.to_string(), |value: f64| readable(customary(value, unit).0))
    };
    format!("{} {shown} asked, {} left", amount(asked), amount(left))
}

/// Returns a round length of the intervals for a run of this length \[s\].
fn interval_s(end_s: f64) -> f64 {
    const STEPS: [f64; 15] = [
        1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0,
        86_400.0, 604_800.0,
    ];
    let least = end_s / INTERVALS;
    STEPS.into_iter().find(|step| *step >= least).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_summed_up_by_time_and_cause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("failures.csv");
        let text = "time_s,operation,account,type,zone,error_code,count,limit,asked,left,unit\n\
                    10,launch,a,m5.large,z,Full,3,host-room,2000,0,milli-vCPU\n\
                    70,launch,b,m5.large,z,Full,2,host-room,2000,5,milli-vCPU\n\
                    71,stop,b,,,Wrong,1,,,,\n";
        std::fs::write(&path, text).unwrap();
        let refusals = Refusals::read(&path, 120.0).unwrap();
        assert_eq!(refusals.interval_s, 1.0);
        assert_eq!((refusals.by_code["Full"][10], refusals.by_code["Full"][70]), (3.0, 2.0));
        let full = &refusals.causes[0];
        assert_eq!((full.requests, full.refused, full.first_s), (2, 5, 10.0));
        assert_eq!(full.first, "2 vCPU asked, 0 left");
        assert_eq!(refusals.causes[1].first, "");

        std::fs::write(&path, text.replace("70,", "soon,")).unwrap();
        let message = Refusals::read(&path, 120.0).unwrap_err().to_string();
        assert!(message.contains("line 3: `soon` where a number is expected"), "{message}");
    }
}
