//! The control plane in whole runs: where it takes no time nothing changes, and whatever it does nobody is lost.

use std::collections::BTreeMap;

use plimsoll::cloud::outcome::Outcome;
use plimsoll::control_plane::plane::figures::StageUse;
use plimsoll::engine::random::{Purpose, Seed, Stream};

use crate::support::{CHECKED, Experiment, Notes, UNCHECKED, operations};
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

/// A stage of a run by its name.
fn stage<'a>(outcome: &'a Outcome, name: &str) -> &'a StageUse {
    plane(outcome).stages.iter().find(|stage| stage.name.to_string() == name).expect("a stage of that name")
}

/// Settings of a control plane in which everything happens: little room, short time-outs, outages.
fn draw_plane(random: &mut Stream) -> Vec<String> {
    let mut of = |choices: &[&str]| choices[random.below(choices.len() as u64) as usize].to_string();
    let services = [
        "{ kind = 'constant', value = '0s' }",
        "{ kind = 'constant', value = '3s' }",
        "{ kind = 'exponential', mean = '2s' }",
        "{ kind = 'exponential', mean = '20s' }",
    ];
    let mut set = vec!["control_plane.preset=zero".to_string()];
    for station in ["gateway", "validation", "hypervisor", "storage"] {
        set.push(format!("control_plane.{station}.service={}", of(&services)));
        set.push(format!("control_plane.{station}.servers={}", of(&["1", "3", "unlimited"])));
        set.push(format!("control_plane.{station}.queue_limit={}", of(&["0", "2", "unlimited"])));
        set.push(format!("control_plane.{station}.queue_timeout={}", of(&["1s", "30s"])));
    }
    set.push(format!("control_plane.gateway.shed_above={}", of(&["5", "40", "unlimited"])));
    for key in ["read", "write"] {
        set.push(format!("control_plane.database.{key}={}", of(&services)));
    }
    set.push(format!("control_plane.database.servers={}", of(&["1", "unlimited"])));
    set.push(format!("control_plane.database.replicas={}", of(&["0", "1", "1", "3"])));
    set.push(format!("control_plane.database.lag={}", of(&["0s", "1m", "5m"])));
    set.push(format!("control_plane.database.scan_per_row={}", of(&["0s", "10ms"])));
    set.push(format!("control_plane.database.read_from={}", of(&["replica", "replica", "primary"])));
    set.push(of(&[
        "control_plane.database.pool={ max = 2, acquire_timeout = '2s', connect = '100ms', idle_timeout = '5s' }",
        "control_plane.database.pool={ min = 1, max = 3 }",
        "control_plane.database.pool={ max = 'unlimited', connect = '1s' }",
    ]));
    set.push(of(&[
        "control_plane.cache={ enabled = true, ttl = '20s', capacity = 3, coalesce = true }",
        "control_plane.cache={ enabled = true, ttl = '5m', invalidate_on_write = false }",
        "control_plane.cache={ enabled = false }",
    ]));
    set.push(of(&[
        "control_plane.queue={ visibility_timeout = '5s', max_receives = 2 }",
        "control_plane.queue={ queue_limit = 3, redelivery_delay = '10s', max_receives = 4 }",
        "control_plane.queue={ visibility_timeout = '1m' }",
    ]));
    set.push(format!("control_plane.workers.count={}", of(&["1", "4", "unlimited"])));
    set.push(format!("control_plane.workers.prefetch={}", of(&["1", "3"])));
    set.push(format!("control_plane.workers.service={}", of(&services)));
    set.push(format!("control_plane.breaker.enabled={}", of(&["true", "false"])));
    set.push("control_plane.breaker.open_for=20s".to_string());
    set.push(format!("control_plane.clients.timeout={}", of(&["2s", "30s"])));
    set.push(format!("control_plane.clients.attempts={}", of(&["1", "4"])));
    set.push(format!("control_plane.clients.jitter={}", of(&["none", "full", "equal", "decorrelated"])));
    set.push(of(&[
        "control_plane.images={ default_gib = 4, host_mbps = 1000, rack_mbps = 2000, host_cache_gib = 8 }",
        "control_plane.images={ default_gib = 1, rack_mbps = 500 }",
        "control_plane.images={ host_cache_gib = 8 }",
    ]));
    set.push(of(&[
        "control_plane.throttle={ enabled = true, requests = { launch = { bucket = 3, per_s = 0.1 } } }",
        "control_plane.throttle.enabled=false",
    ]));
    let stage = of(&["gateway", "validation", "cache", "primary", "workers", "hypervisor", "storage"]);
    let kind = of(&["kind = 'hang'", "kind = 'refuse'", "kind = 'slow', factor = 3.5"]);
    set.push(format!(
        "control_plane.outages=[{{ stage = '{stage}', start = '10m', length = '3m', {kind} }}]"
    ));
    set
}

/// Draws a world of one of three kinds and a control plane for it.
pub fn draw(seed: u64) -> (Experiment, Vec<String>) {
    let mut random = Seed(seed).stream(Purpose::Mix, 77);
    let world = match random.below(3) {
        0 => swarm::draw(seed, false),
        1 => worlds::draw(seed),
        _ => swarm_operations::draw(seed),
    };
    (world, draw_plane(&mut random))
}

#[test]
fn nobody_is_lost_whatever_befalls_the_calls() {
    let mut seen = BTreeMap::new();
    for seed in 0..60 {
        let (experiment, set) = draw(seed);
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let describe = || format!("{set:?}\n{}", experiment.describe(seed));
        let outcome = std::panic::catch_unwind(|| experiment.run_with(&set, CHECKED, &mut Notes::default()))
            .unwrap_or_else(|_| panic!("{}", describe()));
        let again = experiment.run_with(&set, UNCHECKED, &mut Notes::default());
        assert_eq!(outcome.digest, again.digest, "two runs differ: {}", describe());
        let plane = plane(&outcome);
        for (what, count) in [
            ("retries", plane.counts.retries),
            ("throttled", plane.counts.throttled),
            ("shed", plane.counts.shed),
            ("timed out", plane.counts.timed_out),
            ("orphaned", plane.counts.orphaned),
            ("duplicates", plane.counts.duplicates),
            ("stale", plane.reads.stale),
            ("not yet", plane.reads.not_yet),
            ("hits", plane.records.map_or(0, |records| records.hits)),
            ("stampedes", plane.records.map_or(0, |records| records.stampedes)),
            ("redelivered", plane.queue.redelivered),
            ("dead letters", plane.queue.dead_letters),
            ("opened", plane.breakers_opened),
            ("images", plane.images.hits),
            ("downloads", stage(&outcome, "images").usage.completed),
        ] {
            *seen.entry(what).or_insert(0) += count;
        }
    }
    assert!(seen.values().all(|count| *count > 0), "something never happened: {seen:?}");
}

/// A cloud with room for everything, and calls made one by one.
fn replaying(trace: &str, plane: &str) -> Experiment {
    Experiment::replaying(
        &operations(trace),
        &format!(
            "duration = '1h'
            zones = [{{ name = 'z', hosts = [{{ count = 4, vcpu = 64, memory_gib = 256 }}] }}]
            [control_plane]
            preset = 'zero'
            {plane}"
        ),
    )
}

#[test]
fn a_replica_does_not_know_an_instance_until_its_lag_is_over() {
    let trace = "
        10 launch instance=a type=m5.large
        14 describe instance=a
        16 describe instance=a
        17 stop instance=a
        21 describe instance=a
        23 describe instance=a";
    let behind = "database = { replicas = 2, lag = '5s' }";
    let (outcome, notes) = replaying(trace, behind).watch();
    assert_eq!(notes.reasons(), [(14, "InvalidInstanceID.NotFound")]);
    let reads = plane(&outcome).reads;
    assert_eq!((reads.not_yet, reads.stale), (1, 1), "{reads:?}");
    let (outcome, notes) = replaying(trace, &behind.replace("lag", "read_from = 'primary', lag")).watch();
    assert_eq!(notes.reasons(), []);
    assert_eq!(plane(&outcome).reads.stale, 0);
}
