//! Common parts of tests of whole runs: a scenario with its files in a folder that goes away, and short ways to run it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use plimsoll::cloud::observe::{Observation, Observer, Refusal, Sample, Silent};
use plimsoll::cloud::outcome::{Outcome, Tally};
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::operation::Operation;
use plimsoll::placement::register;
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::{NS_PER_S, Time};
use plimsoll::workload::directory::Directory;
use statrs::distribution::{ContinuousCDF, StudentsT};
use tempfile::TempDir;

/// Every check there is, for worlds that are small.
pub const CHECKED: RunOptions =
    RunOptions { verify_placement: true, check_conservation: true, trace_events: false };

/// Speed, for worlds whose placement is not the point.
pub const UNCHECKED: RunOptions =
    RunOptions { verify_placement: false, check_conservation: false, trace_events: false };

/// Strategies that draw at random: their figures depend on the seed.
pub const RANDOM_STRATEGIES: [&str; 3] = ["random", "power-of-two", "best-of-k"];

/// Returns the names of the strategies whose choices follow from the demand alone.
pub fn deterministic_strategies() -> impl Iterator<Item = &'static str> {
    register::names().filter(|name| !RANDOM_STRATEGIES.contains(name))
}

/// A scenario as text, and the files beside it.
pub struct Experiment {
    text: String,
    folder: TempDir,
}

impl Experiment {
    /// A scenario in TOML. Its name and, with `trace = "trace.csv"` to be written, its files may be left out.
    pub fn new(text: &str) -> Experiment {
        let folder = tempfile::tempdir().expect("a folder for a test");
        Experiment { text: format!("name = 'test'\n{text}"), folder }
    }

    /// A scenario that replays a trace, named in a `[workload]` that is added at the end.
    pub fn replaying(trace: &str, text: &str) -> Experiment {
        let experiment = Experiment::new(&format!("{text}\n[workload]\ntrace = 'trace.csv'\n"));
        experiment.file("trace.csv", trace)
    }

    /// Adds a file beside the scenario.
    pub fn file(self, name: &str, content: &str) -> Experiment {
        let mut file = std::fs::File::create(self.folder.path().join(name)).expect("a file for a test");
        file.write_all(content.as_bytes()).expect("room for a file of a test");
        self
    }

    /// The scenario as text, for the message of a failure.
    pub fn describe(&self, seed: u64) -> String {
        format!("seed {seed}\n{}", self.text)
    }

    /// The scenario as text.
    pub fn toml(&self) -> String {
        self.text.clone()
    }

    /// Returns where the scenario and its files stand.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same with some settings changed, each a `PATH=VALUE`.
    pub fn scenario(&self, set: &[&str]) -> Scenario {
        let overrides = Overrides {
            set: set.iter().map(ToString::to_string).collect(),
            seed: None,
            ..Overrides::default()
        };
        Scenario::parse(&self.folder.path().join("scenario.toml"), &self.text, &overrides)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs it, checking everything on the way.
    pub fn run(&self) -> Outcome {
        self.run_with(&[], CHECKED, &mut Silent)
    }

    /// Runs it as told.
    pub fn run_with(&self, set: &[&str], options: RunOptions, observer: &mut dyn Observer) -> Outcome {
        let cloud = Cloud::new(&self.scenario(set), options).unwrap_or_else(|error| panic!("{error}"));
        cloud.run(observer).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs it, checking everything and writing down what was refused and sampled.
    pub fn watch(&self) -> (Outcome, Notes) {
        self.watch_with(&[])
    }

    /// The same with some settings changed.
    pub fn watch_with(&self, set: &[&str]) -> (Outcome, Notes) {
        let mut notes = Notes::default();
        let outcome = self.run_with(set, CHECKED, &mut notes);
        (outcome, notes)
    }
}

/// A trace of operations from calls, one a line: time, operation, then what it says as `column=value`.
pub fn operations(calls: &str) -> String {
    let rows: Vec<BTreeMap<&str, &str>> = (calls.lines().map(str::trim))
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let (time, op) = (words.next().expect("a time"), words.next().expect("an operation"));
            let cells = words.map(|word| word.split_once('=').unwrap_or_else(|| panic!("no cell: {word}")));
            [("time_s", time), ("op", op)].into_iter().chain(cells).collect()
        })
        .collect();
    let columns: BTreeSet<&str> =
        rows.iter().flat_map(|row| row.keys().copied()).chain(["instance"]).collect();
    let cell = |row: &BTreeMap<&str, &str>, column: &&str| match row.get(column) {
        Some(value) if value.contains(',') => format!("\"{value}\""),
        value => value.copied().unwrap_or_default().to_string(),
    };
    let mut text = columns.iter().copied().collect::<Vec<_>>().join(",");
    for row in &rows {
        let cells: Vec<String> = columns.iter().map(|column| cell(row, column)).collect();
        text = text + "\n" + &cells.join(",");
    }
    text + "\n"
}

/// Time \[s\], operation, reason and instances of a refusal.
pub type RefusedCall = (f64, &'static str, &'static str, u32);

/// Writes down everything that a run tells.
#[derive(Default)]
pub struct Notes {
    /// The refusals, in order.
    pub refusals: Vec<Refusal>,
    /// The samples, in order.
    pub samples: Vec<Sample>,
}

impl Observer for Notes {
    fn observe(&mut self, observation: &Observation, _: &Directory) {
        match observation {
            Observation::Refused(refusal) => self.refusals.push(*refusal),
            Observation::Sampled(sample) => self.samples.push(sample.clone()),
            _ => {}
        }
    }
}

impl Notes {
    /// The state sampled at a time.
    pub fn at(&self, seconds: f64) -> &Sample {
        let at = Time((seconds * NS_PER_S as f64) as u64);
        self.samples
            .iter()
            .find(|sample| sample.at == at)
            .unwrap_or_else(|| panic!("no sample at {seconds} s"))
    }

    /// When \[s\] and why calls were refused.
    pub fn reasons(&self) -> Vec<(u64, &'static str)> {
        self.refused().into_iter().map(|(at, _, why, _)| (at as u64, why)).collect()
    }

    /// The refusals in words.
    pub fn refused(&self) -> Vec<RefusedCall> {
        let one = |refusal: &Refusal| {
            let (operation, why) = (refusal.operation.name(), refusal.reason.failure.ec2_name());
            (refusal.at.as_seconds(), operation, why, refusal.count)
        };
        self.refusals.iter().map(one).collect()
    }
}

/// Counts of the calls of an operation by their end: asked for, granted, and refused by EC2's names.
pub fn calls(outcome: &Outcome, operation: Operation) -> (u64, u64, Vec<(&'static str, u64)>) {
    let tally = outcome.operations.iter().find(|(of, _)| *of == operation).map(|(_, tally)| tally.clone());
    ended(&tally.unwrap_or_default())
}

/// The same for instances to be launched.
pub fn launches(outcome: &Outcome) -> (u64, u64, Vec<(&'static str, u64)>) {
    ended(&outcome.launch)
}

fn ended(tally: &Tally) -> (u64, u64, Vec<(&'static str, u64)>) {
    let why = tally.failures().map(|(failure, count)| (failure.ec2_name(), count)).collect();
    (tally.requested, tally.succeeded, why)
}

/// Billed seconds by account and type.
pub fn billed(outcome: &Outcome) -> BTreeMap<(String, String), u64> {
    let name = |row: &plimsoll::billing::BillRow| {
        let account = outcome.directory.accounts()[row.account.index()].clone();
        (account, row.type_name(&outcome.directory.types))
    };
    let mut billed = BTreeMap::new();
    for row in &outcome.bill.rows {
        if let Some(seconds) = row.billed_seconds() {
            *billed.entry(name(row)).or_default() += seconds;
        }
    }
    billed
}

/// Returns what the instances of a run cost \[micro-USD\].
pub fn instances_micro_usd(outcome: &Outcome) -> i128 {
    outcome.bill.by_kind[&plimsoll::billing::Kind::Instance]
}

/// Billed seconds in all.
pub fn billed_seconds(outcome: &Outcome) -> u64 {
    outcome.bill.rows.iter().filter_map(|row| row.billed_seconds()).sum()
}

/// Returns how much of something was held, by the word of the bill \[unit · s\], over all accounts.
pub fn held(outcome: &Outcome, name: &str) -> u128 {
    let rows = outcome.bill.rows.iter().filter(|row| row.type_name(&outcome.directory.types) == name);
    rows.map(|row| row.quantity).sum::<u128>() / u128::from(NS_PER_S)
}

/// Runs a scenario of the repository.
pub fn run_file(name: &str, set: &[&str], options: RunOptions, observer: &mut dyn Observer) -> Outcome {
    let overrides =
        Overrides { set: set.iter().map(ToString::to_string).collect(), seed: None, ..Overrides::default() };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let scenario = Scenario::read(&path, &overrides).unwrap_or_else(|error| panic!("{error}"));
    let cloud = Cloud::new(&scenario, options).unwrap_or_else(|error| panic!("{error}"));
    cloud.run(observer).unwrap_or_else(|error| panic!("{error}"))
}

/// Mean of replications, and half the width of its confidence interval.
pub fn interval(values: &[f64], confidence: f64) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let quantile = StudentsT::new(0.0, 1.0, count - 1.0).expect("degrees of freedom");
    let t = quantile.inverse_cdf(0.5 + confidence / 2.0);
    (mean, t * (variance / count).sqrt())
}

/// Holds a figure of replications against its exact value. The interval must be narrow as well: a wide
/// one would agree with anything.
#[track_caller]
pub fn assert_agrees(what: &str, values: &[f64], exact: f64, most_relative_width: f64) {
    let (mean, half) = interval(values, 0.999);
    assert!((mean - exact).abs() <= half, "{what}: {mean:.5} ± {half:.5}, exactly {exact:.5}");
    assert!(half <= most_relative_width * exact, "{what}: ± {half:.5} tells too little about {exact:.5}");
}
