//! Share of vCPU and memory in use over time, by zone and by kind of hosts.

use crate::run::RunData;
use crate::run::host_groups::GroupSeries;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{Layer, Plot};

/// Amounts of a resource in a group: in use and to sell at each time.
type Amounts = fn(&GroupSeries) -> &[[f64; 2]];

/// A part of the fleet that a group belongs to.
type Part = fn(&GroupSeries) -> &str;

/// Returns a chart of each resource by zone, and by kind of hosts; none where there is one alone.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let parts: [(&str, &str, Part); 2] =
        [("zone", "zone", |group| &group.zone), ("sku", "host group", |group| &group.sku)];
    let resources: [(&str, &str, Amounts); 2] =
        [("vcpu", "vCPU", |group| &group.vcpu), ("memory", "memory", |group| &group.memory)];
    let mut plots = Vec::new();
    for (key, words, part) in parts {
        for (resource, title, amounts) in resources {
            let lines = shares(&run.groups, part, amounts);
            if lines.len() < 2 {
                continue;
            }
            let count = lines.len();
            let which =
                if count > SERIES { format!(" The first {SERIES} of {count}.") } else { String::new() };
            let lines = lines.into_iter().take(SERIES).enumerate();
            let layers = lines.map(|(number, (name, points))| Layer::line(name, number, points)).collect();
            plots.push(
                Plot::new(
                    format!("{resource}-by-{key}"),
                    format!("{title} in use, by {words}"),
                    (run.time_axis(), Axis::percent(format!("{title} in use"))),
                    layers,
                )
                .with_caption(format!("Shares of what the hosts of each {words} can sell.{which}")),
            );
        }
    }
    plots
}

/// Returns the share in use of each part over time \[%\], parts in the order of their first group.
fn shares(groups: &[GroupSeries], part: Part, amounts: Amounts) -> Vec<(String, Vec<Datum>)> {
    let mut names: Vec<&str> = Vec::new();
    for group in groups.iter().filter(|group| amounts(group).iter().any(|[_, all]| *all > 0.0)) {
        if !names.contains(&part(group)) {
            names.push(part(group));
        }
    }
    let line = |name: &str| {
        let of_part: Vec<&GroupSeries> = groups.iter().filter(|group| part(group) == name).collect();
        let times = of_part.first().map_or(&[][..], |group| &group.times);
        let share = |i: usize| {
            let sum = |which: usize| {
                of_part.iter().filter_map(|group| amounts(group).get(i)).map(|of| of[which]).sum::<f64>()
            };
            let (used, all) = (sum(0), sum(1));
            if all > 0.0 { 100.0 * used / all } else { f64::NAN }
        };
        times.iter().enumerate().map(|(i, at)| (*at, share(i))).collect()
    };
    names.into_iter().map(|name| (name.to_string(), line(name))).collect()
}
