//! Availability over time: share of the calls that succeeded, minute by minute, and share of the requested instances
//! that were launched.

use crate::run::RunData;
use crate::series::Series;
use plimsoll_base::units::Duration;
use plimsoll_base::units::figures::span;
use plimsoll_chart::axis::{Axis, Scale, rounded};
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::plot::{Layer, Plot};

/// A minute \[s\].
const MINUTE: f64 = 60.0;

/// Lower ends of the axis \[%\] for shares that are never less: near 100 % small differences matter.
const NEARLY_ALL: [f64; 2] = [99.9, 99.0];

/// Returns the charts; none of calls where there is no control plane, none of launches where nothing was asked for.
pub fn plots(run: &RunData) -> Vec<Plot> {
    calls(run).into_iter().chain(launches(run)).collect()
}

/// Draws the calls by the minute.
fn calls(run: &RunData) -> Option<Plot> {
    let share = |[calls, failed]: [f64; 2]| {
        if calls > 0.0 { 100.0 * (calls - failed) / calls } else { f64::NAN }
    };
    let mut points = run.availability.points(["calls", "failed"], share);
    let least = least(&points)?;
    // The last minute needs an end too.
    let last = *points.last()?;
    points.push(((last.0 + MINUTE).min(run.end_s()).max(last.0), last.1));
    let sum = |column| run.availability.column(column).iter().sum::<f64>();
    let (all, failed) = (sum("calls"), sum("failed"));
    Some(Plot::new("availability-calls", "Availability by minute", (run.time_axis(), shares_axis("calls that succeeded, each minute (%)".to_string(), least)), vec![Layer::steps("", 0, points)]).with_caption(format!(
            "The share of the calls that succeeded, of each minute in which any was answered; at worst {} %. Of all \
             {} calls {} failed.",
            rounded(least),
            rounded(all),
            rounded(failed),
        )))
}

/// Draws the instances by the sampling interval.
fn launches(run: &RunData) -> Option<Plot> {
    let points = launched(&run.series);
    let least = least(&points)?;
    let times = run.series.column("time_s");
    let interval = times.windows(2).next().map_or(0.0, |pair| pair[1] - pair[0]);
    let interval = span(Duration((interval * 1e9).round() as u64));
    Some(Plot::new("availability", "Availability of launches", (run.time_axis(), shares_axis(format!("launched of asked for, every {interval} (%)"), least)), vec![Layer::steps("", 0, points)]).with_caption(format!(
            "The share of the instances asked for that were launched, every {interval}; no line where none was \
             asked for. A scenario that samples every minute (output.sample_every) shows it by the minute."
        )))
}

/// Returns the least share.
fn least(points: &[Datum]) -> Option<f64> {
    points.iter().map(|point| point.1).filter(|share| !share.is_nan()).reduce(f64::min)
}

/// Returns an axis from somewhat less than the least share to 100 %.
fn shares_axis(label: String, least: f64) -> Axis {
    let of_nearly_all = NEARLY_ALL.into_iter().find(|end| *end <= least && least < 100.0);
    let from = of_nearly_all.unwrap_or_else(|| ((least - 1e-9) / 5.0).floor().max(0.0) * 5.0);
    Axis { label, scale: Scale::Linear, range: (from, 100.0) }
}

/// Returns the share launched in every interval, at its beginning. Counts begin anew when the warm-up ends.
fn launched(series: &Series) -> Vec<Datum> {
    let times = series.column("time_s");
    let (asked, launched) = (series.column("launches_requested"), series.column("launches_succeeded"));
    if asked.len() != times.len() || launched.len() != times.len() {
        return Vec::new();
    }
    let mut points: Vec<Datum> = (1..times.len())
        .map(|i| {
            let (asked, launched) = (asked[i] - asked[i - 1], launched[i] - launched[i - 1]);
            let is_told = asked > 0.0 && launched >= 0.0;
            (times[i - 1], if is_told { (100.0 * launched / asked).min(100.0) } else { f64::NAN })
        })
        .collect();
    // The last interval needs an end too.
    if let (Some(last), Some(end)) = (points.last().copied(), times.last()) {
        points.push((*end, last.1));
    }
    points
}
