//! Chart of a recommendation: the points tried, over the first number and the second, or over the number and the cost.

use super::data::TriedData;
use crate::recommendation::RecommendationData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::plot::{Data, Layer, Plot};
use plimsoll_chart::scene::Ink;

/// Returns the chart; none where no setting is a number.
pub fn plots(data: &RecommendationData) -> Vec<Plot> {
    let numbers: Vec<usize> = (0..data.variables.len()).filter(|at| data.variables[*at].numeric).collect();
    let Some(first) = numbers.first().copied() else { return Vec::new() };
    let second = numbers.get(1).copied();
    let setting = |tried: &TriedData, at: usize| tried.settings[at].parse().unwrap_or(f64::NAN);
    let place = |tried: &TriedData| -> Datum {
        (setting(tried, first), second.map_or(tried.cost, |second| setting(tried, second)))
    };
    let points: Vec<&TriedData> = data.tried.iter().filter(|tried| tried.future == 0).collect();
    let dots = |name: &str, ink, keep: &dyn Fn(&TriedData) -> bool| {
        let mut dots: Vec<Datum> =
            points.iter().filter(|tried| keep(tried)).map(|tried| place(tried)).collect();
        dots.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Layer { name: name.to_string(), ink, data: Data::Dots(dots) }
    };
    let layers = vec![
        dots("a target is missed", Ink::Series(3), &|tried| !tried.feasible),
        dots("all targets hold", Ink::Series(0), &|tried| tried.feasible && !data.is_recommended(tried)),
        dots("recommended", Ink::Series(2), &|tried| data.is_recommended(tried)),
    ];
    let all: Vec<Datum> = points.iter().map(|tried| place(tried)).collect();
    let along = second.map_or(format!("cost: {}", data.cost), |second| data.variables[second].path.clone());
    let x = Axis::around(data.variables[first].path.clone(), all.iter().map(|(x, _)| *x));
    let y = Axis::around(along, all.iter().map(|(_, y)| *y));
    let layers =
        layers.into_iter().filter(|layer| !matches!(&layer.data, Data::Dots(dots) if dots.is_empty()));
    let plot = Plot::new("recommendation", "Points tried", (x, y), layers.collect());
    let caption = "A dot for each point tried in the middle future. Points far from the answer were ruled out by others and not run.";
    vec![Plot { caption: caption.to_string(), ..plot }]
}
