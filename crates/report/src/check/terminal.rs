//! Text of a check for the terminal: the figures that differ, with notes.

use comfy_table::CellAlignment;

use super::data::{CheckData, CheckedData};
use super::words;
use crate::format::{amount, change, relative};
use crate::terminal::ruled;
use plimsoll_experiment::baseline::FigureStatus;
use plimsoll_experiment::margin::Margin;
use plimsoll_experiment::metric;

/// Returns the text of a check.
pub fn text(check: &CheckData) -> String {
    let different: Vec<&CheckedData> =
        check.figures.iter().filter(|checked| checked.standing != FigureStatus::Same).collect();
    let mut text = format!("{}\n", words::verdict(check));
    if !different.is_empty() {
        text += &format!("\n{}\n\n", table(&different));
    }
    for note in words::notes(check) {
        text += &format!("{note}\n");
    }
    text
}

/// Figures that the reason of a failed check names.
const MOST_NAMED: usize = 5;

/// Returns why a check failed in a line: the figures that differ by more than is allowed.
pub fn reason(check: &CheckData) -> String {
    let failing: Vec<&CheckedData> = check.figures.iter().filter(|checked| checked.fails).collect();
    let name = |checked: &&CheckedData| {
        let unit = checked.unit.as_str();
        let absent = if metric::is_first_time(&checked.metric) { "never" } else { "none" };
        let result = checked.result.map_or(absent.to_string(), |result| amount(result, unit));
        format!("{} {result} for {}", checked.metric, amount(checked.baseline, unit))
    };
    let named: Vec<String> = failing.iter().take(MOST_NAMED).map(name).collect();
    let more = match failing.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{}: {}{more}", words::verdict(check), named.join(", "))
}

/// Greatest length of the name of a figure on one line; of a longer name the last word has a line of its own.
const NAME_LENGTH: usize = 34;

/// Returns the table of the figures that differ, with a column of tolerances if there are any.
fn table(different: &[&CheckedData]) -> String {
    let some_is_allowed = different.iter().any(|checked| checked.margin != Some(Margin::NONE));
    let mut header = vec!["figure", "baseline", "result", "difference", "relative"];
    header.extend(some_is_allowed.then_some("allowed"));
    header.push("is");
    let mut table = ruled(header);
    for checked in different {
        table.add_row(cells(checked, some_is_allowed));
    }
    let last = table.column_count() - 1;
    for (number, column) in table.column_iter_mut().enumerate() {
        if number > 0 && number < last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn cells(checked: &CheckedData, some_is_allowed: bool) -> Vec<String> {
    let CheckedData { metric, baseline, result, .. } = checked;
    let unit = checked.unit.as_str();
    let absent = if metric::is_first_time(metric) { "never" } else { "none" };
    let name = match metric.rsplit_once('.') {
        Some((table, word)) if metric.chars().count() > NAME_LENGTH => format!("{table}.\n  {word}"),
        _ => metric.clone(),
    };
    let mut cells = vec![
        name,
        amount(*baseline, unit),
        result.map_or(absent.to_string(), |result| amount(result, unit)),
        checked.difference().map(|difference| change(difference, unit)).unwrap_or_default(),
        checked.relative().map(relative).unwrap_or_default(),
    ];
    cells.extend(some_is_allowed.then(|| match checked.margin {
        Some(Margin::NONE) => "nothing".to_string(),
        Some(Margin::Share(share)) => relative(share).replace('+', ""),
        Some(Margin::Absolute(_)) | None => amount(checked.tolerance, unit),
    }));
    cells.push(checked.standing.name().to_string());
    cells
}
