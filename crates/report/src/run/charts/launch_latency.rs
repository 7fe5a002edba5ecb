//! Time that launches took, over the run.

use crate::run::RunData;
use plimsoll_chart::axis::{Axis, Scale};
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::plot::{Layer, Plot, most};

/// Ratio of the greatest to the least time from which on its axis is logarithmic.
const WIDE: f64 = 100.0;

/// Returns the chart; none where all launches take equally long.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let of = |column: &str| -> Vec<Datum> {
        let points = run.series.points([column], |[latency]| latency);
        points.into_iter().filter(|(_, latency)| !latency.is_nan()).collect()
    };
    let (mut median, mut p99) = (of("launch_median_s"), of("launch_p99_s"));
    let all = || median.iter().chain(&p99).map(|(_, latency)| *latency);
    let greatest = all().fold(0.0, f64::max);
    if all().all(|latency| latency == greatest) {
        return Vec::new();
    }
    let least = all().filter(|latency| *latency > 0.0).fold(f64::INFINITY, f64::min);
    let is_wide = greatest / least > WIDE;
    if is_wide {
        // A logarithmic axis has no place for what took no time.
        for line in [&mut median, &mut p99] {
            line.retain(|(_, latency)| *latency > 0.0);
        }
    }
    let layers = vec![Layer::line("median", 0, median), Layer::line("99th percentile", 1, p99)];
    let axis = if is_wide {
        Axis { label: "seconds".to_string(), scale: Scale::Log, range: (least, greatest) }
    } else {
        Axis::from_zero("seconds", most(&layers))
    };
    vec![
        Plot::new("launch-latency", "Launches over time: how long they took", (run.time_axis(), axis), layers)
            .with_caption("Of the launches that came up between two samples: from the call, or the first attempt, to running."),
    ]
}
