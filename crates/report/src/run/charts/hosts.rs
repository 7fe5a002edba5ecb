//! Hosts of elastic groups over time: open, and with an instance.

use crate::run::RunData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::plot::{Layer, Plot, most};

/// Returns the chart; none where the number of hosts is fixed.
pub fn plots(run: &RunData) -> Vec<Plot> {
    if run.summary.fleet.hosts_peak_at_s.is_none() {
        return Vec::new();
    }
    let line = |name, number, column| Layer::line(name, number, run.series.points([column], |[hosts]| hosts));
    let layers = vec![line("open", 0, "hosts"), line("with an instance", 1, "hosts_used")];
    let axes = (run.time_axis(), Axis::from_zero("hosts", most(&layers)));
    vec![Plot::new("hosts", "Hosts that the demand takes", axes, layers).with_caption(
        "Elastic groups open a host where no open one has room, and close it when it is empty.",
    )]
}
