//! `summary.json`: every figure of the run.

use super::{ReportFile, Run};
use crate::summary;

/// Name of the file.
pub const FILE: &str = "summary.json";

/// The file.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    let mut bytes = serde_json::to_vec_pretty(&summary::value(run)).expect("a summary is plain data");
    bytes.push(b'\n');
    vec![ReportFile { name: FILE.to_string(), bytes }]
}
