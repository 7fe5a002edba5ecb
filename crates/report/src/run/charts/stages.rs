//! Stages of the control plane over time: jobs that wait, their waits, jobs turned away.

use crate::run::RunData;
use crate::series::Series;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{Layer, Plot, most};

/// Measure of a stage over time.
struct Measure {
    name: &'static str,
    title: &'static str,
    caption: &'static str,
    unit: &'static str,
    points: fn(&Series) -> Vec<Datum>,
}

#[rustfmt::skip]
const MEASURES: &[Measure] = &[
    Measure { name: "waiting", title: "Queues of the control plane", caption: "Jobs that wait at each stage.", unit: "jobs waiting", points: |stage| stage.points(["waiting"], |[waiting]| waiting) },
    Measure { name: "occupied", title: "How full the control plane is", caption: "Share of the servers' places at each stage that hold a job. A worker holds its message until hypervisor and storage are done with it; at 100 % a stage takes nothing more.", unit: "% of the places", points: occupied },
    Measure { name: "wait", title: "Waiting in the control plane", caption: "How long jobs waited on average between samples: those that waited by those that ceased to each second (Little's law).", unit: "seconds", points: waits },
    Measure { name: "refused", title: "Refused by the control plane", caption: "Jobs that each stage turned away, a second.", unit: "jobs a second", points: |stage| rates(stage, "refused") },
    Measure { name: "timed-out", title: "Given up in the control plane", caption: "Jobs that waited at each stage longer than they may, a second.", unit: "jobs a second", points: |stage| rates(stage, "timed_out") },
];

/// Returns a chart of each measure that is ever above zero at some stage. Of many stages it shows those with the most.
pub fn plots(run: &RunData) -> Vec<Plot> {
    MEASURES.iter().filter_map(|measure| plot(run, measure)).collect()
}

fn plot(run: &RunData, measure: &Measure) -> Option<Plot> {
    let peak = |points: &[Datum]| points.iter().map(|point| point.1).fold(0.0, f64::max);
    let mut stages: Vec<(&str, Vec<Datum>)> =
        run.stages.iter().map(|(name, series)| (name.as_str(), (measure.points)(series))).collect();
    stages.retain(|(_, points)| peak(points) > 0.0);
    let count = stages.len();
    if count > SERIES {
        stages.sort_by(|a, b| peak(&b.1).total_cmp(&peak(&a.1)));
        stages.truncate(SERIES);
    }
    let which = match &stages[..] {
        [(only, _)] => format!(" Here at one alone: {only}."),
        _ if count > SERIES => format!(" The {SERIES} greatest of {count}."),
        _ => String::new(),
    };
    let layers: Vec<Layer> =
        stages.into_iter().enumerate().map(|(i, (name, points))| Layer::line(name, i, points)).collect();
    if layers.is_empty() {
        return None;
    }
    Some(
        Plot::new(
            format!("stages-{}", measure.name),
            measure.title,
            (run.time_axis(), Axis::from_zero(measure.unit, most(&layers))),
            layers,
        )
        .with_caption(format!("{}{which}", measure.caption)),
    )
}

/// Returns the mean wait \[s\] between samples, at the end of each interval; a gap where no job left the queue. By Little's law
/// ("A Proof for the Queuing Formula: L = λW", Operations Research 9, 1961) it is the number that wait, here the mean of both
/// ends, ÷ the number that leave the queue each second: those served, those being served, those that gave up.
fn waits(stage: &Series) -> Vec<Datum> {
    let gone = stage.points(["completed", "in_service", "timed_out"], |[served, serving, gave_up]| {
        served + serving + gave_up
    });
    let waiting = stage.column("waiting");
    between(&gone, |i, left, seconds| {
        let mean = (waiting[i - 1] + waiting[i]) / 2.0;
        if left > 0.0 { mean * seconds / left } else { f64::NAN }
    })
}

/// Returns the share of the places that hold a job \[%\]; nothing where any number may be held.
fn occupied(stage: &Series) -> Vec<Datum> {
    let shares = stage.points(["held", "places"], |[held, places]| 100.0 * held / places);
    shares.into_iter().filter(|(_, share)| share.is_finite()).collect()
}

/// Returns the rate at which a count grows \[1/s\].
fn rates(stage: &Series, column: &str) -> Vec<Datum> {
    between(&stage.points([column], |[count]| count), |_, count, seconds| count / seconds)
}

/// Returns the values of a rule for the growth of a sum between each sample and the one before. The rule has the number of
/// the sample, the growth, the time between \[s\]. Sums begin anew when the warm-up ends, which leaves a gap.
fn between(sums: &[Datum], rule: impl Fn(usize, f64, f64) -> f64) -> Vec<Datum> {
    (1..sums.len())
        .map(|i| {
            let (growth, seconds) = (sums[i].1 - sums[i - 1].1, sums[i].0 - sums[i - 1].0);
            let value = if growth < 0.0 || seconds <= 0.0 { f64::NAN } else { rule(i, growth, seconds) };
            (sums[i].0, value)
        })
        .collect()
}
