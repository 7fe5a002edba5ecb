//! The comparison a person reads when it ends.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};

use super::ComparisonData;
use super::{notes, view};
use crate::table::{self, TableCell};
use crate::terminal::{ruled, wrapped};
use plimsoll_experiment::Comparison;

/// Rows of details that a screen or two takes; of more, the overview is shown.
const DETAILS_MOST: usize = 36;

/// Returns why a comparison is not what was asked for: a sentence on its precision.
pub fn reason(comparison: &Comparison) -> String {
    notes::precision(comparison).unwrap_or_default()
}

/// Returns the comparison, at most `width` characters wide where words allow it.
pub fn text(comparison: &Comparison, width: u16) -> String {
    let comparison = ComparisonData::of(comparison);
    let mut text = format!("{}\n", view::headline(&comparison));
    if comparison.metrics.len() * comparison.variants.len() <= DETAILS_MOST {
        for mut details in view::details(&comparison) {
            details.header[0] = "".into();
            let _ = write!(text, "\n{}\n{}\n", details.title, table(&details, width).trim_fmt());
        }
    } else {
        for part in parts(view::overview(&comparison), usize::from(width)) {
            let _ = write!(text, "\n{}\n", table(&part, width).trim_fmt());
        }
        let _ = writeln!(text, "{}", view::LEGEND);
    }
    if let Some(launches) = view::launches(&comparison) {
        let _ = write!(text, "\n{}\n", table(&launches, width).trim_fmt());
    }
    text.push('\n');
    for note in &comparison.notes {
        let _ = writeln!(text, "{}", wrapped(note, usize::from(width)));
    }
    text
}

fn table(of: &table::ReportTable, width: u16) -> Table {
    let mut table = ruled(of.header.iter().map(|name| &**name).collect::<Vec<_>>());
    for row in &of.rows {
        table.add_row(row.iter().map(TableCell::as_str));
    }
    let last = of.header.len() - 1;
    for (number, column) in table.column_iter_mut().enumerate() {
        if number == 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        } else if number < last || of.header[last] != "verdict" {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// Characters between two columns, or beside them.
const GAP: usize = 3;

/// Returns the table in as many parts as its columns need to stand unbroken; each part begins with the first column. Names of
/// columns break at their words.
fn parts(mut table: table::ReportTable, width: usize) -> Vec<table::ReportTable> {
    let longest = |words: &mut dyn Iterator<Item = &str>| words.map(|word| word.chars().count()).max();
    let mut widths = Vec::new();
    for (number, name) in table.header.iter_mut().enumerate() {
        let words = name.replace(['.', '_'], " ");
        let cells = longest(&mut table.rows.iter().map(|row| row[number].as_str())).unwrap_or(0);
        let column = cells.max(longest(&mut words.split(' ')).unwrap_or(0));
        *name = wrapped(&words, column).into();
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
    (parts.iter())
        .map(|columns| table::ReportTable {
            header: columns.iter().map(|at| table.header[*at].clone()).collect(),
            rows: table.rows.iter().map(|row| columns.iter().map(|at| row[*at].clone()).collect()).collect(),
            ..table.clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_overview_stands_in_parts_that_fit() {
        let sheet = table::ReportTable {
            title: "Overview".into(),
            caption: String::new(),
            header: ["variant", "launch.success_ratio", "launch.failed", "billing.total"]
                .map(Into::into)
                .to_vec(),
            rows: vec![["first-fit", "99.12 % ▲", "3,590 =", "$360,703.26 ·"].map(TableCell::text).to_vec()],
        };
        let headers = |width| -> Vec<Vec<std::borrow::Cow<'static, str>>> {
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
