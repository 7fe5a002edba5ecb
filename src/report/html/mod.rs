//! `report.html`: one page that holds everything it shows and asks the network for nothing. It can be read without
//! scripts, with the keyboard, on a phone and on paper; what scripts add is zooming, pointing, sorting and filtering.
//!
//! Names from traces and scenarios are data: `maud` escapes them, scripts get them as JSON, and the page allows no script
//! but its own.

mod chart;
mod figures;
mod run;
mod shell;
mod table;

use super::reading::RunReading;
use super::{ReportFile, charts};

/// Name of the file.
pub const FILE: &str = "report.html";

/// The page of a run.
pub fn files(run: &RunReading) -> Vec<ReportFile> {
    vec![ReportFile { name: FILE.to_string(), bytes: run::page(run, &charts::plots(run)) }]
}
