//! Instances running and stopped, over time.

use crate::run::RunData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::plot::{Layer, Plot, most};

/// Returns the chart; none where there never was an instance.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let mut layers = Vec::new();
    for (number, (name, column)) in
        [("running", "instances_running"), ("stopped", "instances_stopped")].into_iter().enumerate()
    {
        let points = run.series.points([column], |[count]| count);
        if points.iter().any(|point| point.1 > 0.0) {
            layers.push(Layer::line(name, number, points));
        }
    }
    if layers.is_empty() {
        return Vec::new();
    }
    vec![
        Plot::new(
            "instances",
            "Instances",
            (run.time_axis(), Axis::from_zero("instances", most(&layers))),
            layers,
        )
        .with_caption("How many there are at each moment."),
    ]
}
