//! The throttles of accounts in whole runs: a bucket for each API, tokens by instances, pages that are requests,
//! packets that are none (EC2 Developer Guide, "Request throttling for the Amazon EC2 API").

use plimsoll::cloud::outcome::Outcome;
use plimsoll::control_plane::plane::figures::Counts;
use plimsoll::operation::Operation;

use crate::support::{Experiment, calls, operations};

/// A cloud with room for everything, behind stages that take no time.
fn behind(control_plane: &str, trace: &str) -> Experiment {
    let text = format!(
        "duration = '1h'
        zones = [{{ name = 'a', hosts = [{{ count = 20, vcpu = 96, memory_gib = 384 }}] }}]
        output.sample_every = '1m'
        [control_plane]
        {control_plane}"
    );
    Experiment::replaying(trace, &text)
}

fn counts(outcome: &Outcome) -> Counts {
    outcome.control_plane.as_ref().expect("a control plane is modelled").counts
}

/// Rows of calls at one time.
fn rows(count: u32, row: impl Fn(u32) -> String) -> String {
    (0..count).map(row).collect::<Vec<_>>().join("\n")
}

/// 40 volumes and 40 calls of tags at once: 80 writes, of which a shared bucket of 50 would let 50 through.
#[test]
fn each_api_of_an_account_has_a_bucket_of_its_own() {
    let launch = "0 launch instance=i type=m5.large".to_string();
    let volumes = rows(40, |i| format!("60 create-volume volume=v{i} zone=a size_gib=10"));
    let tags = rows(40, |i| format!("60 create-tags instance=i tags=k{i}=x"));
    let trace = operations(&[launch, volumes, tags].join("\n"));
    let throttle = "preset = 'zero'
        throttle = { enabled = true, requests.write = { bucket = 50, per_s = 5 } }
        clients.attempts = 1";
    let outcome = behind(throttle, &trace).run();
    assert_eq!(calls(&outcome, Operation::CreateVolume), (40, 40, vec![]));
    assert_eq!(calls(&outcome, Operation::CreateTags), (40, 40, vec![]));
    let single = behind(throttle, &trace)
        .watch_with(&["control_plane.throttle.writes={ create-tags = { bucket = 30, per_s = 0.1 } }"])
        .0;
    assert_eq!(calls(&single, Operation::CreateVolume), (40, 40, vec![]));
    assert_eq!(calls(&single, Operation::CreateTags), (40, 30, vec![("RequestLimitExceeded", 10)]));
}

/// The table of EC2's page: 8 calls of tags a second for a minute are let through by `CreateTags` (100 and 10 a
/// second), and 4 a second of `CreateVolume` (100 and 5); of `RebootInstances` (50 and 5) 8 a second are not.
#[test]
fn the_preset_has_the_buckets_of_ec2s_table() {
    let launch = "0 launch instance=i type=m5.large".to_string();
    let at = |i: u32| 60.0 + f64::from(i) / 8.0;
    let tags = rows(480, |i| format!("{} create-tags instance=i tags=k{}=x", at(i), i % 40));
    let trace = operations(&[launch.clone(), tags].join("\n"));
    let set = "preset = 'aws-like'\nclients.attempts = 1";
    assert_eq!(calls(&behind(set, &trace).run(), Operation::CreateTags), (480, 480, vec![]));
    let reboots = rows(480, |i| format!("{} reboot instance=i", at(i)));
    let outcome = behind(set, &operations(&[launch, reboots].join("\n"))).run();
    // 50 at first, and what flows in during 59.875 s: 50 + 299.
    let refused = vec![("RequestLimitExceeded", 131)];
    assert_eq!(calls(&outcome, Operation::Reboot), (480, 349, refused));
}

#[test]
fn tokens_of_resources_are_taken_by_instances_not_by_names() {
    let trace = operations(
        "0 launch instance=a type=t3.micro count=100
        0 launch instance=b type=t3.micro count=4
        0 launch instance=c type=t3.micro count=4
        10 terminate instance=a
        11 terminate instance=b|c
        20 terminate instance=b",
    );
    let set = "preset = 'zero'
        throttle = { enabled = true, resources.terminate = { bucket = 10, per_s = 1 } }
        clients.attempts = 1";
    let (outcome, notes) = behind(set, &trace).watch();
    assert_eq!(notes.refused(), [(10.0, "terminate", "RequestLimitExceeded", 1)]);
    assert_eq!(calls(&outcome, Operation::Terminate), (3, 2, vec![("RequestLimitExceeded", 1)]));
    for operation in ["start", "stop"] {
        let row = format!("10 {operation} instance=a");
        let trace = operations(&format!("0 launch instance=a type=t3.micro count=100\n{row}"));
        let bucket = format!("resources.{operation} = {{ bucket = 99, per_s = 1 }}");
        let set = format!("preset = 'zero'\nthrottle = {{ enabled = true, {bucket} }}\nclients.attempts = 1");
        let refused = behind(&set, &trace).watch().1.refused();
        assert_eq!(refused, [(10.0, operation, "RequestLimitExceeded", 1)]);
    }
}

const PAGED: &str = "preset = 'zero'
    throttle = { enabled = true, requests.describe = { bucket = 100, per_s = 20 } }";

/// Ten listings of 500 instances in pages of 5: 1,000 requests, of which the bucket lets 100 through at once.
#[test]
fn a_page_of_a_listing_is_a_request() {
    let launch = "0 launch instance=n type=t3.micro count=500".to_string();
    let trace = operations(&[launch, rows(10, |_| "20 describe page_size=5".to_string())].join("\n"));
    let (outcome, notes) =
        behind(PAGED, &trace).watch_with(&["control_plane.clients={ attempts = 1 }", "duration=2m"]);
    // The first listing has all its pages, the others fail with their first: 1 launch, 100 pages, 9 refusals.
    assert_eq!(calls(&outcome, Operation::Describe), (10, 1, vec![("RequestLimitExceeded", 9)]));
    assert_eq!(notes.refused(), [(20.0, "describe", "RequestLimitExceeded", 1); 9]);
    assert_eq!((counts(&outcome).attempts, counts(&outcome).throttled), (1 + 100 + 9, 9));
    // Clients that try until they are through need 1,000 tokens: 45 s beyond the 100 that are there.
    let patient = "control_plane.clients={ attempts = 1000000, first_delay = '100ms', longest_delay = '100ms', \
        multiplier = 1, jitter = 'none' }";
    let outcome = behind(PAGED, &trace).watch_with(&[patient]).0;
    assert_eq!(calls(&outcome, Operation::Describe), (10, 10, vec![]));
    let Counts { attempts, throttled, .. } = counts(&outcome);
    assert_eq!(attempts - throttled, 1 + 1000);
    assert_eq!(outcome.described_pages, 1000);
    let describe = outcome.latency.iter().find(|latency| latency.name == "api.describe").expect("answers");
    let longest = describe.histogram.max() as f64 / 1e9;
    assert!((44.9..45.3).contains(&longest), "the last page comes after {longest} s");
}

/// A listing takes as many trips through the stages as it has pages, each with its own answer in the cache.
#[test]
fn every_page_goes_through_the_stages() {
    let trace = operations(
        "0 launch instance=n type=t3.micro count=23
        20 describe page_size=5
        40 describe page_size=5
        60 describe page_size=5 filters=type=t3.small
        80 describe instance=n
        90 terminate instance=n
        100 describe page_size=10",
    );
    let set = "preset = 'zero'
        gateway.service = { kind = 'constant', value = '100ms' }
        database.read = { kind = 'constant', value = '1s' }
        cache = { enabled = true, ttl = '1h' }";
    let outcome = behind(set, &trace).run();
    assert_eq!(calls(&outcome, Operation::Describe), (5, 5, vec![]));
    let describe = outcome.latency.iter().find(|latency| latency.name == "api.describe").expect("answers");
    let ms = |quantile: f64| describe.histogram.value_at_quantile(quantile) / 100_000_000;
    // Five pages read: 5.5 s; the same from the cache: 0.5 s; one page, an empty answer: 1.1 s.
    assert_eq!((ms(1.0), ms(0.01)), (55, 5));
    assert_eq!(outcome.described_pages, 5 + 5 + 1 + 1 + 1);
}

#[test]
fn a_packet_between_instances_is_no_request() {
    let launches = rows(2, |i| format!("0 launch instance=i{i} type=m5.large"));
    let probes = rows(20, |i| {
        format!("10.{i:02} probe from=i0 to=i1 protocol=tcp ports=443 source_port={}", 1000 + i)
    });
    let trace = operations(&[launches, probes].join("\n"));
    let set = "preset = 'zero'
        throttle = { enabled = true, requests = { describe = { bucket = 5, per_s = 1 }, \
            describe_unpaged = { bucket = 5, per_s = 1 }, write = { bucket = 5, per_s = 1 } } }
        gateway.service = { kind = 'constant', value = '10s' }";
    let outcome = behind(set, &trace).run();
    assert_eq!(calls(&outcome, Operation::Probe), (20, 20, vec![]));
    assert_eq!((counts(&outcome).calls, counts(&outcome).throttled), (2, 0));
}
