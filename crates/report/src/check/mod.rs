//! Check of a result against a baseline: figures that differ, and their reports.
//!
//! The data ([`CheckData`]) are made of a finished check or read back from `check.json`; every report is made of them.

pub mod charts;
pub mod terminal;

mod data;
mod page;

pub use data::CheckData;
pub use page::page;

/// Name of the file that holds a check, as `plimsoll check --json` prints it.
pub const JSON: &str = "check.json";
