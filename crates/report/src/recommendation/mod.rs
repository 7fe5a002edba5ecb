//! Recommendation: its result folder and its reports.
//!
//! The data ([`RecommendationData`]) are made of a finished search or read back from `recommendation.json`; every report is
//! made of them.

pub mod charts;
pub mod terminal;

mod csv;
mod data;
mod page;
mod tables;
mod words;

pub use data::RecommendationData;
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_experiment::Recommendation;
use plimsoll_sim::summary::Execution;

/// Name of the table of what was tried.
const CSV: &str = "tried.csv";

/// Name of the file that only a recommendation has.
pub const JSON: &str = "recommendation.json";

/// Name of the scenario with the recommended settings in it.
pub const SCENARIO: &str = "scenario.toml";

/// Files of a recommendation with their contents.
pub const FILES: [(&str, &str); 6] = [
    (SCENARIO, "the scenario with the recommended settings, ready to run"),
    (CSV, "a row for each point tried, in order, with runs, cost and what the targets showed"),
    (JSON, "the recommendation, the optimum of each future, and every point tried"),
    (manifest::FILE, "what was run: version, scenario, command line, machine, times"),
    (crate::charts::FILES, "the points tried as a picture"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Returns the files of a recommendation, the manifest last, without charts and page. `scenario` is the text of the scenario with
/// the recommended settings, where there are any.
pub fn files(
    recommendation: &Recommendation,
    scenario: Option<String>,
    execution: &Execution,
) -> Vec<ReportFile> {
    let data = RecommendationData::of(recommendation);
    let file = |name: &str, bytes: Vec<u8>| ReportFile { name: name.to_string(), bytes };
    let scenario = scenario.map(|text| file(SCENARIO, text.into_bytes()));
    let others = [
        file(CSV, csv::csv(&data)),
        ReportFile::json(JSON, &data),
        file(manifest::FILE, manifest(recommendation, &data, execution)),
    ];
    scenario.into_iter().chain(others).collect()
}

fn manifest(recommendation: &Recommendation, data: &RecommendationData, execution: &Execution) -> Vec<u8> {
    let scenario = &recommendation.checked.scenario;
    let what = json!({
        "kind": "recommendation",
        "scenario": scenario.resolved(),
        "scenario_sha256": scenario.hash(),
        "seed": scenario.seed,
        "settings": data.variables,
        "cost": data.cost,
        "targets": data.targets,
        "recommended": data.recommended,
    });
    manifest::bytes(what, execution)
}
