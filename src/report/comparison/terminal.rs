//! The comparison a person reads when it ends.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};

use super::sheet::{self, Sheet};
use crate::experiment::Comparison;
use crate::report::terminal::ruled;

/// Rows of details that a screen or two takes; of more, the overview is shown.
const DETAILS_MOST: usize = 36;

/// The comparison, at most `width` characters wide where words allow it.
pub fn text(comparison: &Comparison, width: u16) -> String {
    let mut text = format!("{}\n", sheet::headline(comparison));
    if comparison.rows.len() <= DETAILS_MOST {
        for (title, mut sheet) in sheet::details(comparison) {
            sheet.header[0] = String::new();
            let _ = write!(text, "\n{title}\n{}\n", table(&sheet, width).trim_fmt());
        }
    } else {
        let mut overview = sheet::overview(comparison);
        // Names break at spaces only.
        overview.header.iter_mut().for_each(|name| *name = name.replace(['.', '_'], " "));
        let _ = write!(text, "\n{}\n{}\n", table(&overview, width).trim_fmt(), sheet::LEGEND);
    }
    if let Some(launches) = sheet::launches(comparison) {
        let _ = write!(text, "\n{}\n", table(&launches, width).trim_fmt());
    }
    text.push('\n');
    for note in sheet::notes(comparison) {
        let _ = writeln!(text, "{}", wrapped(&note, usize::from(width)));
    }
    text
}

fn table(sheet: &Sheet, width: u16) -> Table {
    let mut table = ruled(&sheet.header);
    table.add_rows(&sheet.rows);
    let last = sheet.header.len() - 1;
    for (number, column) in table.column_iter_mut().enumerate() {
        if number == 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        } else if number < last || sheet.header[last] != "verdict" {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// A sentence on lines of at most `width` characters.
fn wrapped(sentence: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.join("\n")
}
