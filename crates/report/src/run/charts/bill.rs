//! Bill by kind, month by month.

use std::collections::BTreeMap;

use crate::run::RunData;
use plimsoll_chart::axis::{Axis, rounded};
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{Block, Data, Layer, Plot};
use plimsoll_chart::scene::Ink;

/// Returns the chart; none where nothing was billed.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let mut sums: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for row in &run.bill {
        *sums.entry((&row.kind, &row.month)).or_default() += row.usd.parse::<f64>().unwrap_or(0.0);
    }
    sums.retain(|_, usd| *usd > 0.0);
    if sums.is_empty() {
        return Vec::new();
    }
    let mut kinds: Vec<&str> = sums.keys().map(|(kind, _)| *kind).collect();
    kinds.dedup();
    let mut months: Vec<&str> = sums.keys().map(|(_, month)| *month).collect();
    // Rows count from below: the first month is on top.
    months.sort_unstable_by(|a, b| b.cmp(a));
    months.dedup();
    let mut reached = vec![0.0; months.len()];
    let mut layers = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        let mut blocks = Vec::new();
        for (i, month) in months.iter().enumerate() {
            let usd = sums.get(&(*kind, *month)).copied().unwrap_or(0.0);
            let x = (reached[i], reached[i] + usd);
            reached[i] = x.1;
            let y = (i as f64 - 0.36, i as f64 + 0.36);
            let tooltip = format!("{kind}: ${} in {month}", rounded(usd));
            blocks.push(Block { x, y, tooltip, ink: None });
        }
        let ink = Ink::Series(number % SERIES);
        layers.push(Layer { name: (*kind).to_string(), ink, data: Data::Blocks(blocks) });
    }
    let greatest = reached.into_iter().fold(0.0, f64::max);
    vec![
        Plot::new(
            "bill",
            "The bill, by kind and month",
            (
                Axis::from_zero("USD", greatest),
                Axis::names("month", months.into_iter().map(str::to_string).collect()),
            ),
            layers,
        )
        .with_caption("What accounts pay, minimums and commitments included."),
    ]
}
