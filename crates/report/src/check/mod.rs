//! Check of a result against a baseline: figures that differ, and their reports.
//!
//! The data ([`CheckData`]) are made of a finished check or read back from `check.json`; every report is made of them.

pub mod charts;
pub mod markdown;
pub mod terminal;

mod data;
mod page;
mod words;

pub use data::CheckData;
pub use page::page;

use serde_json::json;

use crate::{ReportFile, manifest};
use plimsoll_sim::summary::Execution;

/// Name of the file that holds a check, as `plimsoll check --json` prints it.
pub const JSON: &str = "check.json";

/// Name of the file with the check as Markdown.
pub const MARKDOWN: &str = "check.md";

/// Files of a check with their contents.
pub const FILES: [(&str, &str); 5] = [
    (JSON, "every figure beside its baseline, as `plimsoll check --json` prints it"),
    (MARKDOWN, "the verdict and the figures that differ, for the summary of a job"),
    (manifest::FILE, "what was checked: command line, machine, times"),
    (crate::charts::FILES, "the differences as a picture"),
    (crate::page::FILE, "one page to read and to send"),
];

/// Returns the files of a check, the manifest last, without charts and page.
pub fn files(check: &CheckData, execution: &Execution) -> Vec<ReportFile> {
    let what = json!({ "kind": "check", "scenario": check.scenario, "fails": check.fails });
    vec![
        ReportFile::json(JSON, check),
        ReportFile { name: MARKDOWN.to_string(), bytes: markdown::page(check).into_bytes() },
        ReportFile { name: manifest::FILE.to_string(), bytes: manifest::bytes(what, execution) },
    ]
}
