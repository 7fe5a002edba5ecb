//! Text of a sizing for the terminal: the answer, the curve, and notes.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table};

use super::data::{PointData, SizingData};
use crate::format::amount;
use crate::terminal::{ruled, wrapped};
use plimsoll_base::units::figures::{decimal, grouped};
use plimsoll_experiment::Sizing;
use plimsoll_experiment::sizing::TargetStatus;

/// Returns the text of a sizing, at most `width` characters wide where words allow it.
pub fn text(sizing: &Sizing, width: u16) -> String {
    let sizing = SizingData::of(sizing);
    let width = usize::from(width);
    let headline = format!("{}: {}", sizing.scenario, sizing.question_in_words);
    let mut text = wrapped(&headline, width);
    let answer = wrapped(&sizing.answer_in_words, width);
    let _ = write!(text, "\n{answer}\n\n{}\n\n", curve(&sizing).trim_fmt());
    if sizing.settings.len() > 1 {
        let _ = writeln!(text, "{}\n", settings(&sizing).trim_fmt());
    }
    for note in &sizing.notes {
        let _ = writeln!(text, "{}", wrapped(note, width));
    }
    text
}

/// Returns every number with its value at the answer.
fn settings(sizing: &SizingData) -> Table {
    let mut table = ruled(vec!["setting", "at the answer"]);
    for setting in &sizing.settings {
        table.add_row([setting.path.clone(), setting.value.grouped()]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn curve(sizing: &SizingData) -> Table {
    let with_hosts = sizing.varies_hosts();
    let mut header = vec!["value", "runs", "met", "mean", "interval"];
    if with_hosts {
        header.extend(["hosts", "lower bound"]);
    }
    header.push(&sizing.target.metric);
    let last = header.len() - 1;
    let mut table = ruled(header);
    for point in &sizing.points {
        table.add_row(row(sizing, point, with_hosts));
    }
    for (number, column) in table.column_iter_mut().enumerate() {
        if number < last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(sizing: &SizingData, point: &PointData, with_hosts: bool) -> Vec<String> {
    let unit = &sizing.target.unit;
    let mean = point.mean.map_or_else(|| "none".to_string(), |mean| amount(mean, unit));
    let interval = match point.interval {
        _ if point.exact => "exact".to_string(),
        Some((low, high)) => between(low, high, unit),
        None if point.mean.is_some() && point.runs() > 1 => "all alike".to_string(),
        None => String::new(),
    };
    let met = point.runs_met.map(grouped).unwrap_or_default();
    let mut cells = vec![point.value.grouped(), grouped(point.runs()), met, mean, interval];
    if with_hosts {
        let counts = [point.hosts, point.hosts_lower_bound];
        cells.extend(counts.map(|count| count.map(grouped).unwrap_or_default()));
    }
    let answer = if sizing.answer == Some(point.value) { " ← the answer" } else { "" };
    cells.push(format!("{}{answer}", words(point.target)));
    cells
}

fn words(standing: TargetStatus) -> &'static str {
    match standing {
        TargetStatus::Holds => "holds",
        TargetStatus::Fails => "misses",
        TargetStatus::NotShown => "not shown",
    }
}

/// Returns the ends of an interval in words. Shares have enough digits to tell 99.9 % from 99.99 %.
fn between(low: f64, high: f64, unit: &str) -> String {
    match unit {
        "0 to 1" => format!("{} to {} %", decimal(100.0 * low, 3), decimal(100.0 * high, 3)),
        _ => format!("{} to {}", amount(low, unit), amount(high, unit)),
    }
}
