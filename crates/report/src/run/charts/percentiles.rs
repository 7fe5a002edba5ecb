//! Latency by percentile, as HdrHistogram draws it: each nine takes as much room as the one before, so
//! that the worst cases can be seen.

use hdrhistogram::Histogram;

use crate::run::RunData;
use plimsoll_chart::axis::{Axis, Scale};
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{Layer, Plot, most};

/// Steps between two halvings of the share that is left above.
const STEPS: u32 = 8;

/// Returns the chart; none where everything was instant.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let mut slow: Vec<_> = run.latency.iter().filter(|what| what.histogram.max() > 0).collect();
    if slow.is_empty() {
        return Vec::new();
    }
    // Effects before answers, answers before stages.
    slow.sort_by_key(|what| {
        ["api.", "stage."].iter().position(|part| what.name.starts_with(part)).map_or(0, |i| i + 1)
    });
    let all = slow.len();
    slow.truncate(SERIES);
    let which = if all > SERIES { format!(" {SERIES} of {all} durations are shown.") } else { String::new() };
    let layers: Vec<Layer> = (slow.iter().enumerate())
        .map(|(number, what)| Layer::line(&what.name, number, percentiles(&what.histogram)))
        .collect();
    let rarest = slow.iter().map(|what| what.histogram.len()).max().unwrap_or(1) as f64;
    vec![
        Plot::new(
            "latency-percentiles",
            "Latency by percentile",
            (
                Axis {
                    label: "percentile".to_string(),
                    scale: Scale::Nines,
                    range: (0.0, 1.0 - 1.0 / rarest.clamp(10.0, 1e7)),
                },
                Axis::from_zero("seconds", most(&layers)),
            ),
            layers,
        )
        .with_caption(format!(
            "So many percent took at most so long. Further right are the rarer, slower ones.{which}"
        )),
    ]
}

/// Returns the quantiles with their durations \[s\], as far as there are enough durations.
fn percentiles(histogram: &Histogram<u64>) -> Vec<Datum> {
    let seconds = |quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1e9;
    let count = histogram.len() as f64;
    let mut points = Vec::new();
    for step in 0.. {
        let left = libm::exp2(-f64::from(step) / f64::from(STEPS));
        if left * count < 1.0 {
            break;
        }
        points.push((1.0 - left, seconds(1.0 - left)));
    }
    points.push((1.0 - 1.0 / count.max(1.0), histogram.max() as f64 / 1e9));
    points.dedup_by(|next, last| next.0 <= last.0);
    points
}
