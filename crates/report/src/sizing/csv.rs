//! `sizing.csv`: a row for each value that was tried.

use std::iter;

use super::data::{PointData, SizingData};
use crate::table::csv_bytes;

/// A column: its name and its value; empty where there is none.
type Column = (&'static str, fn(&SizingData, &PointData) -> String);

/// The columns, in order. Values are in the unit of the metric.
#[rustfmt::skip]
const COLUMNS: [Column; 13] = [
    ("setting", |sizing, _| sizing.setting.clone()),
    ("value", |_, point| point.value.to_string()),
    ("metric", |sizing, _| sizing.target.metric.clone()),
    ("unit", |sizing, _| sizing.target.unit.clone()),
    ("runs", |_, point| point.runs().to_string()),
    ("exact", |_, point| point.exact.to_string()),
    ("mean", |_, point| cell(point.mean)),
    ("low", |_, point| cell(point.interval.map(|(low, _)| low))),
    ("high", |_, point| cell(point.interval.map(|(_, high)| high))),
    ("target", |_, point| point.target.name().to_string()),
    ("hosts", |_, point| cell(point.hosts)),
    ("hosts_lower_bound", |_, point| cell(point.hosts_lower_bound)),
    ("runs_met", |_, point| cell(point.runs_met)),
];

/// Returns the bytes of the table.
pub fn csv(sizing: &SizingData) -> Vec<u8> {
    let header = COLUMNS.iter().map(|(name, _)| name.to_string()).collect();
    let row = |point| COLUMNS.iter().map(|(_, value)| value(sizing, point)).collect();
    csv_bytes(iter::once(header).chain(sizing.points.iter().map(row)))
}

fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
