//! Objectives and availability: judged, told, enforced, and counted by the minute.

use std::fs;

use plimsoll::cloud::observe::{Minute, Observation, Observer};
use plimsoll::units::{NS_PER_S, Time};
use plimsoll::workload::directory::Directory;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::checkpoints::Journey;
use crate::command_line::{SCENARIO, plimsoll, workplace};
use crate::support::{CHECKED, Experiment, operations};

/// A host for two instances, and what is wanted of it.
const WORLD: &str = "
    duration = '200s'
    warmup = '20s'
    objectives = [
        { metric = 'availability.ratio', at_least = 0.5 },
        { metric = 'launch.failed', at_most = 1 },
    ]
    instance_types = [{ name = 'one', vcpu = 1, memory_gib = 1 }]
    [[zones]]
    name = 'z'
    hosts = [{ count = 1, vcpu = 2, memory_gib = 2 }]";

/// Two fit, the third and the fourth do not; who stops an instance that is not there has himself to blame.
fn world() -> Experiment {
    let calls = operations(
        "10 launch instance=a type=one
         20 launch instance=b type=one
         79 launch instance=c type=one
         80 stop instance=absent
         139 describe instance=a
         140 launch instance=d type=one
         200 describe instance=a",
    );
    Experiment::replaying(&calls, WORLD)
}

#[derive(Default)]
struct Minutes(Vec<Minute>);

impl Observer for Minutes {
    fn observe(&mut self, observation: &Observation, _: &Directory) {
        if let Observation::MinuteEnded(minute) = observation {
            self.0.push(*minute);
        }
    }
}

fn minute(began_s: u64, calls: u64, failed: u64) -> Minute {
    Minute { began: Time(began_s * NS_PER_S), calls, failed }
}

#[test]
fn every_minute_after_the_warm_up_has_its_calls() {
    let mut minutes = Minutes::default();
    let outcome = world().run_with(&[], CHECKED, &mut minutes);
    // A minute begins with its first moment and ends before the next one's; the last is but the end of the run.
    assert_eq!(minutes.0, [minute(20, 2, 1), minute(80, 2, 0), minute(140, 1, 1), minute(200, 1, 0)]);
    let tallies = || outcome.operations.iter().map(|(_, tally)| tally);
    let (calls, failed): (u64, u64) = (
        tallies().map(|tally| tally.requested).sum(),
        tallies().map(|tally| tally.failed_by_service()).sum(),
    );
    assert_eq!((calls, failed), (6, 2), "the minutes hold what the run counts");
    assert_eq!(tallies().map(|tally| tally.failed()).sum::<u64>(), 3, "one is the client's own fault");
}

#[test]
fn counting_minutes_changes_nothing() {
    let mut minutes = Minutes::default();
    let counted = world().run_with(&[], CHECKED, &mut minutes);
    let uncounted = world().run_with(&["objectives=[]"], CHECKED, &mut minutes);
    assert_eq!((counted.digest, counted.events), (uncounted.digest, uncounted.events));
    assert_eq!(minutes.0.len(), 4, "no objective asks for them the second time");
}

#[test]
fn minutes_go_on_from_a_checkpoint() {
    let experiment = world();
    let scenario = experiment.scenario(&["warmup='0s'"]);
    let folder = tempfile::tempdir().unwrap();
    let at = [Time(79 * NS_PER_S), Time(120 * NS_PER_S)];
    let trunk = Journey {
        scenario: &scenario,
        options: CHECKED,
        checkpoints: &at,
        folder: folder.path(),
        from: None,
    };
    let (_, whole) = trunk.run();
    let text = String::from_utf8(whole["availability.csv"].clone()).unwrap();
    assert_eq!(text, "time_s,calls,failed\n0,2,0\n60,2,1\n120,2,1\n180,1,0\n");
    for time in at {
        let elsewhere = tempfile::tempdir().unwrap();
        let from = trunk.file(time);
        let branch = Journey { checkpoints: &[], folder: elsewhere.path(), from: Some(&from), ..trunk };
        let (_, branch) = branch.run();
        assert!(branch == whole, "after {} s", time.as_seconds());
    }
}

/// The command line's scenario, in which a quarter of the launches find no address, with these objectives.
fn stating(objectives: &str) -> tempfile::TempDir {
    let place = workplace();
    fs::write(place.path().join("scenario.toml"), format!("{SCENARIO}{objectives}")).unwrap();
    place
}

const MET: &str = "[[objectives]]\nmetric = 'latency_s.launch.p99'\nat_most = 60\n";
const MISSED: &str = "[[objectives]]\nmetric = 'launch.success_ratio'\nat_least = 0.9999\n";

#[test]
fn a_run_judges_its_objectives_and_may_fail_by_them() {
    let place = stating(&format!("{MET}{MISSED}"));
    let run = ["run", "scenario.toml", "-o", "out", "--no-report"];
    let table = || contains("Objectives").and(contains("≤ 60 s")).and(contains("missed"));
    plimsoll(place.path(), &run).assert().code(0).stdout(table());
    fs::remove_dir_all(place.path().join("out")).unwrap();
    plimsoll(place.path(), &[&run[..], &["--enforce-objectives"]].concat()).assert().code(1).stdout(table());

    let summary =
        fs::read(place.path().join("out/summary.json")).expect("the result is written all the same");
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["objectives"][0]["met"], true);
    assert_eq!(summary["objectives"][1]["metric"], "launch.success_ratio");
    assert_eq!(summary["objectives"][1]["value"], summary["launch"]["success_ratio"]);
    assert_eq!(
        (&summary["objectives"][1]["met"], &summary["objectives"][1]["at_most"]),
        (&json!(false), &Value::Null)
    );
    assert!(place.path().join("out/availability.csv").exists());

    let place = stating(MET);
    plimsoll(place.path(), &[&run[..], &["--enforce-objectives"]].concat()).assert().code(0);
}

#[test]
fn an_error_budget_is_spent_by_failures_of_the_service_alone() {
    let objective = "[[objectives]]\nmetric = 'availability.ratio'\nat_least = 0.9\n";
    // No address is left in the client's own subnet: the service is not to blame.
    let place = stating(objective);
    let summary = |place: &std::path::Path, set: &str| -> Value {
        let words = ["run", "scenario.toml", "--json", "--no-report", "--set", set];
        serde_json::from_slice(&plimsoll(place, &words).output().unwrap().stdout).unwrap()
    };
    let own = summary(place.path(), "seed=42");
    assert!(own["launch"]["failed"].as_u64().unwrap() > 1000);
    assert_eq!(
        (&own["availability"]["ratio"], &own["availability"]["error_budget_left_ratio"]),
        (&json!(1.0), &json!(1.0))
    );
    // Two hosts have no room.
    let full = summary(place.path(), "zones.0.hosts.0.count=2")["availability"].clone();
    let (calls, failed) = (full["calls"].as_f64().unwrap(), full["failed"].as_f64().unwrap());
    assert!(failed > 1000.0);
    assert_eq!(full["ratio"], json!((calls - failed) / calls));
    let left = full["error_budget_left_ratio"].as_f64().unwrap();
    assert!((left - (1.0 - failed / (0.1 * calls))).abs() < 1e-9 && left < 0.0, "{full}");
}

#[test]
fn without_objectives_there_is_no_file_and_nothing_to_enforce() {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out", "--no-report"]).assert().code(0);
    assert!(!place.path().join("out/availability.csv").exists());
    plimsoll(place.path(), &["run", "scenario.toml", "--enforce-objectives"])
        .assert()
        .code(2)
        .stderr(contains("`--enforce-objectives`: the scenario has no objectives"));
}

#[test]
fn objectives_that_make_no_sense_are_refused_with_their_place() {
    for (objective, told) in [
        (
            "metric = 'launch.sucess_ratio'\nat_least = 1",
            "`objectives.0.metric`: no metric is called `launch.sucess_ratio`\n  help: did you mean `launch.success_ratio`",
        ),
        ("metric = 'launch.failed'", "found neither `at_most` nor `at_least`"),
        ("at_least = 1", "`objectives.0.metric`: found nothing, expected the path of a metric"),
        (
            "metric = 'launch.failed'\nat_most = nan",
            "`objectives.0.at_most`: found NaN, expected a finite number",
        ),
        (
            "metric = 'launch.failed'\nat_most = 1\nat_least = 2",
            "found 2, expected no more than `at_most`, 1",
        ),
        ("metric = 'launch.failed'\natmost = 1", "did you mean `at_most`"),
    ] {
        let place = stating(&format!("[[objectives]]\n{objective}\n"));
        plimsoll(place.path(), &["run", "scenario.toml"]).assert().code(2).stderr(contains(told));
    }
}

#[test]
fn an_objective_of_a_run_without_the_figure_is_missed_and_told() {
    let place = stating("[[objectives]]\nmetric = 'latency_s.stop.p99'\nat_most = 60\n");
    plimsoll(place.path(), &["run", "scenario.toml", "--no-report", "--enforce-objectives"])
        .assert()
        .code(1)
        .stdout(
            contains("missed")
                .and(contains("objective without a figure: no metric is called `latency_s.stop.p99`")),
        );
}
