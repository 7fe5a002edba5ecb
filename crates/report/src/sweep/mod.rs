//! A sweep as files: all its runs as one tidy table, in CSV and Parquet, and what was swept. All but the manifest
//! have the same bytes however the sweep was carried out.

pub mod charts;
mod load;
mod page;
mod table;
pub mod terminal;

pub use load::SweepData;
pub use page::page;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{ReportFile, manifest};
use plimsoll_experiment::sweep::{FinishedRun, Plan, hex};
use plimsoll_sim::summary::Execution;
use table::RunTable;

/// Name of the table as text.
const CSV: &str = "runs.csv";

/// Name of the table in columns.
const PARQUET: &str = "runs.parquet";

/// Name of the file that tells what was swept.
pub const JSON: &str = "sweep.json";

/// The schema of [`JSON`] of this version.
const SCHEMA: &str = "plimsoll/sweep/1";

/// Digits of the digest over all runs: 128 bits.
const DIGEST_DIGITS: usize = 32;

/// The files of a sweep and what they hold.
pub const FILES: [(&str, &str); 6] = [
    (CSV, "a row for each run: the value of every axis, the seed, the digest, every figure"),
    (PARQUET, "the same for DuckDB and polars"),
    (JSON, "what was swept: axes, seeds, inputs, and one digest over all runs"),
    (manifest::FILE, "how it was made: version, command line, machine, times"),
    (crate::charts::FILES, "pictures of all that"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Makes them, the manifest last, but for what is drawn of them.
pub fn files(plan: &Plan, finished: &[FinishedRun], execution: &Execution) -> Vec<ReportFile> {
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    let table = RunTable::new(plan, finished);
    let mut json = serde_json::to_vec_pretty(&value(plan, finished)).expect("a sweep is plain data");
    json.push(b'\n');
    vec![
        file(CSV, table.csv()),
        file(PARQUET, table.parquet()),
        file(JSON, json),
        file(manifest::FILE, manifest(plan, execution)),
    ]
}

/// What was swept, for a program.
pub fn value(plan: &Plan, finished: &[FinishedRun]) -> Value {
    let axes: Vec<Value> = (plan.axes.iter().enumerate())
        .map(|(axis, path)| json!({ "path": path, "values": plan.values_of(axis) }))
        .collect();
    json!({
        "schema": SCHEMA,
        "version": plan.version,
        "name": plan.name,
        "scenario": plan.scenario_name,
        "scenario_file": plan.scenario,
        "inputs": plan.inputs,
        "axes": axes,
        "seeds": plan.seeds(),
        "runs": plan.runs.len(),
        "digest": digest(finished),
    })
}

/// One digest over the digests of all runs, in order.
fn digest(finished: &[FinishedRun]) -> String {
    let mut hasher = Sha256::new();
    finished.iter().for_each(|run| hasher.update(&run.digest));
    hex(&hasher.finalize())[..DIGEST_DIGITS].to_string()
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
