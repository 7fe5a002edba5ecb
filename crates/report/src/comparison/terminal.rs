//! The comparison a person reads when it ends.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};

use super::sheet::{self, Sheet};
use crate::terminal::{ruled, wrapped};
use plimsoll_experiment::Comparison;

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
        for part in parts(sheet::overview(comparison), usize::from(width)) {
            let _ = write!(text, "\n{}\n", table(&part, width).trim_fmt());
        }
        let _ = writeln!(text, "{}", sheet::LEGEND);
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

/// What stands between two columns, or beside them.
const GAP: usize = 3;

/// A sheet in as many parts as its columns need to stand unbroken; each part begins with the first column. Names of
/// columns break at their words.
fn parts(mut sheet: Sheet, width: usize) -> Vec<Sheet> {
    let longest = |words: &mut dyn Iterator<Item = &str>| words.map(|word| word.chars().count()).max();
    let mut widths = Vec::new();
    for (number, name) in sheet.header.iter_mut().enumerate() {
        let words = name.replace(['.', '_'], " ");
        let cells = longest(&mut sheet.rows.iter().map(|row| row[number].as_str())).unwrap_or(0);
        let column = cells.max(longest(&mut words.split(' ')).unwrap_or(0));
        *name = wrapped(&words, column);
        widths.push(column);
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut left = 0;
    for (number, column) in widths.iter().enumerate().skip(1) {
        if parts.is_empty() || left < column + GAP {
            parts.push(vec![0]);
            left = width.saturating_sub(widths[0] + GAP);
        }
        parts.last_mut().expect("there is one by now").push(number);
        left = left.saturating_sub(column + GAP);
    }
    let of = |columns: &Vec<usize>, cells: &[String]| columns.iter().map(|at| cells[*at].clone()).collect();
    (parts.iter())
        .map(|columns| Sheet {
            header: of(columns, &sheet.header),
            rows: sheet.rows.iter().map(|row| of(columns, row)).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_overview_stands_in_parts_that_fit() {
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        let sheet = Sheet {
            header: words(&["variant", "launch.success_ratio", "launch.failed", "billing.total"]),
            rows: vec![words(&["first-fit", "99.12 % ▲", "3,590 =", "$360,703.26 ·"])],
        };
        let headers = |width| -> Vec<Vec<String>> {
            parts(sheet.clone(), width).into_iter().map(|part| part.header).collect()
        };
        assert_eq!(headers(100).len(), 1);
        let narrow = headers(40);
        assert_eq!(narrow.len(), 2);
        assert_eq!(narrow[0], ["variant", "launch\nsuccess\nratio", "launch\nfailed"]);
        assert_eq!(narrow[1], ["variant", "billing total"]);
        assert_eq!(headers(1).len(), 3, "one at least");
        for part in parts(sheet, 40) {
            let text = table(&part, 40).to_string();
            assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        }
    }
}
