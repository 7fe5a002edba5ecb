//! Refusals by error code over time.

use crate::run::RunData;
use plimsoll_base::units::Duration;
use plimsoll_base::units::figures::span;
use plimsoll_chart::axis::{Axis, rounded};
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{At, Block, Data, Layer, Note, Plot};
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
    let incomplete = incomplete(run, intervals).filter(|_| reached[intervals - 1] > 0.0);
    let most = reached.into_iter().fold(0.0, f64::max);
    let plot = Plot::new(
        "failures",
        "Refused, by cause",
        (run.time_axis(), Axis::from_zero(format!("refused every {interval}"), most)),
        layers,
    )
    .with_caption(format!(
        "Instances that were not launched, and other calls that were not carried out, every {interval}."
    ));
    vec![Plot { notes: incomplete.into_iter().collect(), ..plot }]
}

/// Returns a note where the last interval begins, if the run ends before it does.
fn incomplete(run: &RunData, intervals: usize) -> Option<Note> {
    let interval_s = run.refusals.interval_s;
    let began = (intervals - 1) as f64 * interval_s;
    let length = run.end_s() - began;
    let label = || format!("the last bar counts {}", span(Duration((length * 1e9) as u64)));
    (length < 0.99 * interval_s).then(|| Note { at: At::X(began), label: label(), ink: Ink::Muted })
}

fn sum(counts: &[f64]) -> f64 {
    counts.iter().sum()
}
