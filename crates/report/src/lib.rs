//! Result folders: what a run or an experiment leaves behind, as files, charts, pages and tables of the terminal.
//!
//! Each kind of result has one folder here, with its data as files hold them, the way back from these files, and what
//! terminal, page, charts and Markdown tell of them: [`run`], [`comparison`], [`sweep`], [`sizing`], [`check`]. The formats
//! know no kind: [`charts`], [`page`], [`terminal`]. [`render`] draws whatever a folder holds.

pub mod charts;
pub mod folder;
pub mod manifest;
pub mod page;
pub mod series;
pub mod terminal;

mod format;
mod load;
mod text;

pub mod check;
pub mod comparison;
pub mod render;
pub mod run;
pub mod sizing;
pub mod sweep;

mod observation_log;
mod recorder;

pub use folder::ResultFolder;
pub use recorder::{Recorder, Streamed};

/// A file of a result folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportFile {
    /// Name within the folder, `/` between folders.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Whether a file or folder of this name, at the top of a result, is one that a run or an experiment makes.
fn makes(name: &str) -> bool {
    let of_runs = run::REGISTER.iter().map(|report| report.file);
    let of_others = [&comparison::FILES[..], &sweep::FILES, &sizing::FILES];
    let of_others = of_others.into_iter().flatten().map(|(file, _)| *file);
    of_runs.chain(of_others).any(|file| file.split('/').next() == Some(name))
}

#[cfg(test)]
mod legibility;
