//! `comparison.csv`: a row for each metric and variant.

use super::data::{ComparisonData, Ends, EstimateData, MetricData, VariantData, VariantMetricData};
use plimsoll_base::quote;

/// A row of the table.
struct Row<'a> {
    metric: &'a MetricData,
    variant: &'a VariantData,
    entry: &'a VariantMetricData,
}

/// A column: its name and its value; empty where there is none.
type Column = (&'static str, fn(&Row<'_>) -> String);

/// The columns, in order. Values are in the unit of the metric.
#[rustfmt::skip]
const COLUMNS: [Column; 20] = [
    ("metric", |row| row.metric.metric.clone()),
    ("unit", |row| row.metric.unit.clone()),
    ("better", |row| row.metric.better.clone()),
    ("variant", |row| row.variant.label.clone()),
    ("replications", |row| row.variant.seeds.len().to_string()),
    ("exact", |row| row.variant.exact.to_string()),
    ("mean", |row| number(row.entry.mean)),
    ("mean_low", |row| low(row.entry.mean_interval)),
    ("mean_high", |row| high(row.entry.mean_interval)),
    ("difference", |row| number(row.entry.difference.map(|difference| difference.mean))),
    ("relative_difference", |row| number(row.entry.difference.and_then(|difference| difference.relative))),
    ("low", |row| low(interval(row, |paired| Some(paired.interval)))),
    ("high", |row| high(interval(row, |paired| Some(paired.interval)))),
    ("low_alone", |row| low(interval(row, |paired| paired.interval_alone))),
    ("high_alone", |row| high(interval(row, |paired| paired.interval_alone))),
    ("median_low", |row| low(interval(row, |paired| paired.median_interval))),
    ("median_high", |row| high(interval(row, |paired| paired.median_interval))),
    ("correlation", |row| number(row.entry.paired().and_then(|paired| paired.correlation))),
    ("verdict", |row| row.entry.verdict().map_or("baseline", |verdict| verdict.name()).to_string()),
    ("reason", |row| row.entry.judgement.as_ref().and_then(|judgement| judgement.reason.clone()).unwrap_or_default()),
];

/// Returns the bytes of the table.
pub fn csv(comparison: &ComparisonData) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| quote::cell(cell));
        writer.write_record(cells.map(|cell| cell.into_owned())).expect("memory can be written");
    };
    write(COLUMNS.iter().map(|(name, _)| name.to_string()).collect());
    for metric in &comparison.metrics {
        for (entry, variant) in metric.variants.iter().zip(&comparison.variants) {
            let row = Row { metric, variant, entry };
            write(COLUMNS.iter().map(|(_, value)| value(&row)).collect());
        }
    }
    writer.into_inner().expect("memory can be written")
}

fn interval(row: &Row<'_>, of: fn(&EstimateData) -> Option<Ends>) -> Option<Ends> {
    row.entry.paired().and_then(of)
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn low(interval: Option<Ends>) -> String {
    number(interval.map(|(low, _)| low))
}

fn high(interval: Option<Ends>) -> String {
    number(interval.map(|(_, high)| high))
}
