//! The scenarios of the control plane, held to what they say of themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll::cloud::Cloud;
use plimsoll::cloud::observe::{Observer, RunState, Silent};
use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::checkpoint::Writer;
use plimsoll::input::InputError;
use plimsoll::operation::Operation;
use plimsoll::units::{NS_PER_S, Time};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::command_line::plimsoll;
use crate::support::{Experiment, UNCHECKED, calls, launches, run_file};

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a scenario of the project with some settings.
fn run(name: &str, set: &[&str]) -> Outcome {
    run_file(&format!("workloads/scenarios/{name}.toml"), set, UNCHECKED, &mut Silent)
}

/// The rows of a table of a result.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

/// Minutes and seconds of a run of the retry storm: the share of the calls of each minute that the service did not fail,
/// and how many wait for the storage.
struct Storm {
    available: Vec<f64>,
    waiting: Vec<(f64, f64)>,
}

fn storm(set: &[&str]) -> Storm {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let mut words =
        vec!["run", "workloads/scenarios/retry-storm.toml", "-q", "--no-report", "-o", out.to_str().unwrap()];
    set.iter().for_each(|set| words.extend(["--set", set]));
    plimsoll(Path::new(TOP), &words).assert().success();
    let minutes = rows(&out.join("availability.csv"));
    let stages = rows(&out.join("control_plane.csv"));
    let full = minutes.iter().filter(|minute| number(minute, "calls") > 0.0);
    Storm {
        available: full.map(|m| 1.0 - number(m, "failed") / number(m, "calls")).collect(),
        waiting: (stages.iter().filter(|row| row["stage"] == "storage"))
            .map(|row| (number(row, "time_s"), number(row, "waiting")))
            .collect(),
    }
}

const BREAKER: &str = "control_plane.breaker.enabled=true";
const JITTER: &str = "control_plane.clients.jitter=full";

#[test]
fn a_retry_storm_outlives_its_cause_and_breaker_and_jitter_end_it() {
    let (stormy, calm) = (storm(&[]), storm(&[BREAKER, JITTER]));
    for (name, storm) in [("stormy", &stormy), ("calm", &calm)] {
        assert!(
            storm.available[..5].iter().all(|share| *share == 1.0),
            "{name}: all is well before the outage"
        );
        let idle = storm.waiting.iter().filter(|(at, _)| *at < 300.0);
        assert!(
            idle.map(|(_, waiting)| *waiting).fold(0.0, f64::max) < 40.0,
            "{name}: so far no call waits long"
        );
    }
    // The outage is over after the sixth minute. Ten minutes later and on, one does no useful work,
    // though the storage works all the time; the other is as if nothing had been.
    assert!(stormy.available[15..].iter().all(|share| *share < 0.01), "{:?}", stormy.available);
    let still = || stormy.waiting.iter().filter(|(at, _)| *at > 900.0);
    assert!(still().count() > 20 && still().all(|(_, waiting)| *waiting > 1900.0), "its queue stays full");
    assert!(calm.available[10..].iter().all(|share| *share > 0.999), "{:?}", calm.available);
    let after = || calm.waiting.iter().filter(|(at, _)| *at > 900.0);
    assert!(after().count() > 20 && after().all(|(_, waiting)| *waiting < 40.0), "its queue is short again");
}

/// The storm is one of clients that go on trying: an SDK whose retry quota is used up makes one attempt a call, and the
/// service recovers within three minutes.
#[test]
fn clients_whose_retry_quota_is_used_up_make_no_storm() {
    let storm = storm(&["control_plane.clients.attempts=1"]);
    assert!(storm.available[6] < 0.1, "the minute after the outage is lost: {:?}", storm.available);
    assert!(storm.available[9..].iter().all(|share| *share == 1.0), "{:?}", storm.available);
    let share = storm.available.iter().sum::<f64>() / storm.available.len() as f64;
    assert!((0.83..0.87).contains(&share), "{share}");
}

#[test]
fn the_two_ends_of_the_storm_stand_side_by_side_by_the_command_of_the_scenario() {
    let text = std::fs::read_to_string(Path::new(TOP).join("workloads/scenarios/retry-storm.toml")).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("#   plimsoll"));
    let command: Vec<&str> = lines
        .take_while(|line| line.starts_with("#   "))
        .flat_map(|line| line.trim_start_matches('#').trim_end_matches('\\').split_whitespace())
        .collect();
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let words: Vec<&str> =
        command[1..].iter().copied().chain(["--json", "-o", out.to_str().unwrap()]).collect();
    let told = plimsoll(Path::new(TOP), &words).output().unwrap();
    assert!(told.status.success(), "{words:?}: {}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let text = told.to_string();
    assert!(text.contains("\"storm\"") && text.contains("\"calm\"") && text.contains("availability.ratio"));
    let page = std::fs::read_to_string(out.join("comparison.md")).unwrap();
    assert!(
        page.contains("better") && !page.contains("The demand is a trace"),
        "calls are drawn too: {page}"
    );
}

#[test]
fn the_nth_launch_of_an_account_passes_its_throttle_exactly_when_the_buckets_say() {
    // Asked for much too fast, the Nth is let through (N − 5) ÷ 2 s after the first, and not a millisecond before.
    for n in [6, 105, 2_001, 9_999] {
        let due_ms = (n - 5) * 1000 / 2;
        let granted = |until_ms: u64| {
            let set = ["workload.arrivals.0.process.every=100ms", &format!("duration={until_ms}ms")];
            launches(&run("ten-million-launches", &set)).1
        };
        assert_eq!((granted(due_ms - 1), granted(due_ms)), (n - 1, n), "launch {n}");
    }
    // As the scenario is, none is refused: N take N ÷ 2 s.
    let (asked, granted, why) = launches(&run("ten-million-launches", &["duration=4999.5s"]));
    assert_eq!((asked, granted, why), (10_000, 10_000, vec![]));
    // That is what it says of ten millions.
    assert_eq!(format!("{:.1}", (10_000_000.0 - 5.0) / 2.0 / 86_400.0), "57.9");
}

#[test]
fn ten_million_launches_of_an_account_take_57_9_days() {
    if std::env::var_os("PLIMSOLL_LONG").is_none() {
        return;
    }
    let greedy = ["workload.arrivals.0.process.every=250ms", "duration=4999997.5s"];
    let (asked, granted, why) = launches(&run("ten-million-launches", &greedy));
    assert_eq!((asked, granted), (19_999_991, 10_000_000), "{why:?}");
    let (asked, granted, _) = launches(&run("ten-million-launches", &["duration=4999999.5s"]));
    assert_eq!((asked, granted), (10_000_000, 10_000_000));
}

#[test]
fn as_many_questions_find_nothing_as_the_replicas_lag_has_milliseconds() {
    for lag_ms in [0, 1, 200, 650, 999, 1000, 3000] {
        let lag = format!("control_plane.database.lag={lag_ms}ms");
        let outcome = run("replica-lag", &[&lag]);
        let not_found = lag_ms.min(1000);
        let (asked, answered, why) = calls(&outcome, Operation::Describe);
        assert_eq!((asked, answered), (1000, 1000 - not_found), "a lag of {lag_ms} ms");
        let expected: &[_] = if not_found == 0 { &[] } else { &[("InvalidInstanceID.NotFound", not_found)] };
        assert_eq!(why, expected);
        let primary = run("replica-lag", &[&lag, "control_plane.database.read_from=primary"]);
        assert_eq!(calls(&primary, Operation::Describe).1, 1000, "the primary knows what it wrote");
    }
}

#[test]
fn a_cold_cache_is_stampeded_unless_those_who_ask_for_the_same_wait_for_it() {
    let look = |coalesce: &str| {
        let outcome =
            run("cold-cache", &["duration=2m", &format!("control_plane.cache.coalesce={coalesce}")]);
        let plane = outcome.control_plane.unwrap();
        let primary = plane.stages.iter().find(|stage| stage.name.to_string() == "primary").unwrap().clone();
        let answers = outcome.latency.iter().find(|latency| latency.name == "api.describe").unwrap();
        let longest_s = answers.histogram.max() as f64 / 1e9;
        (primary.usage, longest_s, plane.counts.answered)
    };
    let (calm, longest, answered) = look("true");
    // Two hundred lists at twenty a second: the last is there after ten seconds, and was asked for soon after the start.
    // Those that change are read again: there are a few launches.
    assert!((200..=220).contains(&calm.arrivals), "{}", calm.arrivals);
    assert!((8.0..10.0).contains(&longest), "{longest} s");
    let (stampeded, longest, fewer) = look("false");
    assert!(stampeded.arrivals > 20 * calm.arrivals, "{}", stampeded.arrivals);
    assert!(longest > 60.0 && stampeded.waiting > 5000, "{longest} s, {} waiting", stampeded.waiting);
    assert!(fewer + u64::from(stampeded.waiting) + 8 == answered, "they wait for what is long there");
}

#[test]
fn a_working_day_reaches_its_objectives_and_is_busiest_in_the_morning() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let day = ["run", "workloads/scenarios/api-day.toml", "--enforce-objectives", "-o"];
    let words: Vec<&str> = day.into_iter().chain([out.to_str().unwrap(), "--no-report"]).collect();
    let table = contains("Objectives").and(contains("missed").not());
    plimsoll(Path::new(TOP), &words).assert().code(0).stdout(table);
    let stages = rows(&out.join("control_plane.csv"));
    let waiting = |hours: std::ops::Range<f64>| -> f64 {
        let rows = stages.iter().filter(|row| row["stage"] == "queue");
        let within = rows.filter(|row| hours.contains(&(number(row, "time_s") / 3600.0)));
        within.map(|row| number(row, "waiting")).sum()
    };
    assert!(waiting(9.0..11.0) > 10.0 * waiting(1.0..3.0).max(1.0), "launches wait at the morning peak");
    let summary: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert!(summary["control_plane"]["throttled"].as_u64() > Some(1000), "the monitor is held back");
    assert!(summary["availability"]["failed"].as_u64() > Some(0), "the outage is felt");
}

#[test]
fn threads_make_no_difference_to_a_control_plane() {
    let place = tempfile::tempdir().unwrap();
    let digest = |threads: &str| {
        let scenario = format!("{TOP}/workloads/scenarios/retry-storm.toml");
        let words = [
            "run",
            &scenario,
            "--json",
            "--no-report",
            "--threads",
            threads,
            "--set",
            BREAKER,
            "--set",
            JITTER,
        ];
        let output = plimsoll(place.path(), &words).output().unwrap();
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        summary["digest"].as_str().unwrap().to_string()
    };
    let digests: Vec<String> = ["1", "2", "2"].map(digest).into();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn a_stage_that_cannot_be_is_refused_and_one_that_cannot_keep_up_is_told() {
    let place = tempfile::tempdir().unwrap();
    let scenario = format!("{TOP}/workloads/scenarios/cold-cache.toml");
    for (set, told) in [
        ("control_plane.database.servers=0", "without a server nothing passes; leave it out for no limit"),
        (
            "control_plane.database.pool.max=0",
            "without a connection nothing passes; leave it out for no limit",
        ),
        ("control_plane.cache.ttl=-1s", "`-1s` is negative"),
        ("control_plane.gateway.service={ kind = 'exponential', mean = 'inf' }", "expected a duration"),
        (
            "control_plane.database.read={ kind = 'pareto', min = '1s', shape = 0.9 }",
            "found a distribution without a mean, expected service times with a finite mean",
        ),
    ] {
        let place_and_problem = contains(format!("`--set {set}`: ")).and(contains(told));
        plimsoll(place.path(), &["run", &scenario, "--set", set]).assert().code(2).stderr(place_and_problem);
    }
    let warning = "Warning: the queue of `primary` grew through the second half of the run";
    for (coalesce, is_told) in [("false", true), ("true", false)] {
        let set = format!("control_plane.cache.coalesce={coalesce}");
        let words = ["run", &scenario, "--no-report", "--set", &set];
        plimsoll(place.path(), &words).assert().code(0).stdout(contains(warning).count(usize::from(is_told)));
    }
}

/// Sizes of the checkpoints \[bytes\].
#[derive(Default)]
struct Sizes(Vec<usize>);

impl Observer for Sizes {
    fn checkpoint(&mut self, state: &RunState<'_>) -> Result<Option<PathBuf>, InputError> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        state.save(&mut writer);
        writer.seal().unwrap();
        self.0.push(bytes.len());
        Ok(None)
    }
}

#[test]
fn memory_is_that_of_what_is_on_its_way_however_much_has_passed() {
    // Everything that can wait waits, instances come and go, and hardly a question is asked twice. A checkpoint holds all
    // that a run knows: also its histograms, which still find a few new buckets when all else has come to rest.
    let experiment = Experiment::new(
        "duration = '5h'
        zones = [{ name = 'z', hosts = [{ count = 20, vcpu = 64, memory_gib = 256 }] }]
        output.sample_every = '5h'
        [control_plane]
        preset     = 'zero'
        clients    = { timeout = '10s', attempts = 3 }
        gateway    = { servers = 4, service = { kind = 'exponential', mean = '100ms' }, queue_timeout = '30s' }
        cache      = { enabled = true, ttl = '20s', invalidate_on_write = false }
        database   = { servers = 20, read = { kind = 'exponential', mean = '50ms' }, pool = { max = 20, acquire_timeout = '9s' } }
        queue      = { visibility_timeout = '60s', max_receives = 3 }
        workers    = { count = 20, service = { kind = 'exponential', mean = '1s' } }
        hypervisor = { servers = 10, service = { kind = 'exponential', mean = '1s' }, queue_timeout = '20s' }
        [workload]
        start = 'steady-state'
        [[workload.arrivals]]
        process  = { kind = 'poisson', per_hour = 3600.0 }
        lifetime = { kind = 'exponential', mean = '200s' }
        types    = { 't3.small' = 1 }
        [[workload.calls]]
        process    = { kind = 'poisson', per_hour = 36000.0 }
        count      = 2
        operations = { describe = 8, create-tags = 1, reboot = 1 }",
    );
    let mut sizes = Sizes::default();
    let mut cloud = Cloud::new(&experiment.scenario(&[]), UNCHECKED).unwrap();
    cloud.checkpoint_at([Time(12_000 * NS_PER_S), Time(15_000 * NS_PER_S)]);
    let outcome = cloud.run(&mut sizes).unwrap();
    let calls = outcome.control_plane.unwrap().counts.calls as usize;
    assert!(calls > 175_000, "{calls} calls");
    let [early, late] = sizes.0[..] else { panic!("two checkpoints") };
    // What was kept of each call, or of each tenth one, would show: a job alone has dozens of bytes.
    assert!(
        late - early < calls / 6,
        "{early} bytes after 12,000 s, {late} after 15,000 s, {calls} calls in 18,000 s"
    );
}

#[test]
fn a_run_of_calls_alone_is_answered_for_its_calls() {
    let told = |set: [&str; 2]| {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("out");
        let mut words = vec!["run", "workloads/scenarios/retry-storm.toml", "-o", out.to_str().unwrap()];
        set.iter().for_each(|set| words.extend(["--set", set]));
        let output = plimsoll(Path::new(TOP), &words).output().unwrap();
        let page = std::fs::read_to_string(out.join("report.html")).unwrap();
        (String::from_utf8(output.stdout).unwrap(), page)
    };
    let (terminal, page) = told(["duration=4m", "control_plane.outages=[]"]);
    let met = "Yes: the objective is met; availability.ratio is 100 %, wanted at least 90.00 %.";
    assert!(terminal.contains(met), "{terminal}");
    assert!(
        page.contains("Is the objective met, with 7,245 calls in 4 min?")
            && page.contains("Yes: the objective is met; ")
    );
    assert!(page.contains("<bdi>met</bdi>"));
    let (terminal, page) = told(["duration=8m", "seed=1"]);
    let missed = "No: the objective is missed: availability.ratio is 65.01 %, wanted at least 90.00 %: 3.499 times the";
    assert!(terminal.contains(missed) && terminal.contains("The stage storage binds first"), "{terminal}");
    assert!(page.contains("No: the objective is missed: ") && page.contains("the queue of `storage` grew"));
    assert!(page.contains("<bdi>missed</bdi>"));
}
