//! Little's law where everything is constant, and so exact.

use super::{Finding, outcome};

pub fn run() -> Vec<Finding> {
    let scenario = "
        duration = '599m'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 8 }] }]
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]
        [[workload.arrivals]]
        process = { kind = 'constant', every = '10m' }
        lifetime = { kind = 'constant', value = '7m' }
        types = { unit = 1 }";
    let outcome = outcome(scenario, 1);
    // Sixty launches, each of which runs for seven minutes.
    let expected = 60.0 * 7.0 / 599.0;
    vec![
        Finding::exact("launches in 599 minutes, one every ten", 60, outcome.launch.succeeded),
        Finding::exact(
            "instances running on average, seven minutes each",
            format!("{expected:.12}"),
            format!("{:.12}", outcome.fleet.instances_running_mean),
        ),
        Finding::exact("most at once", 1, outcome.fleet.instances_running_peak),
    ]
}
