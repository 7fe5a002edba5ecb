//! `summary.json`: every figure of the run, and what it was to reach.

use serde_json::Value;

use crate::ReportFile;
use plimsoll_experiment::{Figures, objective};
use plimsoll_sim::summary::{self, Run};

/// Name of the file.
pub const FILE: &str = "summary.json";

/// The figures of a run with its verdicts on the objectives of the scenario.
pub fn value(run: &Run<'_>) -> Value {
    let mut summary = summary::value(run);
    let judged = objective::judge(run.scenario, &Figures::from_summary(&summary));
    summary["objectives"] = objective::value(&judged);
    summary
}

/// The file.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    let mut bytes = serde_json::to_vec_pretty(&value(run)).expect("a summary is plain data");
    bytes.push(b'\n');
    vec![ReportFile { name: FILE.to_string(), bytes }]
}
