//! `report.html`: one page that holds everything it shows and needs no network. It can be read without
//! scripts, with the keyboard, on a phone and on paper; what scripts add is zooming, pointing, sorting and filtering.
//!
//! Names from traces and scenarios are data: `maud` escapes them, scripts get them as JSON, and the page allows no script
//! but its own.

pub mod chart;
pub mod figures;
pub mod provenance;
pub mod shell;
pub mod table;

/// Name of the file.
pub const FILE: &str = "report.html";
