//! A comparison as files: a tidy table, everything as JSON, and a page to paste into a pull request.

pub mod charts;
mod data;
mod load;
mod markdown;
mod page;
mod sheet;
pub mod terminal;

pub use load::ComparisonData;
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_experiment::Comparison;
use plimsoll_sim::summary::Execution;

/// Name of the tidy table: a row for each metric and variant.
const CSV: &str = "comparison.csv";

/// Name of the file with everything.
pub const JSON: &str = "comparison.json";

/// Name of the page.
const MARKDOWN: &str = "comparison.md";

/// The files of a comparison and what they hold.
pub const FILES: [(&str, &str); 6] = [
    (CSV, "a row for each metric and variant: mean, difference, intervals, verdict"),
    (JSON, "the same with the value of every replication, seeds and digests"),
    (MARKDOWN, "the tables, to paste into a pull request"),
    (manifest::FILE, "what was run: version, scenario, variants, command line, machine, times"),
    (crate::charts::FILES, "pictures of all that"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Makes them, the manifest last, but for what is drawn of them.
pub fn files(comparison: &Comparison, execution: &Execution) -> Vec<ReportFile> {
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    let mut json = serde_json::to_vec_pretty(&data::json(comparison)).expect("a comparison is plain data");
    json.push(b'\n');
    vec![
        file(CSV, data::csv(comparison)),
        file(JSON, json),
        file(MARKDOWN, markdown::page(comparison, execution).into_bytes()),
        file(manifest::FILE, manifest(comparison, execution)),
    ]
}

/// Everything as JSON, for a program.
pub fn value(comparison: &Comparison) -> serde_json::Value {
    data::json(comparison)
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
