//! Chart of a check: differences of figures from the baseline, with their tolerances.

use super::data::{CheckData, CheckedData};
use crate::format::{amount, relative};
use plimsoll_chart::axis::Axis;
use plimsoll_chart::plot::{At, Data, IntervalMark, Layer, Note, Plot};
use plimsoll_chart::scene::Ink;

/// Most figures of the chart.
const MOST: usize = 40;

/// Returns the chart; none where no figure differs that has a baseline to be a share of.
pub fn plots(check: &CheckData) -> Vec<Plot> {
    let mut figures: Vec<(&CheckedData, f64)> =
        check.figures.iter().filter_map(|figure| Some((figure, figure.relative()?))).collect();
    figures.retain(|(_, share)| *share != 0.0);
    if figures.is_empty() {
        return Vec::new();
    }
    let count = figures.len();
    // Failures come first, then the greatest differences; the sort keeps the order of equal ones.
    figures.sort_by(|a, b| b.0.fails.cmp(&a.0.fails).then(b.1.abs().total_cmp(&a.1.abs())));
    figures.truncate(MOST);
    figures.reverse();
    let layer = |name: &str, ink, fails: bool| {
        let rows = figures.iter().enumerate().filter(|(_, (figure, _))| figure.fails == fails);
        let intervals: Vec<IntervalMark> =
            rows.map(|(i, (figure, share))| interval(i, figure, *share)).collect();
        (!intervals.is_empty()).then(|| Layer {
            name: name.to_string(),
            ink,
            data: Data::Intervals(intervals),
        })
    };
    let layers: Vec<Layer> = [layer("fails", Ink::Series(1), true), layer("passes", Ink::Series(0), false)]
        .into_iter()
        .flatten()
        .collect();
    let ends = figures.iter().flat_map(|(figure, share)| [100.0 * share, allowed(figure), -allowed(figure)]);
    let all = if count > MOST { format!(" {MOST} of the {count} that differ.") } else { String::new() };
    vec![Plot {
        name: "check".to_string(),
        title: "What differs from the baseline".to_string(),
        caption: format!(
            "The dot is the difference, the bar reaches from there to the nearest that is allowed.{all}"
        ),
        x: Axis::around("difference, of the baseline (%)", ends.chain([0.0])),
        y: Axis::names("figure", figures.iter().map(|(figure, _)| figure.metric.clone()).collect()),
        layers,
        notes: vec![Note { at: At::X(0.0), label: String::new(), ink: Ink::Muted }],
    }]
}

/// Returns the tolerance in percent of the baseline.
fn allowed(figure: &CheckedData) -> f64 {
    100.0 * figure.tolerance / figure.baseline.abs()
}

fn interval(row: usize, figure: &CheckedData, share: f64) -> IntervalMark {
    let middle = 100.0 * share;
    let nearest = middle.clamp(-allowed(figure), allowed(figure));
    let result = figure.result.map_or_else(String::new, |result| amount(result, &figure.unit));
    let tooltip = format!(
        "{}: {} instead of {}, {}, {}",
        figure.metric,
        result,
        amount(figure.baseline, &figure.unit),
        relative(share),
        figure.standing.name()
    );
    IntervalMark { at: row as f64, low: middle.min(nearest), middle, high: middle.max(nearest), tooltip }
}
