//! The control plane in whole runs: where it takes no time nothing changes, and whatever it does nobody is lost.

use plimsoll::cloud::outcome::Outcome;

use crate::support::Experiment;
use crate::{swarm, swarm_operations, worlds};

/// The control plane's figures of a run.
fn plane(outcome: &Outcome) -> &plimsoll::control_plane::plane::figures::ControlPlaneUse {
    outcome.control_plane.as_ref().expect("a control plane was modelled")
}

#[test]
fn a_control_plane_that_takes_no_time_changes_nothing() {
    let kinds: [(&str, u64, fn(u64) -> Experiment); 3] = [
        ("swarm", 30, |seed| swarm::draw(seed, false)),
        ("worlds", 20, worlds::draw),
        ("operations", 12, swarm_operations::draw),
    ];
    for (kind, seeds, draw) in kinds {
        for seed in 0..seeds {
            let experiment = draw(seed);
            let (instant, told) = experiment.watch();
            let (zero, same) = experiment.watch_with(&["control_plane.preset=zero"]);
            let describe = || format!("{kind}: {}", experiment.describe(seed));
            assert_eq!(zero.digest, instant.digest, "{}", describe());
            assert_eq!(zero.launch, instant.launch, "{}", describe());
            assert_eq!(zero.operations, instant.operations, "{}", describe());
            assert_eq!(zero.answers, instant.answers, "{}", describe());
            assert_eq!(zero.bill.total, instant.bill.total, "{}", describe());
            assert_eq!(zero.events, instant.events, "{}", describe());
            assert_eq!(told.refusals, same.refusals, "{}", describe());
            let latencies = |outcome: &Outcome| -> Vec<_> {
                let of_operations = outcome.latency.iter().filter(|latency| !latency.name.contains('.'));
                of_operations.map(|latency| (latency.name.clone(), latency.histogram.clone())).collect()
            };
            assert_eq!(latencies(&zero), latencies(&instant), "{}", describe());
            let waits = plane(&zero).stages.iter().map(|stage| stage.usage.waited);
            assert_eq!(waits.max(), Some(0), "nobody waits: {}", describe());
        }
    }
}
