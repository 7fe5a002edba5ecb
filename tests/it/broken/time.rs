//! Time goes on: a warm-up that ends when all work is done, a branch whose delays are shorter than those that run.

use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::units::{Duration, Time};

use crate::checkpoints::Journey;
use crate::support::{CHECKED, Experiment};
use crate::{control_plane, swarm, swarm_operations, worlds};

fn after(seconds: u64) -> Time {
    Time::ZERO.after(Duration::from_seconds(seconds))
}

#[test]
fn a_warm_up_may_end_when_the_last_call_is_long_past() {
    for preset in ["zero", "aws-like"] {
        let experiment = Experiment::replaying(
            "start_s,end_s,type\n0,,m5.large\n",
            &format!(
                "duration = '2h'
                warmup = '1h'
                zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 8, memory_gib = 32 }}] }}]
                control_plane.preset = '{preset}'"
            ),
        );
        let outcome = experiment.run();
        assert_eq!((outcome.warmup_end, outcome.horizon), (after(3600), after(7200)));
        let of_plane = outcome.control_plane.expect("there is a control plane");
        assert_eq!(of_plane.counts.calls, 0, "{preset}: the window is a quiet hour");
        assert!((outcome.fleet.instances_running_mean - 1.0).abs() < 1e-12);
        assert_eq!(outcome.launch.requested, 0);
    }
}

#[test]
fn drawn_worlds_may_warm_up_until_any_moment() {
    for seed in 0..40 {
        let (planes, set) = control_plane::draw(seed);
        let mut worlds = vec![(planes, set)];
        for experiment in [worlds::draw(seed), swarm_operations::draw(seed)] {
            worlds.push((experiment, Vec::new()));
        }
        for (experiment, set) in worlds {
            let last = experiment.scenario(&[]).duration.expect("drawn worlds have an end").0;
            let mut random = Seed(seed).stream(Purpose::Mix, 100);
            for warmup in [last - 1, random.below(last), last - random.below(last / 20)] {
                let warmup = format!("warmup='{warmup}ns'");
                let set: Vec<&str> = set.iter().map(String::as_str).chain([&*warmup]).collect();
                let outcome = experiment.run_with(&set, CHECKED, &mut plimsoll::cloud::observe::Silent);
                assert!(outcome.warmup_end <= outcome.horizon, "{set:?}: {}", experiment.describe(seed));
            }
        }
    }
}

#[test]
fn what_lags_already_counts_as_long_as_it_was_to_when_a_branch_has_a_shorter_lag() {
    // One ends at 600 s and counts until 4,200 s; the other ends at 1,200 s and on the branch counts until 1,201 s.
    let launches = "0,600,m5.large\n0,1200,m5.large\n2000,,m5.large\n4300,,m5.large\n";
    let experiment = Experiment::replaying(
        &format!("start_s,end_s,type\n{launches}"),
        "duration = '2h'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 32 }] }]
        quotas = { instances = 2, lag = '1h' }",
    );
    let folder = tempfile::tempdir().unwrap();
    let at = [after(900)];
    let trunk = experiment.scenario(&[]);
    let run =
        Journey { scenario: &trunk, options: CHECKED, checkpoints: &at, folder: folder.path(), from: None };
    // Both count at 2,000 s; at 4,300 s only the second does.
    assert_eq!(run.run().0.launch.succeeded, 3);
    let file = run.file(at[0]);
    for (lag, succeeded) in [("1s", 4), ("0s", 4), ("30m", 3), ("3h", 3)] {
        let scenario = experiment.scenario(&[&format!("quotas.lag={lag}")]);
        let branch = Journey { scenario: &scenario, checkpoints: &[], from: Some(&file), ..run };
        assert_eq!(branch.run().0.launch.succeeded, succeeded, "{lag}");
    }
}

/// Settings that a branch may change and that have to do with time.
const BRANCHES: [&[&str]; 5] = [
    &["lifecycle={ boot = '0s', stop = '0s', terminate = '0s' }"],
    &["lifecycle={ boot = '1s', stop = '1s', terminate = '1s' }", "output.sample_every=7s"],
    &["lifecycle={ boot = '20m', stop = '20m', terminate = '20m' }", "output.sample_every=1h"],
    &["storage={ create = '0s', attach = '0s', detach = '0s' }", "seed=3"],
    &["storage={ create = '9m', attach = '9m', detach = '9m' }", "seed=4"],
];

fn check_branches(experiment: &Experiment, set: &[&str], seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let trunk = experiment.scenario(set);
    let end = trunk.duration.expect("drawn worlds have an end").0;
    let at = [Time(Seed(seed).stream(Purpose::Mix, 101).below(end))];
    let run =
        Journey { scenario: &trunk, options: CHECKED, checkpoints: &at, folder: folder.path(), from: None };
    run.run();
    let file = run.file(at[0]);
    let has_lag = trunk.resolved()["quotas"]["lag"].is_string();
    let lags: &[&[&str]] =
        if has_lag { &[&["quotas.lag=0s"], &["quotas.lag=1s"], &["quotas.lag=10m"]] } else { &[] };
    for changes in BRANCHES.iter().chain(lags) {
        let all: Vec<&str> = set.iter().chain(*changes).copied().collect();
        let scenario = experiment.scenario(&all);
        run_branch(&Journey { scenario: &scenario, checkpoints: &[], from: Some(&file), ..run }, &|| {
            format!("{changes:?} from {at:?}: {}", experiment.describe(seed))
        });
    }
}

fn run_branch(journey: &Journey<'_>, describe: &dyn Fn() -> String) {
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| journey.run()));
    assert!(run.is_ok(), "{}", describe());
}

#[test]
fn branches_of_drawn_worlds_may_be_quicker_or_slower_from_any_moment() {
    for seed in 300..312 {
        check_branches(&swarm::draw(seed, false), &[], seed);
        check_branches(&worlds::draw(seed), &[], seed);
        check_branches(&swarm_operations::draw(seed), &[], seed);
    }
}
