//! Cost of a warm start beside a run from zero: the time to a checkpoint, to write it, and to go on from it.
//!
//! `cargo bench --bench checkpoint` prints a table in Markdown; `-- --smoke` takes a hundredth of the large case.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll::cloud::observe::{Observation, Observer, RunState};
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::input::InputError;
use plimsoll::report::run::checkpoint::{self, CheckpointPlan, Checkpoints};
use plimsoll::report::{ResultFolder, StreamedReports};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::{Duration, Time, parse_duration};
use plimsoll::workload::directory::Directory;

/// Times each checkpoint is gone on from; the least time counts.
const ROUNDS: usize = 3;

/// A scenario of the project, what is set in it, and when it is written down.
struct Case {
    scenario: &'static str,
    what: &'static str,
    set: &'static [&'static str],
    at: &'static str,
}

const CASES: [Case; 3] = [
    Case {
        scenario: "quickstart",
        what: "1,000 hosts, five of 5.7 days of Azure's trace, gzipped",
        set: &[],
        at: "5d",
    },
    Case {
        scenario: "whole-cloud",
        what: "every part of the cloud on 400 hosts, 40 of 42 days",
        set: &[],
        at: "40d",
    },
    Case {
        scenario: "million-hosts",
        what: "100 k hosts, 1.4 M instances, half an hour",
        set: &[
            "zones.0.hosts.0.count=100000",
            "workload.arrivals.0.process.per_hour=3600000.0",
            "duration=2000s",
        ],
        at: "1800s",
    },
];

fn main() {
    let is_smoke = std::env::args().any(|word| word == "--smoke");
    let smaller = ["zones.0.hosts.0.count=1000", "workload.arrivals.0.process.per_hour=36000.0"];
    println!("| scenario | what | events before | run to it | write | go on from it | of the run | file |");
    println!("|---|---|---|---|---|---|---|---|");
    for case in &CASES {
        let smaller = if is_smoke && case.scenario == "million-hosts" { &smaller[..] } else { &[] };
        measure(case, &[case.set, smaller].concat());
    }
}

fn measure(case: &Case, set: &[&str]) {
    let path = format!("{}/workloads/scenarios/{}.toml", env!("CARGO_MANIFEST_DIR"), case.scenario);
    let overrides =
        Overrides { set: set.iter().map(ToString::to_string).collect(), seed: None, ..Overrides::default() };
    let scenario = Scenario::read(Path::new(&path), &overrides).expect("a scenario of the project");
    let at = Time::ZERO.after(parse_duration(case.at).expect("a constant"));
    let place = tempfile::tempdir().expect("a folder for what is written");
    let folder = ResultFolder::begin(&place.path().join("result")).expect("an empty folder takes a result");
    let mut recorder = StreamedReports::begin(&folder, &scenario, None).expect("a folder takes files");
    recorder
        .write_checkpoints(place.path(), CheckpointPlan::AtTimes(1), &scenario, &[])
        .expect("a folder takes files");
    let began = Instant::now();
    let mut cloud = Cloud::new(&scenario, RunOptions::default()).expect("a scenario of the project runs");
    cloud.checkpoint_at([at]);
    let mut watch = Watch { recorder, began, run_s: None, write_s: 0.0, events: 0 };
    cloud.run(&mut watch).expect("a scenario of the project runs");
    let file = Checkpoints::path(place.path(), &scenario.name, at);
    let read_s = (0..ROUNDS).map(|_| go_on(&file, &scenario, place.path())).fold(f64::INFINITY, f64::min);
    let run_s = watch.run_s.expect("the checkpoint was written");
    println!(
        "| {} | {} | {:.2} M | {run_s:.2} s | {:.2} s | {read_s:.2} s | {:.1} % | {:.1} MB |",
        case.scenario,
        case.what,
        watch.events as f64 / 1e6,
        watch.write_s,
        100.0 * read_s / run_s,
        std::fs::metadata(&file).expect("it was written").len() as f64 / 1e6,
    );
}

/// Time until the run could take its next event \[s\].
fn go_on(file: &Path, scenario: &Scenario, place: &Path) -> f64 {
    let folder = ResultFolder::begin(&place.join("branch")).expect("an empty folder takes a result");
    let mut recorder = StreamedReports::begin(&folder, scenario, None).expect("a folder takes files");
    let began = Instant::now();
    let resumed = checkpoint::resume(file, scenario, &[], RunOptions::default(), &mut recorder);
    let seconds = began.elapsed().as_secs_f64();
    assert!(resumed.expect("it was written a moment ago").at > Time::ZERO.after(Duration::ZERO));
    seconds
}

/// Records a run, looks at the clock where it is written down, and ends it there.
struct Watch<'a> {
    recorder: StreamedReports<'a>,
    began: Instant,
    /// Time from nothing to the checkpoint \[s\].
    run_s: Option<f64>,
    write_s: f64,
    events: u64,
}

impl Observer for Watch<'_> {
    fn observe(&mut self, observation: &Observation, directory: &Directory) {
        self.recorder.observe(observation, directory);
    }

    fn checkpoint(&mut self, state: &RunState<'_>) -> Result<Option<PathBuf>, InputError> {
        self.run_s = Some(self.began.elapsed().as_secs_f64());
        let began = Instant::now();
        let file = self.recorder.checkpoint(state);
        (self.write_s, self.events) = (began.elapsed().as_secs_f64(), state.events);
        file
    }

    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        if self.run_s.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
