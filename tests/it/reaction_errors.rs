//! Mistakes in demand that reacts: an error with place, expectation and way out, exit code 2, and earlier results untouched.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use crate::command_line::plimsoll;

const CLOUD: &str = "name = 'wrong'\nduration = '1h'\n[[zones]]\nname = 'a'\nhosts = [{ count = 2, vcpu = 16, memory_gib = 64 }]\n";

/// Demand with which the cloud runs.
const DEMAND: &str = "[[workload.arrivals]]\nprocess = { kind = 'poisson', per_hour = 1.0 }\n\
                      lifetime = { kind = 'constant', value = '1m' }\ntypes = { 'm5.large' = 1 }\n";

/// Mistakes: the tables, the place that is named, and what is expected there.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "[[autoscaling_groups]]\nname = 'g'\nmin = 5\nmax = 4\ntypes = ['m5.large']",
        "autoscaling_groups.0.min",
        "at most `max`, 4",
    ),
    (
        "[[autoscaling_groups]]\nname = 'g'\nmax = 4\ntypes = ['m5.lrge']",
        "autoscaling_groups.0.types.0",
        "did you mean `m5.large`",
    ),
    (
        "[[autoscaling_groups]]\nname = 'g'\nmax = 4\ntypes = ['m5.large']\n\
         [[autoscaling_groups.policies]]\nkind = 'target-tracking'\ntarget = 0.5",
        "autoscaling_groups.0.policies.0.kind",
        "expected [autoscaling_groups.load] with it",
    ),
    (
        "[[autoscaling_groups]]\nname = 'g'\nmax = 4\ntypes = ['m5.large']\n\
         load = { units_per_instance = 1, offered = { kind = 'constant', units = 1 } }\n\
         [[autoscaling_groups.policies]]\nkind = 'target-tracking'\ntarget = 0",
        "autoscaling_groups.0.policies.0.target",
        "a utilisation above 0",
    ),
    (
        "[[autoscaling_groups]]\nname = 'g'\nmax = 4\ntypes = [{ name = 'm5.large', weight = 0 }]",
        "autoscaling_groups.0.types.0.weight",
        "expected 1 to 999",
    ),
    (
        "[[workload.jobs]]\npool = 'runers'\nprocess = { kind = 'poisson', per_hour = 1.0 }\n\
         lifetime = { kind = 'constant', value = '1m' }\n\
         [[pools]]\nname = 'runners'\ntypes = ['m5.large']\nsize = 1",
        "workload.jobs.0.pool",
        "did you mean `runners`",
    ),
    (
        "[[workload.arrivals]]\nprocess = { kind = 'poisson', per_hour = 1.0 }\n\
         lifetime = { kind = 'constant', value = '1m' }\ntypes = { 'm5.large' = 1 }\n\
         on_refusal = { types = ['c5.large', 'm5.xlarge', 'c5.large'] }",
        "workload.arrivals.0.on_refusal.types.2",
        "a launch tries none twice",
    ),
    (
        "[[workload.arrivals]]\nprocess = { kind = 'poisson', per_hour = 1.0 }\n\
         lifetime = { kind = 'constant', value = '1m' }\ntypes = { 'm5.large' = 1 }\n\
         on_refusal = { types = ['m5.large'] }",
        "workload.arrivals.0.on_refusal.types.0",
        "a launch tries none twice",
    ),
];

#[test]
fn each_mistake_has_its_place_and_a_way_out_and_leaves_earlier_results_alone() {
    for (tables, place, expected) in WRONG {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("scenario.toml");
        fs::write(&scenario, format!("{CLOUD}{DEMAND}")).unwrap();
        let run = || plimsoll(folder.path(), &["run", "scenario.toml", "--quiet", "-o", "out"]);
        run().assert().success();
        let summary = || fs::read(folder.path().join("out/summary.json")).unwrap();
        let earlier = summary();
        fs::write(&scenario, format!("{CLOUD}{tables}\n")).unwrap();
        run().assert().code(2).stderr(contains(*place).and(contains(*expected)));
        assert_eq!(summary(), earlier, "{place}");
    }
}

#[test]
fn all_that_is_wrong_with_groups_and_pools_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let both = format!("{CLOUD}{}\n{}\n", WRONG[0].0, "[[pools]]\nname = 'p'\ntypes = []\nsize = 0");
    fs::write(folder.path().join("scenario.toml"), both).unwrap();
    let all = ["autoscaling_groups.0.min", "pools.0.types", "pools.0.size"];
    let told = all.iter().fold(predicate::always().boxed(), |all, place| all.and(contains(*place)).boxed());
    plimsoll(folder.path(), &["run", "scenario.toml"]).assert().code(2).stderr(told);
}

#[test]
fn a_line_without_end_runs_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let overload = "[placement]\nwhen_full = 'wait'\n[[workload.arrivals]]\nprocess = { kind = 'poisson', per_hour = 600.0 }\n\
                    lifetime = { kind = 'constant', value = '10m' }\ntypes = { 'm5.2xlarge' = 1 }";
    fs::write(folder.path().join("scenario.toml"), format!("{}{overload}\n", CLOUD.replace("1h", "12h")))
        .unwrap();
    plimsoll(folder.path(), &["run", "scenario.toml", "-o", "out"]).assert().success();
    let summary = fs::read_to_string(folder.path().join("out/summary.json")).unwrap();
    assert!(summary.contains("second half of the run"), "{summary}");
}
