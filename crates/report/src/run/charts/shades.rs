//! Shades behind every chart over time: the warm-up, which no figure counts, outages and maintenance.

use serde_json::Value;

use crate::run::RunData;
use plimsoll_base::units::figures::span;
use plimsoll_base::units::{Duration, NS_PER_S, parse_duration};
use plimsoll_chart::axis::Scale;
use plimsoll_chart::plot::{Block, Data, Layer, Plot};
use plimsoll_chart::scene::Ink;

/// A sort of shade: what it stands for, its colour, and the times of each \[s\] with their words.
struct Shade {
    name: &'static str,
    ink: Ink,
    times: Vec<(f64, f64, String)>,
}

/// Puts shades behind the charts over time.
pub fn behind(run: &RunData, plots: &mut [Plot]) {
    let shades: Vec<Shade> = shades(run).into_iter().filter(|shade| !shade.times.is_empty()).collect();
    if shades.is_empty() {
        return;
    }
    let names: Vec<&str> = shades.iter().map(|shade| shade.name).collect();
    for plot in plots.iter_mut().filter(|plot| matches!(plot.x.scale, Scale::Time(_))) {
        let y = plot.y.range;
        let layers = shades.iter().map(|shade| {
            let block = |(from, to, tooltip): &(f64, f64, String)| Block {
                x: (*from, *to),
                y,
                tooltip: tooltip.clone(),
                ink: None,
            };
            let data = Data::Blocks(shade.times.iter().map(block).collect());
            Layer { name: shade.name.to_string(), ink: shade.ink, data }
        });
        let layers: Vec<Layer> = layers.collect();
        plot.layers.splice(..0, layers);
        plot.caption += &format!(" Shaded: {}.", names.join(", "));
    }
}

fn shades(run: &RunData) -> [Shade; 3] {
    let end_s = run.end_s();
    let warmup_s = run.summary.warmup_s.min(end_s);
    let scenario = &run.manifest["scenario"];
    let faults = &scenario["faults"];
    let warmup = (warmup_s > 0.0).then(|| (0.0, warmup_s, "warm-up, not counted".to_string()));
    let mut outages = times(&faults["outages"], "at", "zone", end_s);
    outages.extend(times(&scenario["control_plane"]["outages"], "start", "stage", end_s));
    let maintenance = times(&faults["maintenance"], "at", "zone", end_s);
    [
        Shade { name: "warm-up", ink: Ink::Grid, times: warmup.into_iter().collect() },
        Shade { name: "outage", ink: Ink::Shade(2), times: outages },
        Shade { name: "maintenance", ink: Ink::Shade(1), times: maintenance },
    ]
}

/// Returns when each item of a list begins and ends, with its place and length in words. An item without a length lasts to
/// the end.
fn times(items: &Value, begin: &str, place: &str, end_s: f64) -> Vec<(f64, f64, String)> {
    let duration = |value: &Value| parse_duration(value.as_str()?).ok();
    let seconds = |duration: Duration| duration.0 as f64 / NS_PER_S as f64;
    let of = |item: &Value| {
        let from = seconds(duration(&item[begin])?);
        let length = duration(&item["length"]);
        let to = length.map_or(end_s, |length| from + seconds(length)).min(end_s);
        let place = item[place].as_str().unwrap_or_default();
        let words = length.map_or_else(|| place.to_string(), |length| format!("{place}, {}", span(length)));
        (from < to).then_some((from, to, words))
    };
    items.as_array().into_iter().flatten().filter_map(of).collect()
}
