//! Matrix of a comparison for its page: variants and metrics, each with its mean and the sign of its verdict.

use std::borrow::Cow;

use super::data::{ComparisonData, MetricData, VerdictData};
use super::view::{LEGEND, mark};
use crate::format::amount;
use crate::table::{ReportTable, TableCell};
use plimsoll_base::quote;
use plimsoll_experiment::metric;

/// Variants up to which each has a column; of more, metrics have the columns.
const FEW_VARIANTS: usize = 4;

/// Metrics that have a column beside many variants: those that distinguish variants first.
const COLUMNS: usize = 5;

/// Most letters of a name in the matrix.
const LETTERS: usize = 28;

/// Returns the matrix, verdicts first: a glance tells which variant is better in what.
pub fn matrix(comparison: &ComparisonData) -> ReportTable {
    let table = match comparison.variants.len() <= FEW_VARIANTS {
        true => metrics_by_variant(comparison),
        false => variants_by_metric(comparison),
    };
    ReportTable { title: "Verdicts".into(), ..table }
}

/// Returns a row for each metric.
fn metrics_by_variant(comparison: &ComparisonData) -> ReportTable {
    let labels = (0..comparison.variants.len()).map(|number| label(comparison, number).into());
    let header: Vec<Cow<'static, str>> = std::iter::once("metric".into()).chain(labels).collect();
    let rows = comparison.metrics.iter().map(|of| {
        let name = TableCell::text(format!("{} ({})", metric::words(&of.metric), of.metric));
        std::iter::once(name).chain((0..of.variants.len()).map(|number| cell(of, number))).collect()
    });
    let caption = format!("Means over the runs, beside the baseline. {LEGEND}.");
    ReportTable { title: "".into(), caption, header, rows: rows.collect() }
}

/// Returns a row for each variant.
fn variants_by_metric(comparison: &ComparisonData) -> ReportTable {
    let mut metrics: Vec<&MetricData> = comparison.metrics.iter().collect();
    // The sort keeps the order of those that are alike.
    metrics.sort_by_key(|of| !tells(of));
    let left_out = metrics.split_off(metrics.len().min(COLUMNS));
    let names = metrics.iter().map(|of| metric::words(&of.metric).into());
    let header: Vec<Cow<'static, str>> = std::iter::once("variant".into()).chain(names).collect();
    let rows = (0..comparison.variants.len()).map(|number| {
        let name = TableCell::text(label(comparison, number));
        std::iter::once(name).chain(metrics.iter().map(|of| cell(of, number))).collect()
    });
    let paths: Vec<&str> = metrics.iter().map(|of| of.metric.as_str()).collect();
    let more = match left_out.len() {
        0 => String::new(),
        more => format!(" {more} more metrics are in the table below."),
    };
    let caption = format!("Means over the runs of {}. {LEGEND}.{more}", paths.join(", "));
    ReportTable { title: "".into(), caption, header, rows: rows.collect() }
}

/// Returns whether a metric distinguishes any variant from the baseline.
fn tells(of: &MetricData) -> bool {
    let is = |verdict| of.variants.iter().any(|entry| entry.verdict() == Some(verdict));
    is(VerdictData::Better) || is(VerdictData::Worse)
}

fn cell(of: &MetricData, number: usize) -> TableCell {
    let entry = &of.variants[number];
    let sign = entry.verdict().map_or("", mark);
    let text = |mean: f64| format!("{} {sign}", amount(mean, &of.unit)).trim_end().to_string();
    TableCell::optional(entry.mean, text)
}

/// Returns the name of a variant, short, with a word where it is the baseline.
fn label(comparison: &ComparisonData, number: usize) -> String {
    let label = quote::shortened(&comparison.variants[number].label, LETTERS);
    if number == 0 { format!("{label} (baseline)") } else { label }
}
