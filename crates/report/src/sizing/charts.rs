//! Chart of a sizing: the metric by the setting with its interval, the target and the answer.

use super::data::PointData;
use crate::format::amount;
use crate::sizing::SizingData;
use plimsoll_base::units::figures::grouped;
use plimsoll_chart::axis::{Axis, scaled};
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
        known.iter().filter_map(|point| Some((point.value as f64, scale * value(point)?))).collect()
    };
    let means = along(|point| point.mean);
    let ends = [along(|point| Some(point.interval?.0)), along(|point| Some(point.interval?.1))];
    let label = if unit.is_empty() { target.metric.clone() } else { format!("{} ({unit})", target.metric) };
    let all =
        means.iter().chain(ends.iter().flatten()).map(|(_, value)| *value).chain([scale * target.value]);
    let y = Axis::around(label, all);
    let mut layers = Vec::new();
    if known.iter().any(|point| !point.exact) {
        let names = ["interval", ""];
        for (name, end) in names.into_iter().zip(ends) {
            layers.push(Layer { name: name.to_string(), ink: Ink::Series(6), data: Data::Line(end) });
        }
    }
    layers.push(Layer::line("mean", 0, means.clone()));
    layers.push(Layer { name: String::new(), ink: Ink::Series(0), data: Data::Dots(means) });
    let across = |at| Note { at, label: String::new(), ink: Ink::Muted };
    let notes =
        [At::Y(scale * target.value)].into_iter().chain(sizing.answer.map(|answer| At::X(answer as f64)));
    let answer =
        sizing.answer.map_or_else(String::new, |answer| format!(" and the answer, {}", grouped(answer)));
    vec![Plot {
        name: "sizing".to_string(),
        title: format!("{} by {}", target.metric, sizing.setting),
        caption: format!(
            "A dot for each value tried: the mean over its runs. Each end of the interval has {} % confidence. Lines \
             across are the target, {} {}{answer}.",
            100.0 * sizing.confidence,
            target.relation,
            amount(target.value, &target.unit),
        ),
        x: Axis::around(sizing.setting.clone(), known.iter().map(|point| point.value as f64)),
        y,
        layers,
        notes: notes.map(across).collect(),
    }]
}
