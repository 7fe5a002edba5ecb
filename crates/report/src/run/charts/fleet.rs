//! Share of the fleet in use over time.

use crate::run::RunData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::plot::{Layer, Plot};

/// Returns the chart; none where no host was ever there.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let resources = [
        ("vCPU", "vcpu_used", "vcpu"),
        ("memory", "memory_used_gib", "memory_gib"),
        ("GPU", "gpu_used", "gpu"),
        ("hosts with an instance", "hosts_used", "hosts"),
    ];
    let mut layers = Vec::new();
    for (number, (name, used, all)) in resources.into_iter().enumerate() {
        if run.series.column(all).iter().any(|all| *all > 0.0) {
            let share = |[used, all]: [f64; 2]| if all > 0.0 { 100.0 * used / all } else { f64::NAN };
            layers.push(Layer::line(name, number, run.series.points([used, all], share)));
        }
    }
    if layers.is_empty() {
        return Vec::new();
    }
    vec![
        Plot::new("fleet", "The fleet in use", (run.time_axis(), Axis::percent("in use")), layers)
            .with_caption("Shares of what all hosts together can sell, and of the hosts themselves."),
    ]
}
