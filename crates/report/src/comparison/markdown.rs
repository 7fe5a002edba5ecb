//! `comparison.md`: the comparison as a page for a pull request. It says what made it and holds no time of the
//! clock, so that the same comparison gives the same page.

use std::fmt::Write as _;

use super::ComparisonData;
use super::view;
use crate::table::{ReportTable, TableCell};
use plimsoll_base::quote;
use plimsoll_sim::summary::Execution;

/// Returns the page.
pub fn page(comparison: &ComparisonData, execution: &Execution) -> String {
    let mut page = format!("### {}\n\n", quote::markdown(&view::headline(comparison)));
    let mut overview = view::overview(comparison);
    for name in &mut overview.header[1..] {
        *name = quote::markdown_code(name).into();
    }
    let _ = writeln!(page, "{}\n{}\n", table(&overview), view::LEGEND);
    for note in &comparison.notes {
        let _ = writeln!(page, "- {note}");
    }
    let _ = write!(page, "\n<details><summary>Differences to the baseline</summary>\n");
    for details in view::details(comparison) {
        let _ = write!(page, "\n**{}**\n\n{}", details.title, table(&details));
    }
    if let Some(launches) = view::launches(comparison) {
        let _ = write!(page, "\n**Launches**\n\n{}", table(&launches));
    }
    let command = quote::markdown_code(&execution.command());
    let _ = write!(page, "\n</details>\n\nMade by plimsoll {}: {command}\n", env!("CARGO_PKG_VERSION"));
    page
}

/// Returns a table; every column but the first, and the last if it holds words, is aligned right.
fn table(table: &ReportTable) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        format!("| {} |\n", cells.map(str::trim).collect::<Vec<_>>().join(" | "))
    };
    // The first cell of a row is a name from outside.
    let row = |cells: &Vec<TableCell>| {
        let first = quote::markdown(cells[0].as_str());
        line(&mut std::iter::once(&*first).chain(cells[1..].iter().map(TableCell::as_str)))
    };
    let rule: Vec<&str> = (table.header.iter().enumerate())
        .map(|(number, name)| if number == 0 || name == "verdict" { "---" } else { "---:" })
        .collect();
    let rows: String = table.rows.iter().map(row).collect();
    format!("{}|{}|\n{rows}", line(&mut table.header.iter().map(|name| &**name)), rule.join("|"))
}
