//! `report.html`: one page that holds everything it shows and asks the network for nothing. It can be read without
//! scripts, with the keyboard, on a phone and on paper; what scripts add is zooming, pointing, sorting and filtering.
//!
//! Names from traces and scenarios are data: `maud` escapes them, scripts get them as JSON, and the page allows no script
//! but its own.

mod chart;
mod check;
mod comparison;
mod figures;
mod provenance;
mod run;
mod shell;
mod sizing;
mod sweep;
mod table;

pub use check::page as of_check;
pub use comparison::page as of_comparison;
pub use run::page as of_run;
pub use sizing::page as of_sizing;
pub use sweep::page as of_sweep;

/// Name of the file.
pub const FILE: &str = "report.html";
