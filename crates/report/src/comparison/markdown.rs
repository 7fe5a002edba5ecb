//! `comparison.md`: the comparison as a page for a pull request. It says what made it and holds no time of the
//! clock, so that the same comparison gives the same page.

use std::fmt::Write as _;

use super::sheet::{self, Sheet};
use plimsoll_base::quote;
use plimsoll_experiment::Comparison;
use plimsoll_sim::summary::Execution;

/// The page.
pub fn page(comparison: &Comparison, execution: &Execution) -> String {
    let mut page = format!("### {}\n\n", quote::markdown(&sheet::headline(comparison)));
    let mut overview = sheet::overview(comparison);
    for name in &mut overview.header[1..] {
        *name = quote::markdown_code(name);
    }
    let _ = writeln!(page, "{}\n{}\n", table(&overview), sheet::LEGEND);
    for note in sheet::notes(comparison) {
        let _ = writeln!(page, "- {note}");
    }
    let _ = write!(page, "\n<details><summary>Differences to the baseline</summary>\n");
    for (title, sheet) in sheet::details(comparison) {
        let _ = write!(page, "\n**{title}**\n\n{}", table(&sheet));
    }
    if let Some(launches) = sheet::launches(comparison) {
        let _ = write!(page, "\n**Launches**\n\n{}", table(&launches));
    }
    let command = quote::markdown_code(&execution.command());
    let _ = write!(page, "\n</details>\n\nMade by plimsoll {}: {command}\n", env!("CARGO_PKG_VERSION"));
    page
}

/// A table; every column but the first, and the words of the last, stands to the right.
fn table(sheet: &Sheet) -> String {
    let line = |cells: &[String]| {
        format!("| {} |\n", cells.iter().map(|cell| cell.trim()).collect::<Vec<_>>().join(" | "))
    };
    // The first cell of a row is a name from outside.
    let row = |cells: &Vec<String>| {
        let mut cells = cells.clone();
        cells[0] = quote::markdown(&cells[0]);
        line(&cells)
    };
    let rule: Vec<&str> = (sheet.header.iter().enumerate())
        .map(|(number, name)| if number == 0 || name == "verdict" { "---" } else { "---:" })
        .collect();
    let rows: String = sheet.rows.iter().map(row).collect();
    format!("{}|{}|\n{rows}", line(&sheet.header), rule.join("|"))
}
