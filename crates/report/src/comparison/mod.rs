//! Comparison: its result folder and its reports.
//!
//! The data ([`ComparisonData`]) are made of a finished comparison or read back from `comparison.json`; every report is
//! made of them.

pub mod charts;
pub mod terminal;

mod csv;
mod data;
mod markdown;
mod matrix;
mod notes;
mod page;
mod view;

pub use data::ComparisonData;
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_experiment::Comparison;
use plimsoll_sim::summary::Execution;

/// Name of the tidy table.
const CSV: &str = "comparison.csv";

/// Name of the file that only a comparison has.
pub const JSON: &str = "comparison.json";

/// Name of the Markdown page.
const MARKDOWN: &str = "comparison.md";

/// Files of a comparison with their contents.
pub const FILES: [(&str, &str); 6] = [
    (CSV, "a row for each metric and variant: mean, difference, intervals, verdict"),
    (JSON, "the same with the value of every replication, seeds and digests"),
    (MARKDOWN, "the tables, to paste into a pull request"),
    (manifest::FILE, "what was run: version, scenario, variants, command line, machine, times"),
    (crate::charts::FILES, "pictures of all that"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Returns the files of a comparison, the manifest last, without charts and page.
pub fn files(comparison: &Comparison, execution: &Execution) -> Vec<ReportFile> {
    let data = ComparisonData::of(comparison);
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    vec![
        file(CSV, csv::csv(&data)),
        ReportFile::json(JSON, &data),
        file(MARKDOWN, markdown::page(&data, execution).into_bytes()),
        file(manifest::FILE, manifest(comparison, execution)),
    ]
}

fn manifest(comparison: &Comparison, execution: &Execution) -> Vec<u8> {
    let baseline = &comparison.arms[0].scenario;
    let variants: Vec<_> = (comparison.arms.iter().zip(&comparison.design.variants))
        .map(|(arm, variant)| {
            json!({
                "label": arm.label,
                "set": variant.overrides.set,
                "scenario_sha256": arm.scenario.hash(),
                "replications": arm.replications(),
            })
        })
        .collect();
    let what = json!({
        "kind": "comparison",
        "scenario": baseline.resolved(),
        "scenario_sha256": baseline.hash(),
        "seed": baseline.seed,
        "replications": comparison.replications(),
        "variants": variants,
    });
    manifest::bytes(what, execution)
}
