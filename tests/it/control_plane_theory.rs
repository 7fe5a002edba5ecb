//! Queueing theory end to end: one stage has servers and takes time, the others neither, and whole runs agree with
//! the closed forms.

use plimsoll::cloud::outcome::Outcome;
use plimsoll::control_plane::plane::figures::StageUse;
use plimsoll::queueing::{mm1_patience, mmc_wait, mmck, pollaczek_khinchine, ttl_hit_ratio};

use crate::support::{CHECKED, Experiment, Notes, UNCHECKED, assert_agrees, operations};

/// A cloud with room for everything, whose clients make calls of an operation at random, so many an hour.
fn world(operation: &str, per_hour: f64) -> Experiment {
    Experiment::new(&format!(
        "duration = '3h'
        warmup = '10m'
        zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 64, memory_gib = 256 }}] }}]
        control_plane = {{ preset = 'zero' }}
        [[workload.calls]]
        process = {{ kind = 'poisson', per_hour = {per_hour} }}
        operations = {{ {operation} = 1 }}"
    ))
}

/// A stage of a run by its name.
fn stage<'a>(outcome: &'a Outcome, name: &str) -> &'a StageUse {
    let plane = outcome.control_plane.as_ref().expect("a control plane was modelled");
    plane.stages.iter().find(|stage| stage.name.to_string() == name).expect("a stage of that name")
}

/// Returns what runs with different seeds say of a stage.
fn replicate(
    experiment: &Experiment,
    set: &[&str],
    name: &str,
    figure: impl Fn(&StageUse) -> f64,
) -> Vec<f64> {
    (0..20)
        .map(|seed| {
            let seed = format!("seed={seed}");
            let set: Vec<&str> = set.iter().copied().chain([seed.as_str()]).collect();
            let outcome = experiment.run_with(&set, UNCHECKED, &mut Notes::default());
            figure(stage(&outcome, name))
        })
        .collect()
}

fn wait(stage: &StageUse) -> f64 {
    stage.usage.wait_s_mean().expect("a job was served")
}

const EXPONENTIAL: &str = "{ kind = 'exponential', mean = '1s' }";

#[test]
fn waits_at_the_gateway_are_erlangs() {
    for (load, width) in [(0.5, 0.12), (0.7, 0.1), (0.85, 0.2)] {
        let rate = 4.0 * load;
        let experiment = world("describe", rate * 3600.0);
        let service = format!("control_plane.gateway.service={EXPONENTIAL}");
        let set = ["control_plane.gateway.servers=4", service.as_str()];
        let exact = mmc_wait(4, rate, 1.0);
        assert_agrees("M/M/4", &replicate(&experiment, &set, "gateway", wait), exact, width);
        let busy = |stage: &StageUse| stage.usage.busy_ratio().expect("it has servers");
        assert_agrees("busy", &replicate(&experiment, &set, "gateway", busy), load, 0.05);
        // Little, of two figures that are measured apart.
        let queue = |stage: &StageUse| stage.usage.queue_length_mean().expect("time has passed");
        assert_agrees("queue", &replicate(&experiment, &set, "gateway", queue), exact * rate, width + 0.05);
    }
}

#[test]
fn waits_for_workers_are_erlangs() {
    let experiment = Experiment::new(
        "duration = '3h'
        warmup = '10m'
        zones = [{ name = 'z', hosts = [{ elastic = true, vcpu = 64, memory_gib = 256 }] }]
        control_plane = { preset = 'zero' }
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 10800.0 }
        lifetime = { kind = 'constant', value = '1s' }
        types = { 't3.nano' = 1 }",
    );
    let service = format!("control_plane.workers.service={EXPONENTIAL}");
    let set = ["control_plane.workers.count=4", service.as_str()];
    assert_agrees("M/M/4", &replicate(&experiment, &set, "queue", wait), mmc_wait(4, 3.0, 1.0), 0.15);
    // Workers that take more than they work on at once have the wait inside.
    let set = ["control_plane.workers.count=4", service.as_str(), "control_plane.workers.prefetch=1000"];
    assert_agrees("prefetch", &replicate(&experiment, &set, "workers", wait), mmc_wait(4, 3.0, 1.0), 0.15);
}

#[test]
fn waits_for_one_server_are_those_of_pollaczek_and_khinchine() {
    let experiment = world("describe", 0.7 * 3600.0);
    for (law, variation, width) in [
        ("{ kind = 'constant', value = '1s' }", 0.0, 0.1),
        ("{ kind = 'uniform', min = '0s', max = '2s' }", 1.0 / 3.0, 0.1),
        // E[s²] = (0.75 · 2 · 0.5² + 0.25 · 2 · 2.5²) s².
        ("{ kind = 'hyperexponential', weights = [3, 1], means = ['500ms', '2500ms'] }", 2.5, 0.25),
    ] {
        let read = format!("control_plane.database.read={law}");
        let set = ["control_plane.database.servers=1", read.as_str()];
        let exact = pollaczek_khinchine(0.7, 1.0, variation);
        assert_agrees(law, &replicate(&experiment, &set, "primary", wait), exact, width);
    }
}

#[test]
fn what_a_bounded_queue_refuses_is_that_of_a_birth_and_death_process() {
    let experiment = world("describe", 4.0 * 3600.0);
    let service = format!("control_plane.gateway.service={EXPONENTIAL}");
    let set = ["control_plane.gateway.servers=4", "control_plane.gateway.queue_limit=3", service.as_str()];
    let exact = mmck(4, 3, 4.0, 1.0);
    let refused = |stage: &StageUse| stage.usage.refused as f64 / stage.usage.arrivals as f64;
    assert_agrees("M/M/4/7", &replicate(&experiment, &set, "gateway", refused), exact.refused, 0.06);
    assert_agrees("its wait", &replicate(&experiment, &set, "gateway", wait), exact.wait, 0.05);
}

#[test]
fn those_who_wait_no_longer_are_as_many_as_barrer_says() {
    let experiment = world("describe", 3600.0);
    let service = format!("control_plane.gateway.service={EXPONENTIAL}");
    let set =
        ["control_plane.gateway.servers=1", "control_plane.gateway.queue_timeout=1500ms", service.as_str()];
    let gone = |stage: &StageUse| stage.usage.timed_out as f64 / stage.usage.arrivals as f64;
    let exact = mm1_patience(1.0, 1.0, 1.5);
    assert_agrees("M/M/1+D", &replicate(&experiment, &set, "gateway", gone), exact, 0.06);
}

#[test]
fn a_cache_hits_as_often_as_its_time_to_live_says() {
    // One instance, asked for at random times.
    let experiment = Experiment::replaying(
        "start_s,end_s,type\n0,,m5.large\n",
        "duration = '20h'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 64, memory_gib = 256 }] }]
        control_plane = { preset = 'zero', cache = { enabled = true, ttl = '30s' } }
        [[workload.calls]]
        process = { kind = 'poisson', per_hour = 360.0 }
        accounts = 1
        operations = { describe = 1 }",
    );
    let ratios: Vec<f64> = (0..10)
        .map(|seed| {
            let outcome = experiment.run_with(&[&format!("seed={seed}")], UNCHECKED, &mut Notes::default());
            let plane = outcome.control_plane.expect("a control plane was modelled");
            plane.records.expect("it has a cache").hit_ratio().expect("there were lookups")
        })
        .collect();
    assert_agrees("hit ratio", &ratios, ttl_hit_ratio(0.1, 30.0), 0.03);
}

/// A launch each at these times, all by one account.
fn launches(at: impl Iterator<Item = f64>) -> String {
    let calls: Vec<String> = at.map(|at| format!("{at:.9} launch instance=i type=t3.nano")).collect();
    operations(&calls.join("\n"))
}

#[test]
fn a_token_bucket_lets_through_just_what_it_holds() {
    // A launch takes a token of the account's; 10 are there, 2 flow in a second. The n-th can come at (n − 10) / 2 s:
    // ten million, of 1,000 and 2, take (10⁷ − 1000) / 2 s, which is 57.9 days.
    let days = (1e7 - 1000.0) / 2.0 / 86_400.0;
    assert!((days - 57.9_f64).abs() < 0.05);
    let world = "
        zones = [{ name = 'z', hosts = [{ count = 10, vcpu = 96, memory_gib = 384 }] }]
        [control_plane]
        preset = 'zero'
        throttle = { enabled = true, resources = { launch = { bucket = 10, per_s = 2 } } }";
    let run = |at: &dyn Fn(f64) -> f64| {
        let trace = launches((1..=400).map(|n| at(f64::from(n)).max(0.0)));
        let outcome = Experiment::replaying(&trace, world).run();
        (outcome.launch.succeeded, outcome.control_plane.expect("a control plane").counts.throttled)
    };
    assert_eq!(run(&|n| (n - 10.0) / 2.0), (400, 0));
    // A nanosecond earlier the eleventh finds all but a billionth of its token; those after it find its own too.
    assert_eq!(run(&|n| (n - 10.0) / 2.0 - 1e-9), (399, 1));
    // A tenth too fast: in the 177.27 s to the last come 354 tokens, and none is lost.
    assert_eq!(run(&|n| (n - 10.0) / 2.2), (10 + 354, 36));
}

#[test]
fn littles_law_holds_to_the_nanosecond() {
    let experiment = world("describe", 9000.0);
    let service = format!("control_plane.gateway.service={EXPONENTIAL}");
    let set = [
        "control_plane.gateway.servers=3",
        service.as_str(),
        "warmup=0s",
        "duration=1h",
        "workload.calls.0.process={ kind = 'mmpp', per_hour = [20000.0, 0.001], mean_sojourn = ['5m', '10m'] }",
    ];
    // The check after every event holds the sums of those inside to the integrals, too.
    let outcome = experiment.run_with(&set, CHECKED, &mut Notes::default());
    let usage = stage(&outcome, "gateway").usage;
    assert!(usage.arrivals > 1000 && usage.queue_peak > 10, "{usage:?}");
    if usage.waiting == 0 {
        assert_eq!(usage.waited, usage.queue_ns);
    }
    if usage.in_service == 0 {
        assert_eq!(usage.served, usage.busy_ns);
    }
    assert_eq!(usage.arrivals, usage.completed + u64::from(usage.waiting + usage.in_service));
}

/// A worker that has done its part holds its message until the hypervisor is done: with one worker the queue is that of
/// one server whose service is the sum of both (M/G/1), though the worker's own work is a quarter of it.
#[test]
fn a_worker_that_is_held_is_occupied() {
    let experiment = Experiment::new(
        "duration = '60h'
        warmup = '2h'
        zones = [{ name = 'z', hosts = [{ count = 300, vcpu = 64, memory_gib = 256 }] }]
        lifecycle = { boot = '0s' }
        [control_plane]
        preset = 'zero'
        workers = { count = 1, service = { kind = 'exponential', mean = '1s' } }
        hypervisor = { service = { kind = 'exponential', mean = '3s' } }
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 540.0 }
        lifetime = { kind = 'exponential', mean = '10m' }
        types = { 't3.micro' = 1 }",
    );
    let share = |ratio: fn(&StageUse) -> Option<f64>| {
        replicate(&experiment, &[], "workers", |stage| ratio(stage).expect("there is one worker"))
    };
    assert_agrees("own work", &share(|workers| workers.usage.busy_ratio()), 0.15, 0.01);
    assert_agrees("occupied", &share(|workers| workers.usage.occupied_ratio()), 0.6, 0.02);
    // Exponential 1 s and 3 s one after the other: mean 4 s, variance 1 s² + 9 s².
    let exact = pollaczek_khinchine(0.15, 4.0, 10.0 / 16.0);
    assert!((exact - 4.875).abs() < 1e-12);
    assert_agrees("wait in the queue", &replicate(&experiment, &[], "queue", wait), exact, 0.4);
}
