//! The sizing a person reads when it ends: the answer, the curve, and what there is to know.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table};

use super::sheet;
use crate::format::amount;
use crate::terminal::{ruled, wrapped};
use plimsoll_base::units::figures::{decimal, grouped};
use plimsoll_experiment::Sizing;
use plimsoll_experiment::metric;
use plimsoll_experiment::size::{Point, Standing};

/// The sizing, at most `width` characters wide where words allow it.
pub fn text(sizing: &Sizing, width: u16) -> String {
    let width = usize::from(width);
    let headline = format!("{}: {}", sizing.scenario.name, sheet::question(sizing));
    let mut text = wrapped(&headline, width);
    let _ = write!(text, "\n{}\n\n{}\n\n", wrapped(&sheet::answer(sizing), width), curve(sizing).trim_fmt());
    for note in sheet::notes(sizing) {
        let _ = writeln!(text, "{}", wrapped(&note, width));
    }
    text
}

fn curve(sizing: &Sizing) -> Table {
    let with_hosts = sheet::varies_hosts(sizing);
    let mut header = vec!["value", "runs", "mean", "interval"];
    if with_hosts {
        header.extend(["hosts", "lower bound"]);
    }
    header.push(&sizing.question.target.metric);
    let mut table = ruled(header);
    let last = if with_hosts { 6 } else { 4 };
    for point in sizing.curve.points() {
        table.add_row(row(sizing, point, with_hosts));
    }
    for (number, column) in table.column_iter_mut().enumerate() {
        if number < last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(sizing: &Sizing, point: &Point, with_hosts: bool) -> Vec<String> {
    let unit = metric::unit(&sizing.question.target.metric);
    let mean = point.estimate.mean.map_or_else(|| "none".to_string(), |mean| amount(mean, unit));
    let interval = match point.estimate.interval {
        _ if point.certain => "exact".to_string(),
        Some(interval) => between(interval.low, interval.high, unit),
        None => String::new(),
    };
    let mut cells = vec![grouped(point.setting), grouped(point.runs() as u64), mean, interval];
    if with_hosts {
        let (hosts, bound) = point.hosts().unzip();
        cells.extend([hosts, bound].map(|count| count.map(grouped).unwrap_or_default()));
    }
    let answer = if sizing.ending.answer() == Some(point.setting) { " ← the answer" } else { "" };
    cells.push(format!("{}{answer}", words(point.estimate.standing)));
    cells
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Fails => "misses",
        Standing::NotShown => "not shown",
    }
}

/// From where to where a metric lies. Shares have the digits that tell one nine from the next.
fn between(low: f64, high: f64, unit: &str) -> String {
    match unit {
        "0 to 1" => format!("{} to {} %", decimal(100.0 * low, 3), decimal(100.0 * high, 3)),
        _ => format!("{} to {}", amount(low, unit), amount(high, unit)),
    }
}
