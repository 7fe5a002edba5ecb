//! Result folders of runs and experiments: files, charts, pages and tables of the terminal.
//!
//! Each kind of result has one folder here, with its data as written to files and read back, and its reports for
//! terminal, page, charts and Markdown: [`run`], [`comparison`], [`sweep`], [`sizing`], [`recommendation`],
//! [`check`]. The formats
//! know no kind: [`charts`], [`page`], [`terminal`]. [`render`] draws whatever a folder holds.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod manifest;

pub mod folder;

mod load;

pub mod series;

mod format;

mod text;

mod demand;

mod warned;

mod table;

pub mod charts;

pub mod terminal;

pub mod page;

pub mod run;

pub mod description;

pub mod comparison;

pub mod sweep;

pub mod sizing;

pub mod recommendation;

pub mod check;

pub mod render;

pub use folder::ResultFolder;
pub use run::StreamedReports;

use serde::Serialize;
use serde_json::Value;

/// A file of a result folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportFile {
    /// Name within the folder, `/` between folders.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl ReportFile {
    /// Returns the file that holds a value as indented JSON, its keys in order.
    pub fn json(name: &str, value: &impl Serialize) -> ReportFile {
        let mut bytes = serde_json::to_vec_pretty(&json(value)).expect("a report is plain data");
        bytes.push(b'\n');
        ReportFile { name: name.to_string(), bytes }
    }
}

/// Returns the JSON of a report, its keys in order.
pub fn json(report: &impl Serialize) -> Value {
    serde_json::to_value(report).expect("a report is plain data")
}

/// Returns whether a file or folder of this name, at the top of a result, is one that a run or an experiment makes.
fn makes(name: &str) -> bool {
    let of_runs = run::REGISTER.iter().map(|report| report.file);
    let of_others =
        [&comparison::FILES[..], &sweep::FILES, &sizing::FILES, &recommendation::FILES, &check::FILES];
    let of_others = of_others.into_iter().flatten().map(|(file, _)| *file);
    of_runs.chain(of_others).any(|file| file.split('/').next() == Some(name))
}

#[cfg(test)]
mod legibility;
