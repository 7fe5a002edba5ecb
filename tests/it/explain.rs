//! Explanations of whole runs: every occasion on which a place is looked for, what was undone or refused, and that
//! asking changes nothing.

use std::fs;

use plimsoll::cloud::Cloud;
use plimsoll::cloud::explain::{Decision, Ending, LaunchStep, Occasion, StepOutcome, Subject};
use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::failure::Failure;
use plimsoll::units::{HostId, InstanceId, NS_PER_S, Time};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::command_line::{plimsoll, workplace};
use crate::support::{Experiment, UNCHECKED, operations};

/// Two zones of two hosts with four vCPU each.
const WORLD: &str = "
    duration = '1000s'
    placement.strategy = 'best-fit'
    instance_types = [
        { name = 'one', vcpu = 1, memory_gib = 1 },
        { name = 'three', vcpu = 3, memory_gib = 1 },
    ]
    zones = [
        { name = 'a', hosts = [{ count = 2, vcpu = 4, memory_gib = 16 }] },
        { name = 'b', hosts = [{ count = 2, vcpu = 4, memory_gib = 16 }] },
    ]";

fn explain(experiment: &Experiment, set: &[&str], subject: Subject) -> Outcome {
    let mut cloud =
        Cloud::new(&experiment.scenario(set), UNCHECKED).unwrap_or_else(|error| panic!("{error}"));
    cloud.explain(subject);
    cloud.run(&mut Silent).unwrap_or_else(|error| panic!("{error}"))
}

/// When \[s\], on what occasion, winner, runner-up and end of a decision.
type ExplainedDecision = (u64, Occasion, Option<u32>, Option<u32>, Ending);

fn told(outcome: &Outcome) -> Vec<ExplainedDecision> {
    let one = |decision: &Decision| {
        let diagnosis = &decision.diagnosis;
        let [winner, runner_up] =
            [&diagnosis.winner, &diagnosis.runner_up].map(|of| of.as_ref().map(|of| of.host.0));
        (decision.at.as_seconds() as u64, decision.occasion, winner, runner_up, decision.ending)
    };
    outcome.decisions().iter().map(one).collect()
}

fn instance(id: u64) -> Subject {
    Subject::Instance(InstanceId(id))
}

fn placed(host: u32) -> Ending {
    Ending::Placed(HostId(host))
}

#[test]
fn an_instance_is_followed_from_launch_to_start() {
    let experiment = Experiment::replaying(
        &operations(
            "1 launch instance=x type=three zone=a
             2 launch instance=y type=one zone=a
             3 stop instance=y
             4 launch instance=z type=one zone=a
             5 start instance=y",
        ),
        WORLD,
    );
    let outcome = explain(&experiment, &[], instance(1));
    assert_eq!(
        told(&outcome),
        [
            (2, Occasion::Launch, Some(0), Some(1), placed(0)),
            // Its old place is taken.
            (5, Occasion::Start, Some(1), None, placed(1)),
        ]
    );
    let diagnosis = &outcome.decisions()[1].diagnosis;
    assert_eq!((diagnosis.hosts, diagnosis.fitting), (4, 1));
    assert_eq!(told(&explain(&experiment, &[], instance(3))), [], "there is none");
}

#[test]
fn what_is_undone_and_tried_in_another_zone_is_told() {
    // Zone b has more vCPU free and comes first, but only one of two finds room there.
    let experiment = Experiment::replaying(
        &operations(
            "1 launch instance=x type=three zone=a
             2 launch instance=y type=one zone=a
             3 launch instance=w type=one zone=b
             4 launch instance=pair type=three count=2 min_count=2
             5 launch instance=late type=one zone=a",
        ),
        WORLD,
    );
    let outcome = explain(&experiment, &["zones.1.hosts.0.count=1", "zones.0.hosts.0.count=2"], instance(3));
    // The pair's launch made no instance 3; the late one did.
    assert_eq!(told(&outcome), [(5, Occasion::Launch, Some(1), None, placed(1))]);

    // By the launch: everything it tried, with what was given back.
    let outcome = explain(&experiment, &["zones.1.hosts.0.count=1"], Subject::Launch(4));
    let endings: Vec<Ending> = outcome.decisions().iter().map(|decision| decision.ending).collect();
    let no_room = |ending: &Ending| matches!(ending, Ending::Refused(reason) if reason.failure == Failure::InsufficientInstanceCapacity);
    assert_eq!(endings.len(), 4, "{endings:?}");
    assert_eq!((endings[0], endings[2]), (Ending::Undone(HostId(1)), Ending::Undone(HostId(2))));
    assert!(no_room(&endings[1]) && no_room(&endings[3]), "{endings:?}");
}

#[test]
fn recoveries_and_migrations_are_told() {
    let trace = "start_s,end_s,type,zone\n1,,one,a\n2,,one,a\n";
    let experiment = Experiment::replaying(trace, WORLD);
    let faults = |how: &str| format!("faults={how}");
    let fails = faults("{ outages = [{ zone = 'a', hosts = { count = 1 }, at = '100s', length = '1h' }] }");
    let moves =
        faults("{ maintenance = [{ zone = 'a', hosts = { count = 1 }, at = '100s', length = '1h' }] }");
    for (faults, occasion) in [(fails, Occasion::Recovery), (moves, Occasion::Migration)] {
        let outcome = explain(&experiment, &[&faults], instance(1));
        let told = told(&outcome);
        assert_eq!(told[0], (2, Occasion::Launch, Some(0), Some(1), placed(0)), "{told:?}");
        let (_, found, winner, _, ending) = told[1];
        assert_eq!((found, winner, ending), (occasion, Some(1), placed(1)), "{told:?}");
    }
}

#[test]
fn asking_changes_nothing() {
    let arrivals = "
        duration = '4h'
        zones = [
            { name = 'a', hosts = [{ count = 3, vcpu = 16, memory_gib = 64, gpu = 4, gpu_division = 'devices' }] },
            { name = 'b', hosts = [{ elastic = true, max_hosts = 2, vcpu = 16, memory_gib = 64 }] },
        ]
        [workload]
        start = 'steady-state'
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 30.0 }
        lifetime = { kind = 'exponential', mean = '2h' }
        types = { 'm5.large' = 3, 'm5.xlarge' = 1, 'g4dn.xlarge' = 1 }
        stops = { run = { kind = 'exponential', mean = '15m' }, stopped = { kind = 'exponential', mean = '10m' } }";
    let experiment = Experiment::new(arrivals);
    let mut decided = 0;
    for strategy in plimsoll::placement::register::names() {
        let set = [format!("placement.strategy='{strategy}'")];
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let plain = experiment.run_with(&set, UNCHECKED, &mut Silent);
        // Launches at which a strategy that adapts does so, and the first ones of an hour, are among them.
        let launches = [1, 2, 4, 8, 16, 32, 33, 64, 90, 150].map(Subject::Launch);
        for subject in [instance(21), instance(22), instance(23)].into_iter().chain(launches) {
            // Each decision is held to what the run does, or it panics.
            let outcome = explain(&experiment, &set, subject);
            assert_eq!((outcome.digest, outcome.events), (plain.digest, plain.events), "{strategy}");
            decided += outcome.decisions().len();
        }
    }
    assert!(decided > 100, "{decided} decisions");
}

#[test]
fn the_command_line_explains() {
    let place = workplace();
    let full = ["--set", "zones.0.hosts.0.count=2", "--no-report", "-o", "out"];
    let run =
        |id: &str| plimsoll(place.path(), &[&["run", "scenario.toml", "--explain", id], &full[..]].concat());
    run("7").assert().code(0).stdout(
        contains("# Instance 7, decision by decision")
            .and(contains("`best-fit` takes: least free vCPU"))
            .and(contains("## 1. Launch after"))
            .and(contains("winner"))
            .and(contains("runner-up")),
    );
    let read = |name: &str| fs::read_to_string(place.path().join("out").join(name)).unwrap();
    let explanation: Value = serde_json::from_str(&read("explain.json")).unwrap();
    assert_eq!(explanation["subject"]["instance"], 7);
    let decision = &explanation["decisions"][0];
    assert_eq!(decision["winner"]["host"], decision["ending"]["host"]);
    assert!(read("explain.md").starts_with("# Instance 7"));

    // A refused launch, by the number that failures.csv has for it.
    let failures = read("failures.csv");
    let row = failures
        .lines()
        .find(|line| line.contains("InsufficientInstanceCapacity"))
        .expect("two hosts are full");
    let launch = row.rsplit(',').next().unwrap();
    run(&format!("launch:{launch}")).assert().code(0).stdout(
        contains("refused, InsufficientInstanceCapacity")
            .and(contains("kept out by"))
            .and(contains("| vCPU")),
    );
    let explanation: Value = serde_json::from_str(&read("explain.json")).unwrap();
    assert_eq!(explanation["decisions"][0]["winner"], Value::Null);
    assert_eq!(explanation["decisions"][0]["hosts_fitting"], 0);
}

#[test]
fn what_cannot_be_explained_is_told() {
    let place = workplace();
    for (id, message) in [
        ("seven", "expected the number of an instance, or launch:N"),
        ("launch:", "expected the number of an instance, or launch:N"),
        ("123456789", "`--explain`: no placement was decided for an instance 123456789"),
        ("launch:123456789", "failures.csv says why"),
    ] {
        plimsoll(place.path(), &["run", "scenario.toml", "--explain", id, "--no-report"])
            .assert()
            .code(2)
            .stderr(contains(message));
    }
}

/// Time \[s\], attempt, zone and outcome of each request of a launch.
fn steps(outcome: &Outcome) -> Vec<(u64, u32, Option<u16>, StepOutcome)> {
    let explanation = outcome.explanation.as_ref().expect("a subject was asked about");
    let one = |step: &LaunchStep| {
        let outcome = match step.outcome {
            // The limits are those of the decision.
            StepOutcome::Waits(reason) => StepOutcome::Waits(reason.failure.into()),
            StepOutcome::NextChoice(reason) => StepOutcome::NextChoice(reason.failure.into()),
            StepOutcome::NextAttempt(reason, at) => StepOutcome::NextAttempt(reason.failure.into(), at),
            StepOutcome::Refused(reason) => StepOutcome::Refused(reason.failure.into()),
            other => other,
        };
        (step.at.as_seconds() as u64, step.attempt, step.zone.map(|zone| zone.0), outcome)
    };
    explanation.steps.iter().map(one).collect()
}

#[test]
fn every_request_of_a_launch_that_is_tried_again_or_waits_is_told() {
    let full = Failure::InsufficientInstanceCapacity.into();
    let trace = operations(
        "1 launch instance=x type=three zone=a
         2 launch instance=y type=three zone=a
         3 launch instance=z type=three zone=a
         50 terminate instance=x",
    );
    let experiment = Experiment::replaying(&trace, WORLD);
    let launch = Subject::Launch(2);
    let of = |set: &[&str]| steps(&explain(&experiment, set, launch));
    assert_eq!(of(&[]), [], "a launch that is neither tried again nor waits has its decision");
    assert_eq!(
        of(&["workload.on_refusal={attempts=2,first_delay='10s',zones='any'}"]),
        [(3, 1, Some(0), StepOutcome::NextChoice(full)), (3, 1, None, StepOutcome::Launched(1))]
    );
    let again = |at: u64| StepOutcome::NextAttempt(full, Time(at * NS_PER_S));
    assert_eq!(
        of(&["workload.on_refusal={attempts=3,first_delay='10s',multiplier=2,jitter='none'}"]),
        [
            (3, 1, Some(0), again(13)),
            (13, 2, Some(0), again(33)),
            (33, 3, Some(0), StepOutcome::Refused(full))
        ]
    );
    assert_eq!(
        of(&["placement.when_full=\"wait\""]),
        [(3, 1, Some(0), StepOutcome::Waits(full)), (50, 1, Some(0), StepOutcome::Launched(1))]
    );
    // Another launch's requests are none of it.
    let other = explain(&experiment, &["workload.on_refusal={attempts=2,zones='any'}"], Subject::Launch(1));
    assert_eq!(steps(&other), [(2, 1, Some(0), StepOutcome::Launched(1))]);
}

#[test]
fn the_page_has_the_requests() {
    let place = workplace();
    let words = [
        "run",
        "scenario.toml",
        "--explain",
        "launch:0",
        "--quiet",
        "--output",
        "out",
        "--set",
        "placement.when_full=wait",
    ];
    plimsoll(place.path(), &words).assert().success();
    let read = |name: &str| fs::read_to_string(place.path().join("out").join(name)).unwrap();
    let page = read("explain.md");
    assert!(page.contains("## Requests") && page.contains("instances launched: 1"), "{page}");
    let value: Value = serde_json::from_str(&read("explain.json")).unwrap();
    assert_eq!(
        (&value["steps"][0]["outcome"], &value["steps"][0]["attempt"]),
        (&"launched".into(), &1.into())
    );
}
