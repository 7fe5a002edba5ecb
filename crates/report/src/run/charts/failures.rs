//! Refusals by error code over time.

use crate::run::RunData;
use plimsoll_base::units::Duration;
use plimsoll_base::units::figures::span;
use plimsoll_chart::axis::{Axis, rounded};
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{Block, Data, Layer, Plot};
use plimsoll_chart::scene::Ink;

/// Returns the chart; none where nothing was refused.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let refusals = &run.refusals;
    let interval = span(Duration((refusals.interval_s * 1e9) as u64));
    let mut codes: Vec<(&str, Vec<f64>)> =
        refusals.by_code.iter().map(|(code, counts)| (code.as_str(), counts.clone())).collect();
    codes.sort_by(|a, b| sum(&b.1).total_cmp(&sum(&a.1)));
    let rest = codes.split_off(codes.len().min(SERIES - 1));
    if let Some(first) = rest.first() {
        let total = (0..first.1.len()).map(|i| rest.iter().map(|(_, counts)| counts[i]).sum()).collect();
        codes.push(("others", total));
    }
    let Some(intervals) = codes.first().map(|(_, counts)| counts.len()) else { return Vec::new() };
    let mut reached = vec![0.0; intervals];
    let mut layers = Vec::new();
    for (number, (code, counts)) in codes.iter().enumerate() {
        let mut blocks = Vec::new();
        for (i, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let from = i as f64 * refusals.interval_s;
            let y = (reached[i], reached[i] + count);
            reached[i] = y.1;
            let x = (from, (from + refusals.interval_s).min(run.end_s()));
            blocks.push(Block { x, y, tooltip: format!("{} {code}", rounded(*count)), ink: None });
        }
        layers.push(Layer {
            name: (*code).to_string(),
            ink: Ink::Series(number),
            data: Data::Blocks(blocks),
        });
    }
    let most = reached.into_iter().fold(0.0, f64::max);
    vec![
        Plot::new(
            "failures",
            "Refused, by cause",
            (run.time_axis(), Axis::from_zero(format!("refused every {interval}"), most)),
            layers,
        )
        .with_caption(format!(
            "Instances that were not launched, and other calls that were not carried out, every {interval}."
        )),
    ]
}

fn sum(counts: &[f64]) -> f64 {
    counts.iter().sum()
}
