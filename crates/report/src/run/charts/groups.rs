//! Load and capacity of Auto Scaling groups over time, and the load above the capacity.

use crate::run::RunData;
use crate::series::Series;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::plot::{Layer, Plot, most};

/// The most groups that are shown.
const GROUPS: usize = 4;

/// Returns a chart of each group with a load; of many those with the greatest load.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let peak = |series: &Series| series.column("load_units").iter().copied().fold(0.0, f64::max);
    let mut groups: Vec<&(String, Series)> =
        run.autoscaling.iter().filter(|(_, series)| peak(series) > 0.0).collect();
    let count = groups.len();
    groups.sort_by(|a, b| peak(&b.1).total_cmp(&peak(&a.1)));
    groups.truncate(GROUPS);
    let which = if count > GROUPS {
        format!(" The {GROUPS} with the greatest load of {count}.")
    } else {
        String::new()
    };
    groups.iter().enumerate().map(|(i, (name, series))| plot(run, (i, name), series, &which)).collect()
}

fn plot(run: &RunData, (number, name): (usize, &str), series: &Series, which: &str) -> Plot {
    let load = series.points(["load_units"], |[load]| load);
    let capacity = series.points(["capacity_units"], |[capacity]| capacity);
    let above: Vec<Datum> =
        series.points(["load_units", "capacity_units"], |[load, capacity]| (load - capacity).max(0.0));
    let layers = vec![
        Layer::steps("capacity in service", 0, capacity),
        Layer::line("load", 1, load),
        Layer::line("load above capacity", 2, above),
    ];
    let axes = (run.time_axis(), Axis::from_zero("units", most(&layers)));
    Plot::new(format!("group-{number}"), format!("Load and capacity of {name}"), axes, layers).with_caption(format!(
        "Load that the group is offered, the capacity of its instances in service, and what is above it at each sample.{which}"
    ))
}
