//! Sweep: its result folder and its reports. All files but the manifest have the same bytes however the sweep was
//! carried out.

pub mod charts;
pub mod terminal;

mod data;
mod page;
mod points;
mod table;

pub use data::{SweepData, SweepSummary};
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_experiment::sweep::{FinishedRun, Plan};
use plimsoll_sim::summary::Execution;
use table::RunTable;

/// Name of the table as text.
const CSV: &str = "runs.csv";

/// Name of the table in columns.
const PARQUET: &str = "runs.parquet";

/// Name of the file that only a sweep has.
pub const JSON: &str = "sweep.json";

/// Files of a sweep with their contents.
pub const FILES: [(&str, &str); 6] = [
    (CSV, "a row for each run: the value of every axis, the seed, the digest, every figure"),
    (PARQUET, "the same for DuckDB and polars"),
    (JSON, "what was swept: axes, seeds, inputs, and one digest over all runs"),
    (manifest::FILE, "how it was made: version, command line, machine, times"),
    (crate::charts::FILES, "pictures of all that"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Returns the files of a sweep, the manifest last, without charts and page.
pub fn files(plan: &Plan, finished: &[FinishedRun], execution: &Execution) -> Vec<ReportFile> {
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    let table = RunTable::new(plan, finished);
    vec![
        file(CSV, table.csv()),
        file(PARQUET, table.parquet()),
        ReportFile::json(JSON, &SweepSummary::of(plan, finished)),
        file(manifest::FILE, manifest(plan, execution)),
    ]
}

fn manifest(plan: &Plan, execution: &Execution) -> Vec<u8> {
    let what = json!({
        "kind": "sweep",
        "sweep": plan.name,
        "scenario_file": plan.scenario.file,
        "scenario_sha256": plan.scenario.sha256,
        "inputs": plan.inputs,
        "runs": plan.runs.len(),
    });
    manifest::bytes(what, execution)
}
