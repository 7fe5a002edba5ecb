//! Hosts that arrive and leave at a date.

use plimsoll::cloud::outcome::Outcome;
use plimsoll::failure::Failure;

use crate::support::Experiment;

/// A host of 4 vCPU, and one that arrives after 100 s and leaves after 200 s.
const HOSTS: &str = "
    duration = '500s'
    [[zones]]
    name = 'z'
    [[zones.hosts]]
    count = 1
    vcpu = 4
    memory_gib = 16
    [[zones.hosts]]
    count = 1
    vcpu = 4
    memory_gib = 16
    available_from = '100s'
    available_until = '200s'
    retire_notice = '20s'";

/// Returns the outcome of instances of 4 vCPU from a time to another \[s\].
fn run(spans: &[(u32, u32)], more: &str) -> Outcome {
    let rows: String = spans.iter().map(|(start, end)| format!("{start},{end},4,4\n")).collect();
    Experiment::replaying(&format!("start_s,end_s,vcpu,memory_gib\n{rows}"), &format!("{HOSTS}{more}")).run()
}

fn refused(outcome: &Outcome) -> Vec<(Failure, u64)> {
    outcome.first_failures.iter().map(|first| (first.failure, first.at.as_seconds() as u64)).collect()
}

#[test]
fn a_host_takes_instances_from_its_arrival_to_its_notice() {
    let first = (0, 500);
    for (start, fits) in
        [(50, false), (99, false), (100, true), (150, true), (179, true), (185, false), (250, false)]
    {
        let outcome = run(&[first, (start, start + 5)], "");
        let expected = match fits {
            true => vec![],
            false => vec![(Failure::InsufficientInstanceCapacity, u64::from(start))],
        };
        assert_eq!(refused(&outcome), expected, "at {start} s");
    }
}

#[test]
fn the_instances_of_a_host_that_leaves_go_on_elsewhere_or_end() {
    // The first host is free again before the second one leaves.
    let spans = [(0, 190), (110, 400)];
    let moved = run(&spans, "");
    assert_eq!((moved.disruptions.migrations, moved.disruptions.instances_lost), (1, 0));
    for drain in ["stop", "terminate"] {
        let lost = run(&spans, &format!("\n    drain = '{drain}'"));
        assert_eq!((lost.disruptions.migrations, lost.disruptions.instances_lost), (0, 1), "{drain}");
    }
    // There is no room elsewhere.
    let lost = run(&[(0, 450), (110, 400)], "");
    assert_eq!((lost.disruptions.migrations, lost.disruptions.instances_lost), (0, 1));
}

#[test]
fn a_host_that_is_still_to_arrive_neither_fails_nor_counts() {
    let outage = "\n[[faults.outages]]\nat = '10s'\nzone = 'z'\nlength = '5s'";
    let early = run(&[(20, 30)], outage);
    assert_eq!(early.disruptions.host_failures, 1, "one of the two is there");
    let late = run(&[(20, 30)], &outage.replace("10s", "150s"));
    assert_eq!(late.disruptions.host_failures, 2);
    // From its arrival to its notice it is one of the hosts: 80 s of 500 s.
    let mean = run(&[(20, 30)], "").fleet.hosts_mean;
    assert!((mean - 1.16).abs() < 1e-9, "{mean}");
}

#[test]
fn dates_that_cannot_be_are_told_with_their_place() {
    let told = |text: &str| {
        let scenario = format!("[[zones]]\nname = 'z'\n[[zones.hosts]]\nvcpu = 4\nmemory_gib = 4\n{text}");
        let path = std::path::Path::new("scenario.toml");
        plimsoll::scenario::Scenario::parse(path, &scenario, &Default::default()).unwrap_err().to_string()
    };
    for (text, part) in [
        (
            "count = 1\navailable_from = '2d'\navailable_until = '1d'",
            "found 1d, expected later than the 2d of `available_from`",
        ),
        ("elastic = true\navailable_from = '2d'", "found a date of hosts that open as they are needed"),
        ("count = 1\ndrain = 'stop'", "found it on hosts that never leave"),
        ("count = 1\nretire_notice = '1h'", "found it on hosts that never leave"),
    ] {
        let told = told(text);
        assert!(told.contains(part) && told.contains("scenario.toml:"), "{told}");
    }
}
