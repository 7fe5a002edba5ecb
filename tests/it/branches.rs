//! Branches from a checkpoint: which settings may differ and what becomes of them; which files and settings are refused.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll::cloud::outcome::Outcome;
use plimsoll::scenario::Scenario;
use plimsoll::scenario::branching::{MUTABLE_KEYS, MutableKey};
use plimsoll::units::{Duration, Time};
use predicates::prelude::*;
use predicates::str::contains;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::checkpoints::Journey;
use crate::command_line::{plimsoll, workplace};
use crate::support::{CHECKED, Experiment};

/// A fleet that is nearly full after two days, with some of everything that a branch may change.
const BASE: &str = "
    duration = '4d'
    output.sample_every = '10m'
    quotas = { instances = 1000 }
    lifecycle = { boot = '20s', stop = '30s', terminate = '10s' }
    storage = { create = '1m', backends = [{ zone = 'b', capacity_gib = 20000 }] }
    zones = [
        { name = 'a', hosts = [{ count = 12, vcpu = 16, memory_gib = 64, hosts_per_rack = 3 }] },
        { name = 'b', hosts = [{ count = 12, vcpu = 16, memory_gib = 64, hosts_per_rack = 3 }] },
    ]
    [network]
    public_addresses = 150
    subnets = [
        { name = 's', zone = 'a', cidr = '10.0.0.0/25', assign_public_address = true },
        { name = 't', zone = 'b', cidr = '10.0.1.0/25', assign_public_address = true },
    ]
    [[workload.arrivals]]
    process = { kind = 'poisson', per_hour = 30.0 }
    lifetime = { kind = 'exponential', mean = '5h' }
    types = { 'm5.large' = 3, 'm5.xlarge' = 1 }
    volumes = [{ device = '/dev/sdf', size_gib = 100 }]
    accounts = 3
    [[workload.arrivals]]
    process = { kind = 'constant', every = '1h' }
    lifetime = { kind = 'exponential', mean = '5h' }
    types = { 'm5.large' = 1 }
    stops = { run = { kind = 'exponential', mean = '1h' }, stopped = { kind = 'exponential', mean = '1h' } }";

/// When the fleet is written down.
const AT: Time = Time(2 * 86_400 * 1_000_000_000);

/// A run and its checkpoint.
struct Trunk {
    experiment: Experiment,
    folder: TempDir,
    file: PathBuf,
    outcome: Outcome,
    series: String,
}

fn journey<'a>(
    scenario: &'a Scenario,
    folder: &'a Path,
    checkpoints: &'a [Time],
    from: Option<&'a Path>,
) -> Journey<'a> {
    Journey { scenario, options: CHECKED, checkpoints, folder, from }
}

fn series(files: &std::collections::BTreeMap<String, Vec<u8>>) -> String {
    String::from_utf8(files["timeseries.csv"].clone()).unwrap()
}

impl Trunk {
    fn grow() -> Trunk {
        let experiment = Experiment::new(BASE);
        let folder = tempfile::tempdir().unwrap();
        let scenario = experiment.scenario(&[]);
        let run = journey(&scenario, folder.path(), &[AT], None);
        let file = run.file(AT);
        let (outcome, files) = run.run();
        Trunk { series: series(&files), outcome, file, experiment, folder }
    }

    /// A branch with some settings changed, and its time series.
    fn branch(&self, set: &[&str]) -> (Outcome, String) {
        let scenario = self.experiment.scenario(set);
        let (outcome, files) = journey(&scenario, self.folder.path(), &[], Some(&self.file)).run();
        (outcome, series(&files))
    }

    /// The same run with the settings from the beginning.
    fn whole(&self, set: &[&str]) -> Outcome {
        journey(&self.experiment.scenario(set), self.folder.path(), &[], None).run().0
    }
}

#[test]
fn a_branch_shares_its_past_and_has_a_future_of_its_own() {
    let trunk = Trunk::grow();
    assert_eq!(trunk.branch(&[]).0.digest, trunk.outcome.digest);
    // The header, and the rows before the checkpoint: that of its own time is the branch's.
    let past = |series: &str| series.lines().take(1 + 2 * 24 * 6).map(String::from).collect::<Vec<_>>();
    for set in [
        "seed=7",
        "placement.strategy=best-fit",
        "placement.strategy=random",
        "placement.strategy=next-fit",
        "placement.strategy=move-to-front",
        "placement.strategy=lava",
        "placement.strategy={ name = 'partition', partitions = 2 }",
        "zones.1.hosts.1={ count = 6, vcpu = 16, memory_gib = 64 }",
        "zones.1.hosts.1={ elastic = true, max_hosts = 6, vcpu = 32, memory_gib = 128 }",
        "network.public_addresses=20",
        "network.subnets.2={ name = 'u', zone = 'b', cidr = '10.0.2.0/25' }",
        "storage.backends.0.capacity_gib=3000",
        "quotas.instances=20",
        "quotas.accounts=[{ account = 'account-1', instances = 3 }]",
        "quotas.lag=1h",
        "lifecycle.boot=10m",
        "workload.arrivals.0.process.per_hour=90.0",
        "workload.arrivals.0.lifetime={ kind = 'constant', value = '9h' }",
        "workload.arrivals.1.types={ 'm5.4xlarge' = 1 }",
        "workload.arrivals.1.count=5",
    ] {
        let (outcome, series) = trunk.branch(&[set]);
        // Nothing is lost: the branch was checked after every event. Most change what happens.
        if !set.starts_with("quotas.a") && !set.starts_with("quotas.l") && !set.starts_with("network.s") {
            assert_ne!(outcome.digest, trunk.outcome.digest, "{set} changes nothing");
        }
        assert!(past(&series) == past(&trunk.series), "{set} changes the past");
        assert_eq!(outcome.horizon, trunk.outcome.horizon);
    }
}

#[test]
fn what_differs_only_after_the_checkpoint_is_as_if_it_had_differed_from_the_beginning() {
    let trunk = Trunk::grow();
    for duration in ["duration=6d", "duration=3d", "duration=2d"] {
        let (branch, whole) = (trunk.branch(&[duration]).0, trunk.whole(&[duration]));
        assert_eq!((branch.digest, branch.bill), (whole.digest, whole.bill), "{duration}");
    }
}

#[test]
fn more_hosts_take_what_was_refused_and_fewer_addresses_refuse_what_was_taken() {
    let trunk = Trunk::grow();
    let busy = "workload.arrivals.0.process.per_hour=90.0";
    let hosts = "zones.1.hosts.1={ count = 40, vcpu = 16, memory_gib = 64 }";
    let addresses = "network.public_addresses=1000";
    let few = trunk.branch(&[busy, addresses]).0;
    let many = trunk.branch(&[busy, addresses, hosts]).0;
    assert!(few.launch.failed() > many.launch.failed(), "{} {}", few.launch.failed(), many.launch.failed());
    assert_eq!(many.fleet.hosts, few.fleet.hosts + 40);
    let tight = trunk.branch(&["network.public_addresses=20"]).0;
    assert!(tight.launch.failed() > trunk.outcome.launch.failed() + 100);
}

/// A folder with a run, and its checkpoint.
fn with_checkpoint() -> (TempDir, PathBuf) {
    let place = workplace();
    let words = ["run", "scenario.toml", "-q", "--checkpoint-at", "1d", "--tables", "-o", "trunk"];
    plimsoll(place.path(), &words).assert().success();
    let file = place.path().join("results/checkpoints/small-1d.checkpoint");
    (place, file)
}

#[test]
fn the_program_goes_on_with_the_same_files() {
    let (place, _) = with_checkpoint();
    let from = ["run", "scenario.toml", "--from-checkpoint", "results/checkpoints/small-1d.checkpoint"];
    let words = [&from[..], &["-o", "branch", "--tables"]].concat();
    plimsoll(place.path(), &words).assert().success();
    for name in ["timeseries.csv", "failures.csv", "billing.csv", "latency.csv", "tables/instances.parquet"] {
        let [trunk, branch] =
            ["trunk", "branch"].map(|of| fs::read(place.path().join(of).join(name)).unwrap());
        assert!(trunk == branch, "{name} differs");
    }
    let manifest = fs::read_to_string(place.path().join("branch/manifest.json")).unwrap();
    assert!(manifest.contains("small-1d.checkpoint"), "the manifest names what the run went on from");
    let words =
        [&from[..], &["-o", "more", "--checkpoint-at", "1d 6h", "--set", "placement.strategy=spread"]]
            .concat();
    plimsoll(place.path(), &words)
        .assert()
        .success()
        .stdout(contains("checkpoint in results/checkpoints/small-1d6h.checkpoint"));
    assert!(place.path().join("results/checkpoints/small-1d6h.checkpoint").exists());
}

/// The same content under a seal that is right.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let seal = Sha256::digest(&bytes);
    bytes.extend_from_slice(&seal);
    bytes
}

#[test]
fn a_file_that_is_no_whole_checkpoint_of_this_version_is_refused() {
    let (place, file) = with_checkpoint();
    let good = fs::read(&file).unwrap();
    let content = &good[..good.len() - 32];
    assert_eq!(sealed(content.to_vec()), good);
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let version = content.windows(5).position(|text| text == env!("CARGO_PKG_VERSION").as_bytes()).unwrap();
    let other_version = sealed([&content[..version], b"9.9.9", &content[version + 5..]].concat());
    let damaged = "damaged or cut off";
    for (what, bytes, message) in [
        ("empty", Vec::new(), "is no checkpoint of plimsoll"),
        ("a text", b"time_s,hosts\n0,1\n".to_vec(), "is no checkpoint of plimsoll"),
        ("a beginning", good[..10].to_vec(), "is cut off"),
        ("a head", good[..40].to_vec(), damaged),
        ("half", good[..good.len() / 2].to_vec(), damaged),
        ("all but a byte", good[..good.len() - 1].to_vec(), damaged),
        ("a byte more", [&good[..], b"x"].concat(), damaged),
        ("a flipped bit in the head", flipped(60), damaged),
        ("a flipped bit in the middle", flipped(good.len() / 2), damaged),
        ("a flipped bit in the seal", flipped(good.len() - 1), damaged),
        ("another format", flipped(8), "expected format"),
        ("another version", other_version, "was made by plimsoll 9.9.9"),
        ("another build", sealed(content[..content.len() / 2].to_vec()), "another build of plimsoll"),
        ("something behind", sealed([content, b"xx"].concat()), "another build of plimsoll"),
    ] {
        fs::write(place.path().join("bad.checkpoint"), bytes).unwrap();
        refused(place.path(), "bad.checkpoint", &[], &[message, "bad.checkpoint"], what);
    }
    refused(place.path(), "nowhere.checkpoint", &[], &["cannot be read", "nowhere.checkpoint"], "none");
}

/// A run from a checkpoint is wrong input: the messages, a way out, and no result.
fn refused(place: &Path, file: &str, words: &[&str], messages: &[&str], what: &str) {
    let words = [&["run", "scenario.toml", "-o", "out", "--from-checkpoint", file], words].concat();
    let assert = plimsoll(place, &words).assert().code(2);
    for message in messages.iter().chain(&["help: "]) {
        let errors = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(contains(*message).eval(&errors), "{what}: expected `{message}` in: {errors}");
    }
    assert!(!place.join("out").exists(), "{what}");
}

#[test]
fn a_scenario_that_the_state_does_not_fit_is_refused_with_its_place() {
    let (place, _) = with_checkpoint();
    let file = "results/checkpoints/small-1d.checkpoint";
    let set = |set: &'static str| ["--set", set];
    let refuse =
        |words: &[&str], messages: &[&str]| refused(place.path(), file, words, messages, messages[0]);
    refuse(
        &set("zones.0.hosts.0.count=10"),
        &["zones.0.hosts.0.count", "found `10`, expected `20`", "list branching"],
    );
    refuse(&set("warmup=1h"), &["warmup", "expected `\"6h\"`"]);
    refuse(&set("duration=12h"), &["duration", "expected 1d or more"]);
    refuse(&set("quotas.instances=10"), &["quotas", "usage is not counted without limits"]);
    // Time goes on only.
    for at in ["6h", "2d", "9d"] {
        let words = ["run", "scenario.toml", "-o", "out", "--from-checkpoint", file, "--checkpoint-at", at];
        plimsoll(place.path(), &words).assert().code(2).stderr(contains("`--checkpoint-at`"));
    }
    // A file with another place of it in the scenario: the problem names the line.
    let text = fs::read_to_string(place.path().join("scenario.toml")).unwrap();
    fs::write(place.path().join("scenario.toml"), text.replace("vcpu = 64", "vcpu = 32")).unwrap();
    refuse(&[], &["scenario.toml:9:", "zones.0.hosts.0.vcpu", "expected `64"]);
}

#[test]
fn a_checkpoint_belongs_to_its_trace_and_to_its_tables() {
    let place = tempfile::tempdir().unwrap();
    let scenario = "name = 'small'\nduration = '1h'\nworkload.trace = 'trace.csv'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 2, memory_gib = 8 }] }]";
    fs::write(place.path().join("scenario.toml"), scenario).unwrap();
    let trace = "start_s,end_s,type\n0,100,m5.large\n2000,2100,m5.large\n";
    fs::write(place.path().join("trace.csv"), trace).unwrap();
    let words = ["run", "scenario.toml", "-q", "--checkpoint-at", "10m", "--checkpoint-dir", "."];
    plimsoll(place.path(), &words).assert().success();
    let file = "small-10m.checkpoint";
    refused(place.path(), file, &["--tables"], &["--tables", "made without tables"], "tables");
    // Elsewhere is no matter, else is.
    fs::rename(place.path().join("trace.csv"), place.path().join("moved.csv")).unwrap();
    let words = ["run", "scenario.toml", "--from-checkpoint", file, "--set", "workload.trace=moved.csv"];
    plimsoll(place.path(), &words).assert().success();
    fs::write(place.path().join("trace.csv"), trace.replace("2000", "1900")).unwrap();
    refused(place.path(), file, &[], &["was made with another `", "trace.csv"], "trace");
}

#[test]
fn checkpoints_that_never_come_are_refused() {
    let place = workplace();
    for at in ["2d", "3d"] {
        plimsoll(place.path(), &["run", "scenario.toml", "--checkpoint-at", at])
            .assert()
            .code(2)
            .stderr(contains("`--checkpoint-at`").and(contains("before the end of the run, 2d")));
    }
    assert!(!place.path().join("results/runs").join("small").exists());
    plimsoll(place.path(), &["run", "scenario.toml", "--checkpoint-at", "soon"]).assert().code(2);
    plimsoll(place.path(), &["list", "branching"])
        .assert()
        .success()
        .stdout(contains("placement.strategy").and(contains("zones.last.hosts")));
    // Time as the file names it.
    assert_eq!(Duration(AT.0).to_string(), "2d");
}

#[test]
fn the_page_lists_what_the_register_does() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checkpoints.md")).unwrap();
    let row = |of: &MutableKey| format!("| `{}` | {} | {} |", of.key, of.mutability.name(), of.meaning);
    let rows: Vec<String> = MUTABLE_KEYS.iter().map(row).collect();
    let shown: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(shown, rows);
}

/// A longer run of growing demand has more layers of it, whose sources would take each other's places.
#[test]
fn growing_demand_goes_on_from_a_checkpoint_up_to_the_same_end() {
    let place = tempfile::tempdir().unwrap();
    let scenario = "name = 'g'\nduration = '20d'\n\
        zones = [{ name = 'z', hosts = [{ count = 40, vcpu = 64, memory_gib = 256 }] }]\n\
        [workload]\nprofile = { growth_per_day = 0.1 }\n\
        arrivals = [{ process = { kind = 'poisson', per_hour = 10 }, types = { 'm5.large' = 1 }, \
        lifetime = { kind = 'exponential', mean = '5h' } }]\n";
    std::fs::write(place.path().join("g.toml"), scenario).unwrap();
    let run = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        plimsoll(place.path(), &words).output().unwrap()
    };
    let digest = |folder: &str| {
        let text = std::fs::read_to_string(place.path().join(folder).join("summary.json")).unwrap();
        text.lines().find(|line| line.contains("\"digest\"")).unwrap().to_string()
    };
    assert!(run("run g.toml -q --no-report -o whole --checkpoint-at 8d --checkpoint-dir c").status.success());
    assert!(run("run g.toml -q --no-report -o rest --from-checkpoint c/g-8d.checkpoint").status.success());
    assert_eq!(digest("whole"), digest("rest"));
    let longer =
        run("run g.toml -q --no-report -o longer --from-checkpoint c/g-8d.checkpoint --set duration=40d");
    let errors = String::from_utf8_lossy(&longer.stderr);
    assert_eq!(longer.status.code(), Some(2), "{errors}");
    assert!(errors.contains("scaled otherwise than at the checkpoint"), "{errors}");
}
