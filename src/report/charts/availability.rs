//! Which share of the instances asked for was launched, over time.

use super::axis::{Axis, Scale};
use super::plot::{Layer, Plot};
use super::thin::Datum;
use crate::report::reading::{RunReading, Series};
use crate::units::Duration;
use crate::units::figures::span;

/// The chart; none where nothing was asked for.
pub fn plots(run: &RunReading) -> Vec<Plot> {
    let points = shares(&run.series);
    let least = points.iter().map(|point| point.1).filter(|share| !share.is_nan()).fold(f64::NAN, f64::min);
    if least.is_nan() {
        return Vec::new();
    }
    let times = run.series.column("time_s");
    let interval = times.windows(2).next().map_or(0.0, |pair| pair[1] - pair[0]);
    let interval = span(Duration((interval * 1e9).round() as u64));
    vec![Plot {
        name: "availability".to_string(),
        title: "Availability of launches".to_string(),
        caption: format!(
            "The share of the instances asked for that were launched, every {interval}; no line where none was \
             asked for. A scenario that samples every minute (output.sample_every) shows it by the minute."
        ),
        x: Axis::time(run.end_s()),
        y: Axis {
            label: format!("launched of asked for, every {interval} (%)"),
            scale: Scale::Linear,
            range: (((least - 1e-9) / 5.0).floor().max(0.0) * 5.0, 100.0),
        },
        layers: vec![Layer::steps("", 0, points)],
        notes: Vec::new(),
    }]
}

/// The share in every interval, at its beginning. Counts begin anew when the warm-up ends.
fn shares(series: &Series) -> Vec<Datum> {
    let times = series.column("time_s");
    let (asked, launched) = (series.column("launches_requested"), series.column("launches_succeeded"));
    if asked.len() != times.len() || launched.len() != times.len() {
        return Vec::new();
    }
    let mut points: Vec<Datum> = (1..times.len())
        .map(|i| {
            let (asked, launched) = (asked[i] - asked[i - 1], launched[i] - launched[i - 1]);
            let share = if asked > 0.0 && launched >= 0.0 { 100.0 * launched / asked } else { f64::NAN };
            (times[i - 1], share.min(100.0))
        })
        .collect();
    // The last interval ends somewhere too.
    if let (Some(last), Some(end)) = (points.last().copied(), times.last()) {
        points.push((*end, last.1));
    }
    points
}
