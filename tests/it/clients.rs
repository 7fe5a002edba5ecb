//! Clients of SDKs in whole runs: quotas that end retries, limiters that hold calls back, waiters that poll.
//!
//! Attempt by attempt they are held to the packages themselves: `crates/model/src/clients/sdk_client/tests.rs`.

use plimsoll::cloud::outcome::{Outcome, WaiterUse};
use plimsoll::control_plane::plane::figures::Counts;
use plimsoll::operation::Operation;

use crate::support::{Experiment, UNCHECKED, calls, launches, operations, run_file};

/// A cloud of so many hosts of 4 vCPUs behind stages that take no time.
fn cloud(hosts: u32, clients: &str, trace: &str) -> Experiment {
    let text = format!(
        "duration = '2h'
        zones = [{{ name = 'a', hosts = [{{ count = {hosts}, vcpu = 4, memory_gib = 64 }}] }}]
        [control_plane]
        preset = 'zero'
        clients = {{ {clients} }}"
    );
    Experiment::replaying(&operations(trace), &text)
}

fn counts(outcome: &Outcome) -> Counts {
    outcome.control_plane.as_ref().expect("a control plane is modelled").counts
}

/// A row for each of so many seconds, 10 s apart.
fn rows(count: u32, row: impl Fn(u32) -> String) -> String {
    (0..count).map(|i| format!("{} {}", 10 * (i + 1), row(i))).collect::<Vec<_>>().join("\n")
}

/// A cloud without room and 60 launches: 500 tokens pay for 35 retries at 14 each, in 18 calls; each launch counts once.
#[test]
fn a_client_that_meets_a_full_cloud_tries_again_as_long_as_its_quota_lasts() {
    let trace = rows(60, |i| format!("launch instance=i{i} type=m5.2xlarge"));
    let of = |clients: &str| cloud(1, clients, &trace).watch().0;
    for (clients, retries, out_of_quota) in [
        ("sdk = 'botocore-standard'", 35, 60 - 18 + 1),
        ("sdk = 'js-v3-standard'", 35, 60 - 18 + 1),
        ("sdk = 'botocore-1.43-standard'", 100, 60 - 50),
        ("sdk = 'rust-standard'", 50, 60 - 25),
        ("sdk = 'botocore-legacy'", 4 * 60, 0),
        ("sdk = 'botocore-standard', max_attempts = 2", 35, 60 - 35),
        // Ten clients take turns, each with a quota of its own.
        ("sdk = 'botocore-standard', per_account = 10", 2 * 60, 0),
        // A loop written by hand takes a launch that was accepted for launched.
        ("attempts = 3", 0, 0),
    ] {
        let outcome = of(clients);
        let found = counts(&outcome);
        assert_eq!((found.retries, found.out_of_quota), (retries, out_of_quota), "{clients}");
        assert_eq!((found.calls, found.attempts), (60, 60 + retries), "{clients}");
        assert_eq!(launches(&outcome), (60, 0, vec![("InsufficientInstanceCapacity", 60)]), "{clients}");
        assert_eq!(calls(&outcome, Operation::Launch).0, 60, "{clients}");
    }
}

/// Room that comes free within the delay of a retry is found: the launch counts once, with its wait.
#[test]
fn a_retry_finds_room_that_has_come_free() {
    let trace = "0 launch instance=a type=m5.xlarge\n10 launch instance=b type=m5.xlarge\n10.001 terminate instance=a";
    let legacy = cloud(1, "sdk = 'botocore-legacy'", trace).watch().0;
    assert_eq!(launches(&legacy), (2, 2, vec![]));
    assert!(counts(&legacy).retries >= 1);
    let once = cloud(1, "sdk = 'botocore-legacy', max_attempts = 1", trace).watch().0;
    assert_eq!(launches(&once), (2, 1, vec![("InsufficientInstanceCapacity", 1)]));
    let found =
        legacy.latency.iter().find(|latency| latency.name == "launch").expect("latencies of launches");
    assert!(found.histogram.max() > 1_000_000, "it is counted from the call on");
}

/// Refusals that are the caller's fault are never tried again.
#[test]
fn a_refusal_that_is_the_callers_fault_is_final() {
    let trace = rows(20, |i| format!("launch instance=i{i} type=m5.xlarge"));
    let experiment = cloud(9, "sdk = 'botocore-standard'", &trace);
    let outcome = experiment.watch_with(&["quotas.vcpus.standard=4"]).0;
    assert_eq!(launches(&outcome), (20, 1, vec![("VcpuLimitExceeded", 19)]));
    assert_eq!(counts(&outcome).retries, 0);
}

/// A bucket of one launch every two seconds, and five a second that want one.
#[test]
fn an_adaptive_client_slows_down_where_others_go_on() {
    let trace = (0..200)
        .map(|i| format!("{} launch instance=i{i} type=m5.large", f64::from(i + 1) / 5.0))
        .collect::<Vec<_>>()
        .join("\n");
    let throttle = "control_plane.throttle={ enabled = true, requests.launch = { bucket = 1, per_s = 0.5 } }";
    let of = |sdk: &str| {
        let outcome = cloud(200, &format!("sdk = '{sdk}'"), &trace).watch_with(&[throttle]).0;
        (counts(&outcome), launches(&outcome).1)
    };
    let (standard, standard_launched) = of("botocore-standard");
    let (adaptive, adaptive_launched) = of("botocore-adaptive");
    assert_eq!((standard.held_back.0, standard.calls, adaptive.calls), (0, 200, 200));
    assert!(adaptive.held_back.as_seconds() > 1000.0, "{adaptive:?}");
    assert!(
        adaptive.throttled < standard.throttled && standard.out_of_quota > 100,
        "{adaptive:?} {standard:?}"
    );
    assert!(adaptive_launched > 4 * standard_launched, "{adaptive_launched} {standard_launched}");
}

fn waiters(boot: &str, clients: &str, trace: &str) -> WaiterUse {
    let outcome = cloud(4, clients, trace).watch_with(&[&format!("lifecycle.boot={boot}")]).0;
    let waiters = outcome.waiters.expect("clients wait");
    let polls = calls(&outcome, Operation::Describe).0;
    assert_eq!(waiters.polls, polls, "a poll is a call");
    assert_eq!(counts(&outcome).calls, polls + trace.lines().count() as u64);
    waiters
}

#[test]
fn a_client_that_waits_polls_as_its_waiter_does() {
    let clients = "sdk = 'botocore-standard', wait_for = 'running'";
    let trace = "0 launch instance=a type=m5.large count=3";
    let use_of = |begun, polls| WaiterUse { begun, polls, ..WaiterUse::default() };
    // At 0, 15, 30 and 45 s; running after 40 s.
    let done = waiters("40s", clients, trace);
    assert_eq!(done, WaiterUse { succeeded: 1, ..use_of(1, 4) });
    // Forty polls end at 585 s.
    let slow = waiters("10m", clients, trace);
    assert_eq!(slow, WaiterUse { gave_up: 1, ..use_of(1, 40) });
    // One that is terminated meanwhile never runs.
    let ended = waiters("10m", clients, &format!("{trace}\n20 terminate instance=a"));
    assert_eq!(ended, WaiterUse { failed: 1, ..use_of(1, 3) });
    // JavaScript's delays grow up to two minutes.
    let smithy = waiters("9m", "sdk = 'js-v3-standard', wait_for = 'running'", trace);
    assert!((7..=9).contains(&smithy.polls) && smithy.succeeded + smithy.gave_up == 1, "{smithy:?}");
}

/// The storm of the scenario is one of loops: a client with a quota stops, and the service is well again; a thousand and a half
/// clients have quota enough for all of it.
#[test]
fn a_retry_storm_is_one_of_loops_or_of_many_clients() {
    let answered = |set: &[&str]| {
        let outcome = run_file(
            "workloads/scenarios/retry-storm.toml",
            set,
            UNCHECKED,
            &mut plimsoll::cloud::observe::Silent,
        );
        let (requested, succeeded, _) = calls(&outcome, Operation::CreateVolume);
        succeeded as f64 / requested as f64
    };
    let sdk = "control_plane.clients.sdk=botocore-standard";
    let (by_hand, one) = (answered(&[]), answered(&[sdk]));
    let many = answered(&[sdk, "control_plane.clients.per_account=3000"]);
    let legacy = answered(&["control_plane.clients.sdk=botocore-legacy"]);
    assert!(by_hand < 0.4 && legacy < 0.4, "{by_hand} {legacy}");
    assert!(one > 0.8, "{one}");
    assert!(many < 0.5, "{many}");
}
