//! Time that launches took, over the run.

use crate::run::RunData;
use plimsoll_chart::axis::{Axis, Scale};
use plimsoll_chart::plot::{Layer, Plot};

/// Ratio of the greatest to the least time from which on its axis is logarithmic.
const WIDE: f64 = 100.0;

/// Returns the chart; none where all launches take equally long. A line stops where nothing was launched.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let of = |column: &str| run.series.points([column], |[latency]| latency);
    let (median, p99) = (of("launch_median_s"), of("launch_p99_s"));
    let known = || median.iter().chain(&p99).map(|(_, latency)| *latency).filter(|latency| !latency.is_nan());
    let (least, greatest) = (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max));
    if greatest <= least {
        return Vec::new();
    }
    // A logarithmic axis has no place for launches that took no time.
    let axis = if least > 0.0 && greatest / least > WIDE {
        Axis { label: "seconds".to_string(), scale: Scale::Log, range: (least, greatest) }
    } else {
        Axis::from_zero("seconds", greatest)
    };
    let layers = vec![Layer::line("median", 0, median), Layer::line("99th percentile", 1, p99)];
    vec![
        Plot::new("launch-latency", "Launches over time: how long they took", (run.time_axis(), axis), layers)
            .with_caption("Of the launches that came up between two samples: from the call, or the first attempt, to running."),
    ]
}
