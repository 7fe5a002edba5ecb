//! Schedulers that see the fleet out of date, in whole runs.

use crate::support::{CHECKED, Experiment, Notes, launches};

fn crowded() -> Experiment {
    Experiment::new(
        "seed = 3
        duration = '12h'
        zones = [{ name = 'z', hosts = [{ count = 20, vcpu = 16, memory_gib = 64 }] }]
        placement.strategy = 'best-fit'
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 150.0 }
        lifetime = { kind = 'exponential', mean = '30m' }
        types = { 'm5.large' = 3, 'm5.2xlarge' = 1 }",
    )
}

#[test]
fn what_schedulers_do_not_see_costs_conflicts_and_refusals() {
    let mut failed = Vec::new();
    for (set, has_conflicts) in [
        (vec![], false),
        (vec!["placement.stale={ schedulers = 1, delay = '10s' }"], false),
        (vec!["placement.stale={ schedulers = 6, delay = '10m', retries = 20 }"], true),
        (vec!["placement.stale={ schedulers = 6, delay = '10m', retries = 0 }"], true),
    ] {
        let mut notes = Notes::default();
        let outcome = crowded().run_with(&set, CHECKED, &mut notes);
        let conflicts = outcome.placement_conflicts.unwrap_or(0);
        assert_eq!(conflicts > 0, has_conflicts, "{set:?}: {conflicts} conflicts");
        assert_eq!(outcome.placement_conflicts.is_some(), !set.is_empty());
        let (requested, succeeded) = (launches(&outcome).0, launches(&outcome).1);
        failed.push(requested - succeeded);
    }
    assert!(failed[1] <= failed[2] && failed[2] < failed[3], "{failed:?}");
}
