//! Capacity over time: in use, stranded, free beside instances, and on empty hosts; and what was asked for beside it.

use crate::run::RunData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::plot::{Data, Layer, Plot, most, stack};
use plimsoll_chart::scene::Ink;

/// Returns a chart each of vCPU and memory; none where no host was ever there.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let vcpu = ["vcpu_used", "vcpu_stranded", "vcpu_of_used_hosts", "vcpu"];
    let memory = ["memory_used_gib", "memory_stranded_gib", "memory_of_used_hosts_gib", "memory_gib"];
    let charts = [
        (plot(run, "vcpu", "vCPU", "vCPU", "memory", vcpu), ["vcpu_used", "vcpu_unmet"]),
        (plot(run, "memory", "memory", "GiB", "vCPU", memory), ["memory_used_gib", "memory_unmet_gib"]),
    ];
    charts.into_iter().filter_map(|(plot, demand)| Some(with_demand(plot?, run, demand))).collect()
}

/// Adds the line of what was asked for, where anything was refused. `columns` are what is in use and what is unmet.
fn with_demand(mut plot: Plot, run: &RunData, columns: [&str; 2]) -> Plot {
    if run.series.column(columns[1]).iter().all(|unmet| *unmet == 0.0) {
        return plot;
    }
    let asked_for = run.series.points(columns, |[used, unmet]| used + unmet);
    let (name, ink) = ("asked for".to_string(), Ink::Text);
    plot.layers.push(Layer { name, ink, data: Data::Line(asked_for) });
    plot.y = Axis::from_zero(plot.y.label.clone(), most(&plot.layers));
    plot.caption += " What was asked for is what is in use and what would be, had nothing been refused.";
    plot
}

fn plot(run: &RunData, name: &str, what: &str, unit: &str, other: &str, columns: [&str; 4]) -> Option<Plot> {
    let part =
        |rule: fn([f64; 4]) -> f64| -> Vec<Datum> { run.series.points(columns, |row| rule(row).max(0.0)) };
    if run.series.column(columns[3]).iter().all(|all| *all == 0.0) {
        return None;
    }
    let layers = stack(vec![
        ("in use".to_string(), Ink::Series(0), part(|[used, _, _, _]| used)),
        (
            format!("stranded: too little {other} beside it"),
            Ink::Series(1),
            part(|[_, stranded, _, _]| stranded),
        ),
        (
            "free beside instances".to_string(),
            Ink::Series(5),
            part(|[used, stranded, of_used_hosts, _]| of_used_hosts - used - stranded),
        ),
        (
            "on empty hosts".to_string(),
            Ink::Grid,
            part(|[used, stranded, of_used_hosts, all]| all - of_used_hosts.max(used + stranded)),
        ),
    ]);
    Some(
        Plot::new(
            format!("capacity-{name}"),
            format!("Where the {what} is"),
            (run.time_axis(), Axis::from_zero(unit, most(&layers))),
            layers,
        )
        .with_caption(format!(
            "Stranded {what} is free where not even the smallest request finds enough {other} beside it."
        )),
    )
}
