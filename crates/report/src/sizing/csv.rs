//! `sizing.csv`: a row for each value that was tried.

use super::data::{PointData, SizingData};
use plimsoll_base::quote;

/// A column: its name and its value; empty where there is none.
type Column = (&'static str, fn(&SizingData, &PointData) -> String);

/// The columns, in order. Values are in the unit of the metric.
#[rustfmt::skip]
const COLUMNS: [Column; 12] = [
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
];

/// Returns the bytes of the table.
pub fn csv(sizing: &SizingData) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| quote::cell(cell));
        writer.write_record(cells.map(|cell| cell.into_owned())).expect("memory can be written");
    };
    write(COLUMNS.iter().map(|(name, _)| name.to_string()).collect());
    for point in &sizing.points {
        write(COLUMNS.iter().map(|(_, value)| value(sizing, point)).collect());
    }
    writer.into_inner().expect("memory can be written")
}

fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
