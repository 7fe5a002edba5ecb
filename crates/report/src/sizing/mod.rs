//! Sizing: its result folder and its reports.
//!
//! The data ([`SizingData`]) are made of a finished search or read back from `sizing.json`; every report is made of them.

pub mod charts;
pub mod terminal;

mod csv;
mod data;
mod page;
mod words;

pub use data::{SizingData, TargetData};
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_experiment::Sizing;
use plimsoll_sim::summary::Execution;

/// Name of the curve.
const CSV: &str = "sizing.csv";

/// Name of the file that only a sizing has.
pub const JSON: &str = "sizing.json";

/// Files of a sizing with their contents.
pub const FILES: [(&str, &str); 5] = [
    (CSV, "the curve: a row for each value tried, with runs, mean, interval and hosts"),
    (JSON, "the answer, and the curve with the value of every run, seeds and digests"),
    (manifest::FILE, "what was run: version, scenario, command line, machine, times"),
    (crate::charts::FILES, "the curve as a picture"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Returns the files of a sizing, the manifest last, without charts and page.
pub fn files(sizing: &Sizing, execution: &Execution) -> Vec<ReportFile> {
    let data = SizingData::of(sizing);
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    vec![
        file(CSV, csv::csv(&data)),
        ReportFile::json(JSON, &data),
        file(manifest::FILE, manifest(sizing, execution)),
    ]
}

fn manifest(sizing: &Sizing, execution: &Execution) -> Vec<u8> {
    let what = json!({
        "kind": "sizing",
        "scenario": sizing.scenario.resolved(),
        "scenario_sha256": sizing.scenario.hash(),
        "seed": sizing.scenario.seed,
        "setting": sizing.plan.name(),
        "target": sizing.plan.target.to_string(),
        "answer": sizing.result.answer(),
    });
    manifest::bytes(what, execution)
}
