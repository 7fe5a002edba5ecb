//! A sizing as files: the curve it learned as a tidy table, and everything as JSON.

pub mod charts;
mod data;
mod load;
mod page;
mod sheet;
pub mod terminal;

pub use load::SizingData;
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_experiment::Sizing;
use plimsoll_sim::summary::Execution;

/// Name of the curve.
const CSV: &str = "sizing.csv";

/// Name of the file with everything.
pub const JSON: &str = "sizing.json";

/// The files of a sizing and what they hold.
pub const FILES: [(&str, &str); 5] = [
    (CSV, "the curve: a row for each value looked at, with runs, mean, interval and hosts"),
    (JSON, "the answer, and the curve with the value of every run, seeds and digests"),
    (manifest::FILE, "what was run: version, scenario, command line, machine, times"),
    (crate::charts::FILES, "the curve as a picture"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Makes them, the manifest last, but for what is drawn of them.
pub fn files(sizing: &Sizing, execution: &Execution) -> Vec<ReportFile> {
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    let mut json = serde_json::to_vec_pretty(&data::json(sizing)).expect("a sizing is plain data");
    json.push(b'\n');
    vec![file(CSV, data::csv(sizing)), file(JSON, json), file(manifest::FILE, manifest(sizing, execution))]
}

/// Everything as JSON, for a program.
pub fn value(sizing: &Sizing) -> serde_json::Value {
    data::json(sizing)
}

fn manifest(sizing: &Sizing, execution: &Execution) -> Vec<u8> {
    let what = json!({
        "kind": "sizing",
        "scenario": sizing.scenario.resolved(),
        "scenario_sha256": sizing.scenario.hash(),
        "seed": sizing.scenario.seed,
        "setting": sizing.question.path,
        "target": sizing.question.target.to_string(),
        "answer": sizing.ending.answer(),
    });
    manifest::bytes(what, execution)
}
