//! Packing density of the hosts in use over time.

use crate::run::RunData;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::plot::{Layer, Plot};

/// Returns the chart; none where no host was ever in use.
pub fn plots(run: &RunData) -> Vec<Plot> {
    if run.series.column("hosts_used").iter().all(|used| *used == 0.0) {
        return Vec::new();
    }
    let density = |used: &str, of: &str| {
        run.series.points([used, of], |[used, of]| if of > 0.0 { 100.0 * used / of } else { f64::NAN })
    };
    vec![
        Plot::new(
            "packing",
            "Packing of the hosts in use",
            (run.time_axis(), Axis::percent("of the hosts with an instance, in use")),
            vec![
                Layer::line("vCPU", 0, density("vcpu_used", "vcpu_of_used_hosts")),
                Layer::line("memory", 1, density("memory_used_gib", "memory_of_used_hosts_gib")),
            ],
        )
        .with_caption("What instances hold of the hosts that have any. The higher, the fewer hosts do."),
    ]
}
