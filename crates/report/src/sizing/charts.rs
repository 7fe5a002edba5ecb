//! Chart of a sizing: the metric by the setting with its interval, the target and the answer.

use super::data::PointData;
use crate::format::amount;
use crate::sizing::SizingData;
use plimsoll_chart::axis::{Axis, Scale, scaled};
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::plot::{At, Data, Layer, Note, Plot};
use plimsoll_chart::scene::Ink;

/// Returns the chart; none where the metric has no value.
pub fn plots(sizing: &SizingData) -> Vec<Plot> {
    let known: Vec<&PointData> = sizing.points.iter().filter(|point| point.mean.is_some()).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let target = &sizing.target;
    let (scale, unit) = scaled(&target.unit);
    let along = |value: fn(&PointData) -> Option<f64>| -> Vec<Datum> {
        known.iter().filter_map(|point| Some((point.value.as_f64(), scale * value(point)?))).collect()
    };
    let means = along(|point| point.mean);
    let ends = [along(|point| Some(point.interval?.0)), along(|point| Some(point.interval?.1))];
    let label = if unit.is_empty() { target.metric.clone() } else { format!("{} ({unit})", target.metric) };
    let all =
        means.iter().chain(ends.iter().flatten()).map(|(_, value)| *value).chain([scale * target.value]);
    let y = axis(label, all.collect());
    let mut layers = Vec::new();
    if known.iter().any(|point| !point.exact) {
        let names = ["interval", ""];
        for (name, end) in names.into_iter().zip(ends) {
            layers.push(Layer { name: name.to_string(), ink: Ink::Series(6), data: Data::Line(end) });
        }
    }
    layers.push(Layer::line("mean", 0, means.clone()));
    layers.push(Layer { name: String::new(), ink: Ink::Series(0), data: Data::Dots(means) });
    let across = |(at, label)| Note { at, label, ink: Ink::Muted };
    let of_target = format!("target: {} {}", target.relation, amount(target.value, &target.unit));
    let of_answer =
        sizing.answer.map(|answer| (At::X(answer.as_f64()), format!("answer: {}", answer.grouped())));
    let notes = [(At::Y(scale * target.value), of_target)].into_iter().chain(of_answer);
    let answer =
        sizing.answer.map_or_else(String::new, |answer| format!(" and the answer, {}", answer.grouped()));
    vec![Plot {
        name: "sizing".to_string(),
        title: format!("{} by {}", target.metric, sizing.setting),
        caption: format!(
            "A dot for each value tried: the mean over its runs. Each end of the interval has {} % confidence if runs are about \
             normal. Lines across are the target, {} {}{answer}.",
            100.0 * sizing.confidence,
            target.relation,
            amount(target.value, &target.unit),
        ),
        x: Axis::around(sizing.setting.clone(), known.iter().map(|point| point.value.as_f64())),
        y,
        layers,
        notes: notes.map(across).collect(),
    }]
}

/// Ratio of the ends of a range from which on its axis is logarithmic, so that the target does not lie on its edge.
const WIDE: f64 = 50.0;

/// Returns an axis around the values and the target.
fn axis(label: String, values: Vec<f64>) -> Axis {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    match least > 0.0 && most / least > WIDE {
        true => Axis { label, scale: Scale::Log, range: (least / 1.5, most * 1.5) },
        false => Axis::around(label, values),
    }
}
