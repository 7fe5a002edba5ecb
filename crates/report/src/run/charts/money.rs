//! Cost of running instances as it accrues.

use crate::run::RunData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::plot::{Layer, Plot, most};

/// Returns the chart; none where nothing cost anything.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let mut points = run.series.points(["accrued_usd"], |[usd]| usd);
    let warmup_s = run.summary.warmup_s;
    points.retain(|point| point.0 >= warmup_s);
    let layers = vec![Layer::line("", 0, points)];
    if most(&layers) == 0.0 {
        return Vec::new();
    }
    vec![
        Plot::new(
            "money",
            "Cost of running instances",
            (run.time_axis(), Axis::from_zero("USD", most(&layers))),
            layers,
        )
        .with_caption(
            "As it accrues from the end of the warm-up, at the price each began with; minimums, volumes, \
                  addresses and commitments are in the bill.",
        ),
    ]
}
