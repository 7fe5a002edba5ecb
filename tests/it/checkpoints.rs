//! A run that goes on from a checkpoint is the unbroken run: every file of the result, byte for byte, whenever the
//! checkpoint was made and whatever the world.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::report::run::checkpoint::{self, CheckpointPlan, Checkpoints, Resumed};
use plimsoll::report::{ResultFolder, StreamedReports};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::summary::{Execution, Run};
use plimsoll::units::{Duration, Time};

use crate::support::{CHECKED, Experiment, UNCHECKED};
use crate::{control_plane, swarm, swarm_operations, worlds};

/// The files of a result by name, but the manifest, which tells how the run was carried out.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A run with its result, which writes checkpoints, or goes on from one.
pub struct Journey<'a> {
    pub scenario: &'a Scenario,
    pub options: RunOptions,
    /// When to write itself down, in which folder.
    pub checkpoints: &'a [Time],
    pub folder: &'a Path,
    pub from: Option<&'a Path>,
}

impl Journey<'_> {
    /// Runs it, with tables.
    pub fn run(&self) -> (Outcome, Files) {
        let place = self.folder.join("result");
        let folder = ResultFolder::begin(&place).unwrap();
        let calendar = self.scenario.billing.calendar().unwrap();
        let mut recorder = StreamedReports::begin(&folder, self.scenario, Some(calendar)).unwrap();
        let plan = CheckpointPlan::AtTimes(self.checkpoints.len());
        recorder.write_checkpoints(self.folder, plan, self.scenario, &[]).unwrap();
        let mut cloud = match self.from {
            None => Cloud::new(self.scenario, self.options),
            Some(file) => {
                let resumed = checkpoint::resume(file, self.scenario, &[], self.options, &mut recorder);
                resumed.map(|Resumed { cloud, .. }| cloud)
            }
        }
        .unwrap_or_else(|error| panic!("{error}"));
        cloud.checkpoint_at(self.checkpoints.iter().copied());
        let outcome = cloud.run(&mut recorder).unwrap_or_else(|error| panic!("{error}"));
        recorder.finish().unwrap();
        let execution = Execution::default();
        let run = Run { scenario: self.scenario, outcome: &outcome, execution: &execution };
        plimsoll::report::run::write_at_end(&run, &folder).unwrap();
        folder.publish().unwrap();
        let mut files = Files::new();
        read_all(&place, "", &mut files);
        files.remove("manifest.json").expect("every result has one");
        (outcome, files)
    }

    /// The file of the checkpoint at a time.
    pub fn file(&self, at: Time) -> PathBuf {
        Checkpoints::path(self.folder, &self.scenario.name, at)
    }
}

fn read_all(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_all(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// Runs a scenario unbroken, with checkpoints at random moments, and from each of these: all the same.
pub fn check(scenario: &Scenario, options: RunOptions, random: &mut Stream, describe: &dyn Fn() -> String) {
    let folder = tempfile::tempdir().unwrap();
    let whole = Journey { scenario, options, checkpoints: &[], folder: folder.path(), from: None };
    let (outcome, unbroken) = whole.run();
    if outcome.horizon == Time::ZERO {
        return;
    }
    let at = [random.below(outcome.horizon.0), random.below(outcome.horizon.0)].map(Time);
    let checkpoints = [at[0].min(at[1]), at[0].max(at[1])];
    let written = Journey { checkpoints: &checkpoints, ..whole };
    let describe = |what: &str| format!("{what} of {at:?}: {}", describe());
    assert_same(&written.run().1, &unbroken, &|| describe("writing"));
    // The first goes on to the second, which is written again.
    let (first, second) = (written.file(checkpoints[0]), written.file(checkpoints[1]));
    let resumed = Journey { checkpoints: &checkpoints[1..], from: Some(&first), ..written };
    assert_same(&resumed.run().1, &unbroken, &|| describe("the first"));
    let resumed = Journey { checkpoints: &[], from: Some(&second), ..written };
    assert_same(&resumed.run().1, &unbroken, &|| describe("the second, written on the way from the first,"));
}

pub fn assert_same(files: &Files, expected: &Files, describe: &dyn Fn() -> String) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(files), names(expected), "{}", describe());
    for (name, bytes) in expected {
        let differ = files[name].iter().zip(bytes).position(|(one, other)| one != other);
        let shown = |bytes: &[u8]| {
            let from = differ.unwrap_or_default().saturating_sub(200);
            String::from_utf8_lossy(&bytes[from..bytes.len().min(from + 400)]).into_owned()
        };
        if files[name] != *bytes {
            panic!(
                "{name} differs:\n{}\n--- expected\n{}\n{}",
                shown(&files[name]),
                shown(bytes),
                describe()
            );
        }
    }
}

/// Draws worlds of a kind and checks each.
fn check_drawn(kind: &str, number: u64, seeds: u64, draw: fn(u64) -> Experiment) {
    for seed in 0..seeds {
        let experiment = draw(seed);
        let mut random = Seed(seed).stream(Purpose::Mix, number);
        check(&experiment.scenario(&[]), CHECKED, &mut random, &|| {
            format!("{kind}: {}", experiment.describe(seed))
        });
    }
}

#[test]
fn worlds_of_traces_arrivals_and_steady_states_go_on_as_if_nothing_had_happened() {
    check_drawn("swarm", 90, 24, |seed| swarm::draw(seed, false));
}

#[test]
fn worlds_of_groups_tenancies_spot_prices_and_faults_go_on_too() {
    check_drawn("worlds", 91, 24, worlds::draw);
}

#[test]
fn worlds_of_volumes_images_interfaces_and_every_other_call_go_on_too() {
    check_drawn("operations", 92, 24, swarm_operations::draw);
}

#[test]
fn calls_on_their_way_through_a_control_plane_go_on_too() {
    for seed in 1000..1024 {
        let (experiment, set) = control_plane::draw(seed);
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let mut random = Seed(seed).stream(Purpose::Mix, 93);
        check(&experiment.scenario(&set), CHECKED, &mut random, &|| {
            format!("{set:?}\n{}", experiment.describe(seed))
        });
    }
}

/// A scenario of the repository, smaller.
fn check_file(name: &str, set: &[&str]) {
    let overrides =
        Overrides { set: set.iter().map(ToString::to_string).collect(), seed: None, ..Overrides::default() };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/scenarios").join(name);
    let scenario = Scenario::read(&path, &overrides).unwrap_or_else(|error| panic!("{error}"));
    check(&scenario, UNCHECKED, &mut Seed(5).stream(Purpose::Mix, 93), &|| name.to_string());
}

#[test]
fn the_quickstart_goes_on_in_the_middle_of_its_trace() {
    check_file("quickstart.toml", &["duration=1d"]);
}

#[test]
fn the_whole_cloud_goes_on() {
    check_file(
        "whole-cloud.toml",
        &["duration=22d", "warmup=1d", "workload.arrivals.0.process.per_hour=20.0"],
    );
}

#[test]
fn every_law_of_arrivals_calls_lifetimes_and_failures_goes_on() {
    for process in [
        "{ kind = 'poisson', per_hour = 60.0 }",
        "{ kind = 'constant', every = '70s' }",
        "{ kind = 'diurnal', per_hour = 60.0, peak_to_mean = 1.5, peak_at = '9h' }",
        "{ kind = 'mmpp', per_hour = [5.0, 200.0], mean_sojourn = ['1h', '20m'] }",
        "{ kind = 'batch', per_hour = 10.0, mean_size = 6.0 }",
    ] {
        let stale = "placement.stale = { schedulers = 3, delay = '20m' }";
        let repredicted = "placement.prediction = { log_error = 1.0, repredicts = true }";
        for (strategy, more) in [
            ("random", ""),
            ("power-of-two", ""),
            ("next-fit", ""),
            ("partition", ""),
            ("cluster", ""),
            ("move-to-front", ""),
            ("nilas", ""),
            ("lava", repredicted),
            ("fgd", ""),
            ("best-fit", stale),
        ] {
            let experiment = Experiment::new(&format!(
                "duration = '1d'
                placement.strategy = '{strategy}'
                {more}
                zones = [{{ name = 'z', hosts = [{{ count = 30, vcpu = 16, memory_gib = 64, hosts_per_rack = 3 }}] }}]
                faults.hosts = {{ mean_time_between_failures = '3d', weibull_shape = 1.5 }}
                [[workload.arrivals]]
                process = {process}
                lifetime = {{ kind = 'exponential', mean = '3h' }}
                types = {{ 'm5.large' = 3, 'm5.xlarge' = 1 }}
                accounts = 5
                stops = {{ run = {{ kind = 'exponential', mean = '1h' }}, stopped = {{ kind = 'exponential', mean = '1h' }} }}
                [[workload.calls]]
                process = {process}
                operations = {{ describe = 3, stop = 1, start = 1, terminate = 1 }}"
            ));
            let describe = || experiment.describe(42);
            check(&experiment.scenario(&[]), CHECKED, &mut Seed(3).stream(Purpose::Mix, 94), &describe);
        }
    }
}

#[test]
fn a_trace_is_read_on_from_where_it_was_however_it_is_stored() {
    // More rows than a reader's buffer holds, and cells of more than one line.
    let mut trace = String::from("start_s,end_s,type,account\n");
    for row in 0..20_000 {
        trace += &format!("{},{},m5.large,\"a,{}\"\n", row, row + 3000, row % 7);
    }
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::fast());
    gzipped.write_all(trace.as_bytes()).unwrap();
    let gzipped = gzipped.finish().unwrap();
    for name in ["trace.csv", "trace.csv.gz"] {
        let experiment = Experiment::new(&format!(
            "zones = [{{ name = 'z', hosts = [{{ count = 90, vcpu = 64, memory_gib = 256 }}] }}]
            workload.trace = '{name}'"
        ));
        let bytes = if name.ends_with("gz") { &gzipped } else { trace.as_bytes() };
        fs::write(experiment.folder().join(name), bytes).unwrap();
        let mut random = Seed(4).stream(Purpose::Mix, 95);
        for _ in 0..3 {
            check(&experiment.scenario(&[]), UNCHECKED, &mut random, &|| name.to_string());
        }
    }
}

#[test]
fn a_checkpoint_at_the_time_of_an_event_comes_after_everything_of_that_time() {
    let experiment = Experiment::replaying(
        "start_s,end_s,type\n0,100,m5.large\n100,200,m5.large\n100,,m5.large\n300,301,m5.large\n",
        "zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 2, memory_gib = 8 }] }]",
    );
    let scenario = experiment.scenario(&[]);
    let folder = tempfile::tempdir().unwrap();
    let at = [0, 100, 200, 299, 300].map(|seconds| Time::ZERO.after(Duration::from_seconds(seconds)));
    let journey = Journey {
        scenario: &scenario,
        options: CHECKED,
        checkpoints: &at,
        folder: folder.path(),
        from: None,
    };
    let (_, unbroken) = journey.run();
    for time in at {
        let file = journey.file(time);
        let resumed = Journey { checkpoints: &[], from: Some(&file), ..journey };
        assert_same(&resumed.run().1, &unbroken, &|| format!("{time:?}"));
    }
}
