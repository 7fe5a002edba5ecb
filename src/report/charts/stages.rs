//! The stages of the control plane over time: how long their queues are, how long requests wait, how many are refused.
//! Which stages there are is what the summary says; which columns they have, the time series.

use super::axis::Axis;
use super::palette::SERIES;
use super::plot::{Layer, Plot, most};
use crate::report::reading::RunReading;

/// What a column that is named after it and a stage shows.
struct Measure {
    /// How its columns begin, before the name of the stage.
    prefix: &'static str,
    title: &'static str,
    caption: &'static str,
    unit: &'static str,
}

#[rustfmt::skip]
const MEASURES: [Measure; 3] = [
    Measure { prefix: "queue_length_", title: "Queues of the control plane", caption: "Requests that wait at each stage.", unit: "requests waiting" },
    Measure { prefix: "wait_s_", title: "Waiting in the control plane", caption: "How long a request waits at each stage before it is served.", unit: "seconds" },
    Measure { prefix: "refused_", title: "Refused by the control plane", caption: "Requests that each stage has turned away so far.", unit: "requests" },
];

/// A chart of each measure that any stage has.
pub fn plots(run: &RunReading) -> Vec<Plot> {
    let stages = run.at("stages").and_then(serde_json::Value::as_object);
    let names: Vec<&str> = stages.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    MEASURES.iter().filter_map(|measure| plot(run, measure, &names)).collect()
}

fn plot(run: &RunReading, measure: &Measure, stages: &[&str]) -> Option<Plot> {
    let column = |stage: &str| format!("{}{}", measure.prefix, stage.replace('-', "_"));
    let mut layers: Vec<Layer> = Vec::new();
    for stage in stages {
        let points = run.series.points([&column(stage)], |[value]| value);
        if points.iter().any(|point| point.1 > 0.0) && layers.len() < SERIES {
            layers.push(Layer::line(*stage, layers.len(), points));
        }
    }
    if layers.is_empty() {
        return None;
    }
    Some(Plot {
        name: format!("stages-{}", measure.prefix.trim_end_matches('_').replace('_', "-")),
        title: measure.title.to_string(),
        caption: measure.caption.to_string(),
        x: Axis::time(run.end_s()),
        y: Axis::from_zero(measure.unit, most(&layers)),
        layers,
        notes: Vec::new(),
    })
}
