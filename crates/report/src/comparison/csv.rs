//! `comparison.csv`: a row for each metric and variant.

use std::iter;

use super::data::{ComparisonData, Ends, EstimateData, MetricData, VariantData, VariantMetricData};
use crate::table::csv_bytes;

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
const COLUMNS: [Column; 21] = [
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
    ("normality", |row| row.entry.paired().map_or("", |paired| paired.normality.name()).to_string()),
    ("verdict", |row| row.entry.verdict().map_or("baseline", |verdict| verdict.name()).to_string()),
    ("reason", |row| row.entry.judgement.as_ref().and_then(|judgement| judgement.reason.clone()).unwrap_or_default()),
];

/// Returns the bytes of the table.
pub fn csv(comparison: &ComparisonData) -> Vec<u8> {
    let header = COLUMNS.iter().map(|(name, _)| name.to_string()).collect();
    let rows = comparison.metrics.iter().flat_map(|metric| {
        let variants = metric.variants.iter().zip(&comparison.variants);
        variants.map(move |(entry, variant)| Row { metric, variant, entry })
    });
    let cells = |row: Row<'_>| COLUMNS.iter().map(|(_, value)| value(&row)).collect();
    csv_bytes(iter::once(header).chain(rows.map(cells)))
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
