//! Charts of a comparison: differences to the baseline with their intervals, a chart for each metric.

use super::data::{DifferenceData, MetricData, VariantMetricData, VerdictData};
use crate::charts::file_name;
use crate::comparison::ComparisonData;
use crate::format::{amount, change, change_between, level};
use crate::text::name;
use plimsoll_base::quote;
use plimsoll_chart::axis::{Axis, scaled};
use plimsoll_chart::plot::{At, Data, IntervalMark, Layer, Note, Plot};
use plimsoll_chart::scene::Ink;
use plimsoll_experiment::metric::words;

/// Most letters of the baseline's name along the axis.
const LETTERS: usize = 16;

/// Verdicts with their name in the legend and their colour.
const VERDICTS: [(VerdictData, &str, Ink); 5] = [
    (VerdictData::Better, "better", Ink::Series(0)),
    (VerdictData::Worse, "worse", Ink::Series(1)),
    (VerdictData::Same, "the same", Ink::Series(7)),
    (VerdictData::NoDifferenceShown, "no difference shown", Ink::Series(6)),
    (VerdictData::NotComparable, "neither is better", Ink::Series(6)),
];

/// Returns a chart of each metric in which any variant differs.
pub fn plots(comparison: &ComparisonData) -> Vec<Plot> {
    comparison.metrics.iter().filter_map(|metric| plot(comparison, metric)).collect()
}

fn plot(comparison: &ComparisonData, metric: &MetricData) -> Option<Plot> {
    let variants: Vec<(&VariantMetricData, DifferenceData)> =
        metric.variants.iter().filter_map(|entry| Some((entry, entry.difference?))).collect();
    if variants.iter().all(|(_, difference)| difference.mean == 0.0) {
        return None;
    }
    // The first on top.
    let names: Vec<String> = variants.iter().rev().map(|(entry, _)| entry.label.clone()).collect();
    let (scale, unit) = match scaled(&metric.unit) {
        (scale, "%") => (scale, "percentage points"),
        as_it_is => as_it_is,
    };
    let mut layers: Vec<Layer> = Vec::new();
    for (verdict, words, ink) in VERDICTS {
        let of_verdict =
            variants.iter().rev().enumerate().filter(|(_, (entry, _))| entry.verdict() == Some(verdict));
        let intervals: Vec<IntervalMark> = of_verdict
            .map(|(i, (entry, difference))| interval(i, entry, difference.mean, metric, scale))
            .collect();
        if !intervals.is_empty() {
            layers.push(Layer { name: words.to_string(), ink, data: Data::Intervals(intervals) });
        }
    }
    let ends = layers.iter().flat_map(|layer| match &layer.data {
        Data::Intervals(intervals) => intervals.iter().flat_map(|one| [one.low, one.high]).collect(),
        _ => Vec::new(),
    });
    let baseline = comparison.baseline.as_str();
    let of_baseline =
        metric.variants.iter().find(|entry| entry.label == baseline).and_then(|entry| entry.mean);
    let at_baseline =
        of_baseline.map_or_else(String::new, |mean| format!(", which has {}", amount(mean, &metric.unit)));
    let good = match metric.better.as_str() {
        "higher" => " More is better.",
        "lower" => " Less is better.",
        _ => "",
    };
    Some(Plot {
        name: format!("compare-{}", file_name(&metric.metric)),
        title: words(&metric.metric),
        caption: format!(
            "{}: difference to {}{at_baseline}. The bar is where it lies with {} % confidence, over all bars \
             together, if differences between runs are about normal; a dot alone is exact.{good}",
            name(&metric.metric),
            name(baseline),
            100.0 * comparison.confidence,
        ),
        x: Axis::around(along(comparison, unit), ends.chain([0.0])),
        y: Axis::names("variant", names),
        layers,
        notes: vec![Note { at: At::X(0.0), label: String::new(), ink: Ink::Muted }],
    })
}

/// Returns the label of the differences, which says in the picture what they are to, of how many runs, how sure they are.
fn along(comparison: &ComparisonData, unit: &str) -> String {
    let baseline = quote::shortened(&comparison.baseline, LETTERS);
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    let runs = match comparison.replications {
        1 => "one run each".to_string(),
        runs => format!("n = {runs}, {}", level(comparison.confidence)),
    };
    format!("to {baseline}{unit}; {runs}")
}

fn interval(
    row: usize,
    entry: &VariantMetricData,
    difference: f64,
    metric: &MetricData,
    scale: f64,
) -> IntervalMark {
    let ends = entry.paired().map(|paired| paired.interval);
    let (low, high) = ends.unwrap_or((difference, difference));
    let between = ends.map(|(low, high)| format!(", {}", change_between(low, high, &metric.unit)));
    let mean = entry.mean.map_or_else(String::new, |mean| format!("{}: ", amount(mean, &metric.unit)));
    IntervalMark {
        at: row as f64,
        low: low * scale,
        middle: difference * scale,
        high: high * scale,
        tooltip: format!(
            "{} {mean}{}{}",
            entry.label,
            change(difference, &metric.unit),
            between.unwrap_or_default()
        ),
    }
}
