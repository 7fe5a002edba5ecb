//! What is drawn of a finished result folder, of whatever kind: its charts and its page.

use std::path::Path;

use super::charts::{self, plot::Plot};
use super::html;
use super::reading::{CheckReading, ComparisonReading, RunReading, SizingReading, SweepReading};
use super::reading::{check, comparison, sizing, sweep};
use super::{ReportFile, summary};
use plimsoll_base::input::InputError;

/// Charts and page of a result.
pub struct Drawing {
    /// The charts, in the order of the page.
    pub plots: Vec<Plot>,
    /// The page's bytes.
    pub page: Vec<u8>,
}

/// A kind of result.
struct Kind {
    /// The file that only this kind has.
    mark: &'static str,
    draw: fn(&Path) -> Result<Drawing, InputError>,
}

/// Every kind. What is none of the others is taken for a run.
const KINDS: [Kind; 5] = [
    Kind { mark: comparison::FILE, draw: of_comparison },
    Kind { mark: sweep::FILE, draw: of_sweep },
    Kind { mark: sizing::FILE, draw: of_sizing },
    Kind { mark: check::FILE, draw: of_check },
    Kind { mark: summary::FILE, draw: of_run },
];

impl Drawing {
    /// Draws the result in a folder.
    pub fn of(folder: &Path) -> Result<Drawing, InputError> {
        let [.., run] = &KINDS;
        let kind = KINDS.iter().find(|kind| folder.join(kind.mark).exists()).unwrap_or(run);
        (kind.draw)(folder)
    }

    /// The files of a result folder.
    pub fn files(&self) -> Vec<ReportFile> {
        let page = ReportFile { name: html::FILE.to_string(), bytes: self.page.clone() };
        self.plots.iter().map(charts::svg_file).chain([page]).collect()
    }
}

fn of_run(folder: &Path) -> Result<Drawing, InputError> {
    let run = RunReading::open(folder)?;
    let plots = charts::plots(&run);
    Ok(Drawing { page: html::of_run(&run, &plots), plots })
}

fn of_comparison(folder: &Path) -> Result<Drawing, InputError> {
    let comparison = ComparisonReading::open(folder)?;
    let plots = charts::of_comparison(&comparison);
    Ok(Drawing { page: html::of_comparison(&comparison, &plots), plots })
}

fn of_sweep(folder: &Path) -> Result<Drawing, InputError> {
    let sweep = SweepReading::open(folder)?;
    let plots = charts::of_sweep(&sweep);
    Ok(Drawing { page: html::of_sweep(&sweep, &plots), plots })
}

fn of_sizing(folder: &Path) -> Result<Drawing, InputError> {
    let sizing = SizingReading::open(folder)?;
    let plots = charts::of_sizing(&sizing);
    Ok(Drawing { page: html::of_sizing(&sizing, &plots), plots })
}

fn of_check(folder: &Path) -> Result<Drawing, InputError> {
    let check = CheckReading::open(folder)?;
    let plots = charts::of_check(&check);
    Ok(Drawing { page: html::of_check(&check, &plots), plots })
}
