//! The control plane in whole runs: where it takes no time nothing changes, and whatever it does no call is lost.

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

/// Worlds of a kind: its name, how many seeds, and how one is drawn.
type Worlds = (&'static str, u64, fn(u64) -> Experiment);

#[test]
fn a_control_plane_that_takes_no_time_changes_nothing() {
    let kinds: [Worlds; 3] = [
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
            // The ledger goes on with every event there, and here only with those that may change a total.
            assert_eq!(zero.fleet, instant.fleet, "{}", describe());
            assert_eq!(zero.events, instant.events, "{}", describe());
            assert_eq!(told.refusals, same.refusals, "{}", describe());
            let latencies = |outcome: &Outcome| -> Vec<_> {
                let of_operations = outcome.latency.iter().filter(|latency| !latency.name.contains('.'));
                of_operations.map(|latency| (latency.name.clone(), latency.histogram.clone())).collect()
            };
            assert_eq!(latencies(&zero), latencies(&instant), "{}", describe());
            let waits = plane(&zero).stages.iter().map(|stage| stage.usage.waited);
            assert_eq!(waits.max(), Some(0), "no call waits: {}", describe());
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
    let sdk = of(&[
        "",
        "botocore-legacy",
        "botocore-standard",
        "botocore-adaptive",
        "js-v3-adaptive",
        "rust-standard",
    ]);
    if !sdk.is_empty() {
        set.push(format!("control_plane.clients.sdk={sdk}"));
        set.push(format!("control_plane.clients.per_account={}", of(&["1", "2"])));
        set.push("control_plane.clients.wait_for=running".to_string());
    }
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
fn no_instance_is_lost_whatever_happens_to_the_calls() {
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
            ("held back", plane.counts.held_back.0),
            ("polls", outcome.waiters.map_or(0, |waiters| waiters.polls)),
            ("awaited", outcome.waiters.map_or(0, |waiters| waiters.succeeded)),
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
            placement.strategy = 'first-fit'
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

/// Seconds from the call to the effect, or of whatever else has that name, to a tenth: all of them, in order of length.
fn seconds(outcome: &Outcome, name: &str) -> Vec<f64> {
    let found = outcome.latency.iter().find(|latency| latency.name == name);
    let histogram = &found.unwrap_or_else(|| panic!("nothing took {name}")).histogram;
    let recorded = histogram.iter_recorded();
    recorded
        .flat_map(|value| {
            let seconds = (value.value_iterated_to() as f64 / 1e8).round() / 10.0;
            std::iter::repeat_n(seconds, value.count_at_value() as usize)
        })
        .collect()
}

#[test]
fn a_launch_takes_the_sum_of_its_stages_and_is_answered_before() {
    let world = "
        gateway.service = { kind = 'constant', value = '1s' }
        validation.service = { kind = 'constant', value = '2s' }
        database = { read = { kind = 'constant', value = '4s' }, write = { kind = 'constant', value = '8s' } }
        workers.service = { kind = 'constant', value = '16s' }
        hypervisor.service = { kind = 'constant', value = '32s' }
        storage.service = { kind = 'constant', value = '64s' }
        images = { default_gib = 10, host_mbps = 1000, host_cache_gib = 20 }
        [lifecycle]
        boot = '100s'";
    let (outcome, notes) = replaying("0 launch instance=a type=m5.large", world).watch();
    assert_eq!(notes.refusals, []);
    // 10 GiB at a Gbit/s.
    let download = 10.0 * 8.0 * 1.073_741_824;
    let expected = 1.0 + 2.0 + 4.0 + 8.0 + 16.0 + 32.0 + download + 100.0 + 8.0;
    assert!((seconds(&outcome, "launch")[0] - expected).abs() < 0.3, "{:?}", seconds(&outcome, "launch"));
    assert_eq!(seconds(&outcome, "api.launch"), [15.0]);
    assert!((seconds(&outcome, "stage.images.service")[0] - download).abs() < 0.2);
    // A second one finds the image on the host.
    let trace = "0 launch instance=a type=m5.large\n1000 launch instance=b type=m5.large";
    let both = replaying(trace, world).watch().0;
    let times = seconds(&both, "launch");
    assert!((times[1] - times[0] - download).abs() < 0.6, "{times:?}");
    // With a volume the storage has a part in it; a volume by itself is answered when it is there.
    let trace = "0 launch instance=a type=m5.large volumes=/dev/sdf:gp3:8\n500 create-volume volume=v zone=z size_gib=8";
    let (outcome, _) = replaying(trace, world).watch();
    assert!((seconds(&outcome, "launch")[0] - expected - 64.0).abs() < 0.5);
    assert!((seconds(&outcome, "api.create-volume")[0] - 91.0).abs() < 0.2);
}

#[test]
fn an_instance_that_is_being_launched_is_there_for_those_who_call() {
    let world = "workers = { count = 1, service = { kind = 'constant', value = '10s' } }";
    let trace = "
        0 launch instance=a type=m5.large
        5 describe instance=a
        5 describe instance=b
        20 terminate instance=a";
    let (outcome, notes) = replaying(trace, world).watch();
    assert_eq!(notes.reasons(), [(5, "InvalidInstanceID.NotFound")]);
    assert_eq!(outcome.described_instances, 1);
    // Where the worker of the terminate is the faster one, it tries again.
    let world = "
        workers = { count = 2, service = { kind = 'hyperexponential', weights = [1, 1], means = ['1ms', '100s'] } }
        queue.redelivery_delay = '7s'";
    let trace = "
        0 launch instance=a type=m5.large
        1 terminate instance=a";
    for seed in 0..20 {
        let experiment = replaying(trace, world);
        let mut notes = Notes::default();
        let outcome = experiment.run_with(&[&format!("seed={seed}")], CHECKED, &mut notes);
        assert_eq!(notes.refusals, [], "seed {seed}");
        assert_eq!(outcome.lifecycle_events, 2, "seed {seed}");
    }
}

#[test]
fn a_launch_that_is_delivered_twice_places_once() {
    let world = "
        workers = { count = 4, service = { kind = 'constant', value = '25s' } }
        queue = { visibility_timeout = '10s' }";
    let (outcome, _) = replaying("0 launch instance=a type=m5.large", world).watch();
    assert_eq!((outcome.launch.requested, outcome.launch.succeeded), (1, 1));
    let plane = plane(&outcome);
    assert_eq!((plane.queue.redelivered, plane.counts.duplicates), (2, 2));
    // A message that is never done in time is a dead letter, and its launch an error that the client never hears of.
    let world = world.replace("'10s' }", "'10s', max_receives = 2 }").replace("25s", "50s");
    let (outcome, notes) = replaying("0 launch instance=a type=m5.large", &world).watch();
    assert_eq!(notes.refused(), [(20.0, "launch", "InternalError", 1)]);
    assert_eq!(outcome.launch.succeeded, 0);
    assert_eq!(outcome.control_plane.unwrap().queue.dead_letters, 1);
}

#[test]
fn a_client_waits_tries_again_and_gives_up() {
    let world = "
        gateway = { servers = 1, service = { kind = 'constant', value = '10s' } }
        clients = { timeout = '4s', attempts = 3, first_delay = '2s', multiplier = 3, longest_delay = '5s', jitter = 'none' }";
    let (outcome, notes) = replaying("10 launch instance=a type=m5.large", world).watch();
    // Attempts at 10, 16 and 25 s (after 2 and, instead of 6, 5 s); the third is given up at 29 s. The first comes
    // through at 20 s and takes effect, since the client has not given up; the others come through for no client.
    assert_eq!(notes.refusals, []);
    assert_eq!(outcome.launch.succeeded, 1);
    let counts = plane(&outcome).counts;
    assert_eq!((counts.retries, counts.timed_out, counts.answered, counts.orphaned), (2, 3, 0, 2));
    // One that nothing came of is refused when its client gives up.
    let (outcome, notes) =
        replaying("10 launch instance=a type=m5.large", &world.replace("'10s'", "'30s'")).watch();
    assert_eq!(notes.refused(), [(29.0, "launch", "RequestTimeout", 1)]);
    assert_eq!((outcome.launch.succeeded, plane(&outcome).counts.orphaned), (0, 3));
    // One that waits long enough has its answer, counted from its first attempt.
    let world = world.replace("timeout = '4s'", "timeout = '8s'").replace("'10s'", "'7s'");
    let trace = "10 launch instance=a type=m5.large\n11 launch instance=b type=m5.large";
    let (outcome, notes) = replaying(trace, &world).watch();
    assert_eq!(notes.refusals, []);
    // The attempts of b, at 11, 21 and 34 s, come through at 24, 31 and 41 s: only the third in time. The first has
    // the effect, the others find it done.
    assert_eq!(seconds(&outcome, "api.launch"), [7.0, 30.0]);
    assert_eq!((outcome.launch.succeeded, plane(&outcome).counts.duplicates), (2, 2));
}

#[test]
fn an_outage_does_to_a_stage_what_it_says() {
    let run = |outage: &str| {
        let world = format!(
            "gateway = {{ servers = 1, service = {{ kind = 'constant', value = '2s' }} }}
            outages = [{{ stage = 'gateway', start = '10s', length = '20s', {outage} }}]"
        );
        let trace = "5 describe\n12 describe\n29 describe\n40 describe";
        replaying(trace, &world).watch().0
    };
    let hung = run("kind = 'hang'");
    assert_eq!(seconds(&hung, "api.describe"), [2.0, 2.0, 5.0, 20.0]);
    let slow = run("kind = 'slow', factor = 2.5");
    assert_eq!(seconds(&slow, "api.describe"), [2.0, 2.0, 5.0, 5.0]);
    let refused = run("kind = 'refuse'");
    assert_eq!(plane(&refused).counts.refused, 2);
    assert_eq!(stage(&refused, "gateway").usage.refused, 2);
}

#[test]
fn a_breaker_spares_a_storage_that_is_down() {
    let world = "
        storage = { servers = 1, service = { kind = 'constant', value = '100ms' } }
        queue = { redelivery_delay = '1s' }
        breaker = { enabled = true, failures = 3, open_for = '20s' }
        outages = [{ stage = 'storage', start = '0s', length = '60s', kind = 'refuse' }]";
    let calls: Vec<String> =
        (1..=5).map(|n| format!("{n} create-volume volume=v{n} zone=z size_gib=1")).collect();
    let trace = calls.join("\n");
    let (outcome, notes) = replaying(&trace, world).watch();
    assert_eq!(notes.refusals, []);
    let of_storage = stage(&outcome, "storage").usage.refused;
    // Three open it, then one trial every 20 s or so until the hour strikes.
    assert_eq!((plane(&outcome).breakers_opened, of_storage), (3, 5));
    let without = replaying(&trace, &world.replace("enabled = true", "enabled = false")).watch().0;
    assert!(stage(&without, "storage").usage.refused > 250);
}

#[test]
fn a_queue_that_grows_to_the_end_is_told_with_its_stage() {
    let run = |per_hour: f64| {
        let world = format!(
            "duration = '2h'
            zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 4, memory_gib = 16 }}] }}]
            [control_plane]
            preset = 'zero'
            database = {{ servers = 2, read = {{ kind = 'exponential', mean = '1s' }} }}
            [[workload.calls]]
            process = {{ kind = 'poisson', per_hour = {per_hour} }}
            operations = {{ describe = 1 }}"
        );
        let outcome = Experiment::new(&world).run_with(&[], UNCHECKED, &mut Notes::default());
        outcome.control_plane.unwrap().unstable.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(run(8000.0), ["primary"]);
    assert_eq!(run(6000.0), [""; 0]);
}

#[test]
fn every_setting_can_be_set_over_every_preset() {
    let experiment = replaying("0 launch instance=a type=m5.large", "");
    for preset in ["zero", "design", "aws-like"] {
        let preset = format!("control_plane.preset={preset}");
        let set = [
            preset.as_str(),
            "control_plane.workers.count=8",
            "control_plane.database.pool.max=unlimited",
            "control_plane.cache.ttl=7s",
            "control_plane.gateway.service={ kind = 'exponential', mean = '3ms' }",
        ];
        let plane = experiment.scenario(&set).control_plane;
        assert_eq!(plane.workers.count.0, Some(8));
        assert_eq!(plane.database.pool.max.0, None);
        assert_eq!(plane.cache.ttl.to_string(), "7s");
        let resolved = experiment.scenario(&set).resolved();
        assert_eq!(resolved["control_plane"]["gateway"]["service"]["mean"], "3ms");
        assert_eq!(experiment.run_with(&set, CHECKED, &mut Notes::default()).launch.succeeded, 1);
    }
    // What a preset says and the scenario does not is there in the resolved scenario.
    let design = experiment.scenario(&["control_plane.preset=design"]).resolved();
    assert_eq!(design["control_plane"]["database"]["pool"]["max"], 20);
}

#[test]
fn reads_that_no_index_helps_take_longer_the_more_instances_there_are() {
    let world = "database = { scan_per_row = '1s', indexes = ['account'] }";
    let trace = "
        0 launch instance=a type=m5.large count=5
        10 describe
        20 describe filters=state=running
        30 describe instance=a";
    let (outcome, _) = replaying(trace, world).watch();
    assert_eq!(seconds(&outcome, "api.describe"), [0.0, 0.0, 5.0]);
}

#[test]
fn the_preset_of_ec2_takes_as_long_as_was_measured() {
    let experiment = Experiment::new(
        "duration = '2h'
        zones = [{ name = 'z', hosts = [{ count = 100, vcpu = 96, memory_gib = 384 }] }]
        control_plane.preset = 'aws-like'
        [[workload.arrivals]]
        process = { kind = 'constant', every = '2s' }
        lifetime = { kind = 'exponential', mean = '1h' }
        types = { 'm5.large' = 1 }",
    );
    let outcome = experiment.run_with(&[], CHECKED, &mut Notes::default());
    assert_eq!(outcome.launch.failed(), 0);
    let mean = |name: &str| {
        let times = seconds(&outcome, name);
        times.iter().sum::<f64>() / times.len() as f64
    };
    // Percival 2021: RunInstances 1.543 s, pending to running 4.905 s.
    assert!((mean("api.launch") - 1.5).abs() < 0.1, "{}", mean("api.launch"));
    assert!((mean("launch") - mean("api.launch") - 4.9).abs() < 0.2, "{}", mean("launch"));
}
