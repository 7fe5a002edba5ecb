//! `plimsoll size`: the smallest value that will do, against what theory and plain arithmetic say it is.

use std::fs;
use std::path::Path;

use plimsoll::queueing::erlang_b;
use serde_json::Value;
use tempfile::TempDir;

use crate::command_line::{plimsoll, workplace};

/// A loss system: hosts with room for one instance each, and as much offered as the test says \[Erlang\].
fn loss_system(offered: u32) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let text = format!(
        "name = 'loss'\nduration = '1050h'\nwarmup = '50h'\n\
         [[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 2\nvcpu = 1\nmemory_gib = 1\n\
         [[instance_types]]\nname = 'unit'\nvcpu = 1\nmemory_gib = 1\non_demand_usd_per_hour = 0.1\n\
         [[workload.arrivals]]\nprocess = {{ kind = 'poisson', per_hour = {offered} }}\n\
         lifetime = {{ kind = 'exponential', mean = '1h' }}\ntypes = {{ unit = 1 }}\n"
    );
    fs::write(place.path().join("scenario.toml"), text).unwrap();
    place
}

const COUNT: &str = "zones.0.hosts.0.count";

/// Returns what `size` tells a program, and its exit code.
fn sized(place: &Path, words: &[&str]) -> (Value, i32) {
    let all: Vec<&str> = ["size", "scenario.toml", "--json"].iter().chain(words).copied().collect();
    let output = plimsoll(place, &all).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    (json, output.status.code().unwrap())
}

fn refusal(place: &Path, words: &[&str]) -> String {
    let all: Vec<&str> = ["size", "scenario.toml"].iter().chain(words).copied().collect();
    let output = plimsoll(place, &all).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
    assert!(
        !place.join("results").exists() || fs::read_dir(place.join("results/runs")).unwrap().next().is_none()
    );
    text
}

/// The point of a curve at a value.
fn point(sizing: &Value, value: u64) -> &Value {
    let points = sizing["points"].as_array().unwrap();
    points.iter().find(|point| point["value"] == value).unwrap_or_else(|| panic!("{value} in {sizing:#}"))
}

#[test]
fn the_places_for_a_stated_blocking_are_erlangs() {
    for (offered, blocking) in [(4, 0.02), (10, 0.02), (20, 0.02)] {
        let smallest = (1..).find(|places| erlang_b(*places, f64::from(offered)) <= blocking).unwrap();
        let place = loss_system(offered);
        let target = format!("launch.success_ratio >= {}", 1.0 - blocking);
        let (sizing, code) = sized(place.path(), &["--vary", COUNT, "--until", &target]);
        assert_eq!((&sizing["answer"], code), (&Value::from(smallest), 0), "{offered} Erlang: {sizing:#}");
        assert_eq!((&sizing["ending"], &sizing["monotone"]), (&"found".into(), &true.into()));
        // It is shown, not guessed: one place less is shown to miss.
        assert_eq!(
            point(&sizing, u64::from(smallest) - 1)["target"],
            "fails",
            "{offered} Erlang: {sizing:#}"
        );
        // Everywhere on the curve Erlang's value is within what the runs are known to.
        for point in sizing["points"].as_array().unwrap() {
            let exact = 1.0 - erlang_b(point["value"].as_u64().unwrap() as u32, f64::from(offered));
            let interval = point["interval"].as_array().unwrap();
            let (low, high) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
            assert!(low <= exact && exact <= high, "{offered} Erlang: {exact} at {point:#}");
        }
    }
}

#[test]
fn every_value_is_that_of_a_single_run() {
    let place = loss_system(4);
    let words = ["--vary", COUNT, "--target", "launch.success_ratio>=98%", "-R", "4"];
    let (sizing, _) = sized(place.path(), &words);
    assert_eq!(sizing["target"]["value"], 0.98);
    let seven = point(&sizing, sizing["answer"].as_u64().unwrap() - 1);
    let set = format!("{COUNT}={}", seven["value"]);
    let run = ["run", "scenario.toml", "--json", "--seed", "43", "--set", &set];
    let run: Value = serde_json::from_slice(&plimsoll(place.path(), &run).output().unwrap().stdout).unwrap();
    assert_eq!((&seven["seeds"][1], &seven["digests"][1]), (&43.into(), &run["digest"]));
    assert_eq!(seven["values"][1], run["launch"]["success_ratio"]);
    assert_eq!(seven["hosts_lower_bound"], seven["hosts"], "at the peak every place was taken");
}

#[test]
fn threads_change_nothing() {
    let place = loss_system(4);
    let files = |threads: &str| {
        let words =
            ["--vary", COUNT, "--until", "launch.success_ratio >= 0.9", "-R", "3", "--threads", threads];
        sized(place.path(), &[&words[..], &["-o", threads]].concat());
        ["sizing.json", "sizing.csv"].map(|file| fs::read(place.path().join(threads).join(file)).unwrap())
    };
    assert_eq!(files("1"), files("4"));
}

/// A trace for hosts of four vCPU: three instances of two at once, then one of four.
const TRACE: &str = "start_s,end_s,vcpu,memory_gib\n0,100,2,4\n10,100,2,4\n20,100,2,4\n200,300,4,8\n";

fn replay(more: &str) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("trace.csv"), TRACE).unwrap();
    let text = format!(
        "name = 'replay'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 40\nvcpu = 4\nmemory_gib = 8\n{more}\n\
         [workload]\ntrace = 'trace.csv'\n"
    );
    fs::write(place.path().join("scenario.toml"), text).unwrap();
    place
}

#[test]
fn a_trace_is_exact_with_one_run_of_each_value() {
    let place = replay("");
    let (sizing, code) = sized(place.path(), &["--vary", COUNT, "--until", "launch.success_ratio >= 1"]);
    assert_eq!((&sizing["answer"], &sizing["stands_at"], code), (&2.into(), &40.into(), 0));
    let at = |value| {
        let point = point(&sizing, value);
        (
            point["exact"].as_bool().unwrap(),
            point["mean"].as_f64().unwrap(),
            point["hosts_lower_bound"].clone(),
        )
    };
    // One host takes two of the three; what ran there needs no other.
    assert_eq!((at(1), at(2)), ((true, 0.75, 1.into()), (true, 1.0, 2.into())));
    assert!(sizing["notes"][0].as_str().unwrap().contains("exact for this demand"), "{sizing:#}");
}

#[test]
fn addresses_are_a_setting_like_any_other() {
    let subnet = "[network]\npublic_addresses = 1\n[[network.subnets]]\nname = 's'\nzone = 'a'\ncidr = '10.0.0.0/24'\n\
                  assign_public_address = true\n";
    let place = replay(subnet);
    let words = ["--vary", "network.public_addresses", "--until", "launch.failed <= 0"];
    let (sizing, _) = sized(place.path(), &words);
    assert_eq!(sizing["answer"], 3, "three are there at once: {sizing:#}");
    let (sizing, _) =
        sized(place.path(), &["--vary", words[1], "--until", "launch.failed < 2", "--from", "0"]);
    assert_eq!(sizing["answer"], 2, "{sizing:#}");
    // Where the setting is not in the scenario, the search begins with the least value.
    let text = fs::read_to_string(place.path().join("scenario.toml")).unwrap();
    fs::write(place.path().join("scenario.toml"), text.replace("public_addresses = 1\n", "")).unwrap();
    let (sizing, _) = sized(place.path(), &words);
    assert_eq!((&sizing["answer"], &sizing["stands_at"]), (&3.into(), &Value::Null));
}

#[test]
fn what_cannot_be_had_is_told_with_exit_code_1() {
    let place = replay("");
    // A host too many changes nothing: the instance of four vCPU cannot run on hosts of two.
    let small = ["--vary", COUNT, "--until", "launch.failed <= 0", "--set", "zones.0.hosts.0.vcpu=2"];
    let (sizing, code) = sized(place.path(), &small);
    assert_eq!((&sizing["answer"], &sizing["ending"], code), (&Value::Null, &"still".into(), 1));
    assert!(sizing["answer_in_words"].as_str().unwrap().contains("cannot be had by zones.0.hosts.0.count"));
    let limited = ["--vary", COUNT, "--until", "launch.failed <= 0", "--to", "1"];
    let (sizing, code) = sized(place.path(), &limited);
    assert_eq!((&sizing["ending"], code), (&"out-of-reach".into(), 1), "{sizing:#}");
    let (sizing, code) = sized(place.path(), &["--vary", COUNT, "--until", "launch.failed <= 3"]);
    assert_eq!((&sizing["answer"], &sizing["ending"], code), (&1.into(), &"holds-at-least".into(), 0));
    // Few launches that all succeed are no proof of 99.99 %.
    let place = loss_system(4);
    let words = ["--vary", COUNT, "--until", "launch.success_ratio >= 0.9999", "--to", "64"];
    let short = ["--set", "duration=60h", "-R", "2", "--max-replications", "4"];
    let (sizing, code) = sized(place.path(), &[&words[..], &short].concat());
    assert_eq!((&sizing["answer"], code), (&Value::Null, 1));
    assert_eq!(point(&sizing, 64)["target"], "not-shown");
    assert!(sizing["notes"].to_string().contains("allow more with --max-replications"), "{sizing:#}");
}

#[test]
fn more_that_does_worse_is_told() {
    let place = tempfile::tempdir().unwrap();
    let trace = "start_s,end_s,vcpu,memory_gib\n0,10,2,2\n20,30,4,4\n20,30,4,4\n20,30,4,4\n";
    fs::write(place.path().join("trace.csv"), trace).unwrap();
    let text = "name = 'turns'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 2\nvcpu = 4\nmemory_gib = 4\n\
        [placement]\nstrategy = 'first-fit'\n[workload]\ntrace = 'trace.csv'\n";
    fs::write(place.path().join("scenario.toml"), text).unwrap();
    // The more hosts, the more of them are empty: more leads away from this target.
    let words = ["--vary", COUNT, "--until", "fleet.hosts_empty_ratio_mean <= 0.7"];
    let (sizing, _) = sized(place.path(), &words);
    assert_eq!(sizing["monotone"], false, "{sizing:#}");
    assert!(sizing["reversals"][0]["change"].as_f64().unwrap() > 0.0);
    assert!(sizing["notes"].to_string().contains("not monotone"), "{sizing:#}");
}

#[test]
fn an_answer_says_in_how_many_of_its_runs_it_holds() {
    let place = loss_system(4);
    let (sizing, _) = sized(place.path(), &["--vary", COUNT, "--until", "launch.failed <= 10"]);
    for point in sizing["points"].as_array().unwrap() {
        let met = point["values"].as_array().unwrap().iter().filter(|value| value.as_f64().unwrap() <= 10.0);
        assert_eq!(point["runs_met"], met.count(), "{point:#}");
    }
    let at_answer = point(&sizing, sizing["answer"].as_u64().unwrap());
    assert_ne!(at_answer["runs_met"].as_u64().unwrap(), at_answer["values"].as_array().unwrap().len() as u64);
    let words = format!(
        "on average; by themselves {} of {} runs meet it",
        at_answer["runs_met"],
        at_answer["values"].as_array().unwrap().len()
    );
    assert!(sizing["answer_in_words"].as_str().unwrap().contains(&words), "{words} in {sizing:#}");
}

#[test]
fn runs_that_are_alike_are_no_interval_and_the_answer_stands_with_all_of_them() {
    let place = loss_system(4);
    let words = ["--vary", COUNT, "--until", "launch.failed <= 0", "--max-replications", "80"];
    let (sizing, code) = sized(place.path(), &words);
    let at_answer = point(&sizing, sizing["answer"].as_u64().unwrap());
    let values = at_answer["values"].as_array().unwrap();
    assert_eq!((values.len(), code), (80, 0), "{sizing:#}");
    assert!(values.iter().all(|value| value == 0.0), "{at_answer:#}");
    assert_eq!((&at_answer["interval"], &at_answer["runs_met"]), (&Value::Null, &80.into()));
    assert!(sizing["answer_in_words"].as_str().unwrap().contains("in each of 80 runs"), "{sizing:#}");
    // Of 80 without a miss the true share is 0.05^(1/80) = 96.3 % at least.
    assert!(sizing["notes"].to_string().contains("at least 96.3 % of all runs"), "{sizing:#}");
    let text =
        plimsoll(place.path(), &[&["size", "scenario.toml"], &words[..]].concat()).output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("all alike") && !text.contains(" 0 to 0 "), "{text}");
}

#[test]
fn the_default_limit_of_the_search_is_one_that_the_scenario_takes() {
    let place = replay("");
    let words =
        ["--vary", "workload.scale", "--until", "launch.success_ratio >= 0", "--largest", "--step", "1"];
    let (sizing, code) = sized(place.path(), &words);
    assert_eq!(
        (&sizing["answer"], &sizing["ending"], code),
        (&1000.into(), &"holds-at-most".into(), 0),
        "{sizing:#}"
    );
    assert!(
        sizing["notes"].to_string().contains("More than 1,000 is none that the scenario takes"),
        "{sizing:#}"
    );
    // A limit that a person set is held to the bounds before anything runs.
    let place = replay("");
    let told = refusal(place.path(), &[&words[..], &["--to", "1024"]].concat());
    assert!(told.contains("at most 1,000 times") && told.contains("--to"), "{told}");
}

/// The load that a number of places takes is the inverse of Erlang's formula.
#[test]
fn the_largest_load_for_a_stated_blocking_is_erlangs() {
    let place = loss_system(2);
    let words = ["--vary", "workload.arrivals.0.process.per_hour", "--until", "launch.success_ratio >= 0.98"];
    let more = ["--largest", "--set", "zones.0.hosts.0.count=9", "--step", "0.1"];
    let (sizing, code) = sized(place.path(), &[&words[..], &more].concat());
    assert_eq!(
        (&sizing["ending"], &sizing["largest"], code),
        (&"found".into(), &true.into(), 0),
        "{sizing:#}"
    );
    // Nine places lose 2 % of 4.345 Erlang, which half of the runs would show: the answer is not far below.
    let exact = (1..10_000).map(|n| f64::from(n) / 1000.0).find(|load| erlang_b(9, *load) > 0.02).unwrap();
    let answer = sizing["answer"].as_f64().unwrap();
    assert!((0.85 * exact..=1.03 * exact).contains(&answer), "{answer} of {exact}");
    assert!(sizing["answer_in_words"].as_str().unwrap().contains("is the largest found"), "{sizing:#}");
    for point in sizing["points"].as_array().unwrap() {
        let exact = 1.0 - erlang_b(9, point["value"].as_f64().unwrap());
        let interval = point["interval"].as_array().unwrap();
        let (low, high) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
        assert!(low - 0.002 <= exact && exact <= high + 0.002, "{exact} at {point:#}");
    }
}

#[test]
fn several_settings_have_one_value_or_keep_their_proportions() {
    let place = replay("[[zones]]\nname = 'b'\n[[zones.hosts]]\ncount = 20\nvcpu = 4\nmemory_gib = 8");
    let every = ["--vary", "zones.*.hosts.0.count", "--until", "launch.success_ratio >= 1"];
    let (sizing, code) = sized(place.path(), &every);
    // Of three instances of two vCPU two fit a host, and the row names no zone: a host in each zone takes them.
    assert_eq!((&sizing["answer"], code), (&1.into(), 0), "{sizing:#}");
    let counts = |sizing: &Value| -> Vec<(String, u64)> {
        let settings = sizing["settings"].as_array().unwrap().iter();
        settings
            .map(|one| (one["path"].as_str().unwrap().to_string(), one["value"].as_u64().unwrap()))
            .collect()
    };
    let named = |counts: [u64; 2]| {
        ["zones.0.hosts.0.count", "zones.1.hosts.0.count"].map(String::from).into_iter().zip(counts).collect()
    };
    let expected: Vec<(String, u64)> = named([1, 1]);
    assert_eq!(counts(&sizing), expected);
    // In proportion 40 to 20: one host here and, rounded up, one there; two by name are the same pattern.
    let both = ["--vary", COUNT, "--vary", "zones.1.hosts.0.count", "--until", "launch.success_ratio >= 1"];
    let (sizing, _) = sized(place.path(), &[&both[..], &["--keep-proportions", "--from", "5"]].concat());
    let expected: Vec<(String, u64)> = named([5, 3]);
    assert_eq!((counts(&sizing), &sizing["ending"]), (expected, &"holds-at-least".into()));
    assert_eq!(sizing["setting"], "zones.0.hosts.0.count, zones.1.hosts.0.count");
}

#[test]
fn a_scale_that_is_not_in_the_scenario_is_searched_from_one() {
    // At the least scale no row of the trace is left, which is no mistake in it.
    let place = replay("");
    let words = ["--vary", "workload.scale", "--until", "launch.failed <= 0", "--largest", "--to", "4"];
    let (sizing, code) = sized(place.path(), &[&words[..], &["--set", "zones.0.hosts.0.count=400"]].concat());
    assert_eq!(
        (&sizing["answer"], &sizing["ending"], code),
        (&4.into(), &"holds-at-most".into(), 0),
        "{sizing:#}"
    );
    assert!(sizing["answer_in_words"].as_str().unwrap().contains("already, the most that was tried"));
}

#[test]
fn a_person_reads_the_answer_and_the_curve() {
    let place = loss_system(4);
    let words = ["size", "scenario.toml", "--vary", COUNT, "--until", "launch.success_ratio >= 0.98"];
    let output = plimsoll(place.path(), &words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "loss: How small may zones.0.hosts.0.count be, so that launch.success_ratio >= 0.98?",
        "zones.0.hosts.0.count = 9 is the smallest found with which launch.success_ratio >= 0.98, in each of 10 runs;",
        "← the answer",
        "lower bound",
        "The response was monotone",
        "common random numbers",
        "results in results/runs/loss-sizing",
    ] {
        assert!(text.replace('\n', " ").contains(part), "no {part:?} in:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let folder = place.path().join("results/runs/loss-sizing");
    let csv = fs::read_to_string(folder.join("sizing.csv")).unwrap();
    assert!(csv.starts_with(
        "setting,value,metric,unit,runs,exact,mean,low,high,target,hosts,hosts_lower_bound,runs_met\n"
    ));
    assert!(csv.contains("\nzones.0.hosts.0.count,9,launch.success_ratio,0 to 1,"), "{csv}");
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("= 9 is the smallest found") && page.contains("data-chart=\"sizing\""));
    assert!(folder.join("charts/sizing.svg").exists());
    // It can be drawn again, and be replaced.
    plimsoll(place.path(), &["report", "results/runs/loss-sizing", "--quiet"]).assert().success();
    assert_eq!(fs::read_to_string(folder.join("report.html")).unwrap(), page);
    plimsoll(place.path(), &words).assert().success();
}

#[test]
fn wrong_questions_are_refused_with_the_way_out() {
    let place = workplace();
    let told = |vary: &str, until: &str, more: &[&str]| {
        refusal(place.path(), &[&["--vary", vary, "--until", until][..], more].concat())
    };
    let ok = "launch.success_ratio >= 0.9";
    for (text, parts) in [
        (
            told(COUNT, "launch.sucess_ratio >= 0.9", &[]),
            ["no metric is called", "did you mean `launch.success_ratio`"],
        ),
        (told(COUNT, "launch.success_ratio >= 99", &[]), ["`--until`: no run can have", "it is a share"]),
        (told(COUNT, "launch.success_ratio >= 1", &[]), ["no number of random runs shows", "such as 0.9999"]),
        (told(COUNT, "latency_s.launch <= 1", &[]), ["is a table, not a metric", "latency_s.launch.count"]),
        (told(COUNT, "launch.success_ratio = 1", &[]), ["expected METRIC >= NUMBER", "--until"]),
        (told("zones.0.hosts.0.cuont", ok, &[]), ["unknown key `cuont`", "did you mean `count`?"]),
        (told("zones.7.hosts.0.count", ok, &[]), ["zones", "7"]),
        (
            told("placement.strategy", ok, &[]),
            ["`placement.strategy` is \"best-fit\", expected a number", "sweep"],
        ),
        (told("duration", ok, &[]), ["`duration` is \"2d\"", "expected a number"]),
        (told("zones.*.hosts.0.cuont", ok, &[]), ["`zones.*.hosts.0.cuont` matches nothing", "--dry-run"]),
        (told(COUNT, ok, &["--step", "0.5"]), ["`--step`: found 0.5", "takes whole numbers"]),
        (told(COUNT, ok, &["--step", "0"]), ["`--step`: found 0", "expected more"]),
        (told(COUNT, ok, &["--vary", COUNT]), ["is named twice", "once"]),
        (
            told("workload.scale", ok, &["--keep-proportions"]),
            ["`workload.scale` is 0 or not there", "give it a value"],
        ),
        (told("seed", ok, &[]), ["a seed is nothing to size", "zones.0.hosts.0.count"]),
        (told(COUNT, ok, &["--from", "9", "--to", "3"]), ["`--to`: found 3", "below the 9 of --from"]),
        (
            told(COUNT, ok, &["--max-replications", "3"]),
            ["`--max-replications`: found 3", "fewer than the 10"],
        ),
        (told(COUNT, ok, &["--confidence", "1"]), ["--confidence", "expected a share from 50%"]),
    ] {
        for part in parts {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
    }
}
