//! Charts and page of a finished result folder, of whatever kind.

use std::path::{Path, PathBuf};

use crate::charts;
use crate::check::{self, CheckData};
use crate::comparison::{self, ComparisonData};
use crate::page;
use crate::recommendation::{self, RecommendationData};
use crate::run::{self, RunData};
use crate::sizing::{self, SizingData};
use crate::sweep::{self, SweepData};
use crate::{ReportFile, ResultFolder};
use plimsoll_base::input::InputError;
use plimsoll_chart::plot::Plot;

/// Charts and page of a result.
pub struct Rendering {
    /// The charts, in the order of the page.
    pub plots: Vec<Plot>,
    /// The page's bytes.
    pub page: Vec<u8>,
}

/// A kind of result.
struct Kind {
    /// Name of the file that only this kind has.
    mark: &'static str,
    render: fn(&Path) -> Result<Rendering, InputError>,
}

/// Every kind. A folder of no other kind is taken for a run.
const KINDS: [Kind; 6] = [
    Kind { mark: comparison::JSON, render: comparison },
    Kind { mark: sweep::JSON, render: sweep },
    Kind { mark: sizing::JSON, render: sizing },
    Kind { mark: recommendation::JSON, render: recommendation },
    Kind { mark: check::JSON, render: check },
    Kind { mark: run::summary::FILE, render: run },
];

impl Rendering {
    /// Renders the result in a folder.
    ///
    /// # Errors
    ///
    /// A file of the result that is missing, cannot be read, or holds something else than plimsoll writes.
    pub fn of(folder: &Path) -> Result<Rendering, InputError> {
        let [.., run] = &KINDS;
        let kind = KINDS.iter().find(|kind| folder.join(kind.mark).exists()).unwrap_or(run);
        (kind.render)(folder)
    }

    /// Returns the files of a result folder: each chart as SVG, and the page.
    pub fn files(&self) -> Vec<ReportFile> {
        let page = ReportFile { name: page::FILE.to_string(), bytes: self.page.clone() };
        self.plots.iter().map(charts::svg_file).chain([page]).collect()
    }
}

/// Renders the result under construction, and writes charts and page beside its other files.
///
/// # Errors
///
/// Errors of [`Rendering::of`], and a file that cannot be written.
pub fn write(folder: &ResultFolder) -> Result<(), InputError> {
    for file in Rendering::of(folder.draft())?.files() {
        folder.write(&file.name, &file.bytes)?;
    }
    Ok(())
}

/// Writes the files of a result, renders them, and publishes the folder. Returns its place.
///
/// # Errors
///
/// Errors of [`write()`], and a place that cannot be replaced.
pub fn publish(folder: ResultFolder, files: &[ReportFile]) -> Result<PathBuf, InputError> {
    for file in files {
        folder.write(&file.name, &file.bytes)?;
    }
    write(&folder)?;
    folder.publish()
}

fn run(folder: &Path) -> Result<Rendering, InputError> {
    let data = RunData::open(folder)?;
    let plots = run::charts::plots(&data);
    Ok(Rendering { page: run::page(&data, &plots), plots })
}

fn comparison(folder: &Path) -> Result<Rendering, InputError> {
    let data = ComparisonData::open(folder)?;
    let plots = comparison::charts::plots(&data);
    Ok(Rendering { page: comparison::page(&data, &plots), plots })
}

fn sweep(folder: &Path) -> Result<Rendering, InputError> {
    let data = SweepData::open(folder)?;
    let plots = sweep::charts::plots(&data);
    Ok(Rendering { page: sweep::page(&data, &plots), plots })
}

fn sizing(folder: &Path) -> Result<Rendering, InputError> {
    let data = SizingData::open(folder)?;
    let plots = sizing::charts::plots(&data);
    Ok(Rendering { page: sizing::page(&data, &plots), plots })
}

fn recommendation(folder: &Path) -> Result<Rendering, InputError> {
    let data = RecommendationData::open(folder)?;
    let plots = recommendation::charts::plots(&data);
    Ok(Rendering { page: recommendation::page(&data, &plots), plots })
}

fn check(folder: &Path) -> Result<Rendering, InputError> {
    let data = CheckData::open(folder)?;
    let plots = check::charts::plots(&data);
    Ok(Rendering { page: check::page(&data, &plots), plots })
}
