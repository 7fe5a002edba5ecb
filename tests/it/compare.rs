//! `plimsoll compare`: what it tells, the folder it leaves, and that threads change nothing.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command_line::{plimsoll, workplace};

/// A trace for one host: four small instances and a large one.
const TRACE: &str =
    "start_s,end_s,vcpu,memory_gib\n0,100,2,4\n10,100,2,4\n20,400,2,4\n30,400,2,4\n200,300,4,8\n";

/// A scenario that replays it.
const OF_TRACE: &str = "name = 'replay'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 2\nvcpu = 4\nmemory_gib = 8\n\
    [workload]\ntrace = 'trace.csv'\n";

fn json(place: &Path, words: &[&str]) -> Value {
    let all: Vec<&str> = ["compare", "scenario.toml", "--json"].iter().chain(words).copied().collect();
    let output = plimsoll(place, &all).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("--json prints the comparison and nothing else")
}

/// Returns what a metric says of a variant.
fn entry<'a>(comparison: &'a Value, metric: &str, variant: usize) -> &'a Value {
    let metrics = comparison["metrics"].as_array().unwrap();
    let metric = metrics.iter().find(|entry| entry["metric"] == metric).unwrap();
    &metric["variants"][variant]
}

#[test]
fn variants_meet_the_same_demand_and_get_a_verdict() {
    let place = workplace();
    let variant = "larger:network.subnets.0.cidr=10.0.0.0/22";
    let comparison = json(place.path(), &["--variant", variant, "-R", "4"]);
    assert_eq!(comparison["baseline"], "as it is");
    assert_eq!(comparison["variants"][1]["seeds"], serde_json::json!([42, 43, 44, 45]));
    let larger = entry(&comparison, "launch.success_ratio", 1);
    assert_eq!(larger["verdict"], "better", "{larger:#}");
    assert_eq!(larger["pairs"], 4);
    let interval = larger["interval"].as_array().unwrap();
    assert!(interval[0].as_f64().unwrap() > 0.0, "{larger:#}");
    let bill = entry(&comparison, "billing.total", 1);
    assert_eq!(
        (&bill["verdict"], &bill["reason"]),
        (&"not-comparable".into(), &"neither way is better by itself".into())
    );
    // Each replication is a single run.
    let words =
        ["run", "scenario.toml", "--json", "--seed", "44", "--set", "network.subnets.0.cidr=10.0.0.0/22"];
    let run = plimsoll(place.path(), &words).output().unwrap();
    let run: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(run["digest"], comparison["variants"][1]["digests"][2]);
    assert_eq!(run["launch"]["success_ratio"], larger["values"][2]);
}

#[test]
fn a_person_reads_tables_and_what_they_mean() {
    let place = workplace();
    let words = ["compare", "scenario.toml", "--strategies", "first-fit,spread", "-R", "3"];
    let output = plimsoll(place.path(), &words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "small: 2 variants, 3 replications, seeds 42 to 44",
        "fleet.hosts_used_mean [hosts], lower is better",
        "first-fit (baseline)",
        "worse",
        "95 % interval",
        "common random numbers",
        "hold together with 95 % confidence (Bonferroni",
        "results in results/runs/small-comparison",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let folder = place.path().join("results/runs/small-comparison");
    let csv = fs::read_to_string(folder.join("comparison.csv")).unwrap();
    assert!(csv.starts_with("metric,unit,better,variant,replications,exact,mean,"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 2 * 9);
    let page = fs::read_to_string(folder.join("comparison.md")).unwrap();
    assert!(page.contains("| first-fit (baseline) |") && page.contains("<details>"), "{page}");
}

#[test]
fn threads_change_nothing() {
    let place = workplace();
    let files = |threads: &str| {
        let words =
            ["--strategies", "random,best-fit,power-of-two", "-R", "5", "--threads", threads, "-o", threads];
        json(place.path(), &words);
        ["comparison.json", "comparison.csv"]
            .map(|file| fs::read(place.path().join(threads).join(file)).unwrap())
    };
    assert_eq!(files("1"), files("4"));
}

/// Blocks of a trace are advised where the trace has some: days, else accounts, and none where instances are on hosts.
#[test]
fn another_demand_is_advised_where_the_trace_has_blocks_to_draw() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("scenario.toml"), OF_TRACE).unwrap();
    let days: String =
        (0..4).map(|day| format!("{},{},1,1\n", day * 86_400, day * 86_400 + 86_000)).collect();
    let accounts: String = (0..40).map(|row| format!("{row},{},1,1,a{}\n", row + 5, row % 8)).collect();
    for (trace, advised) in [
        (format!("start_s,end_s,vcpu,memory_gib\n{days}"), Some("workload.replicate=days")),
        (format!("start_s,end_s,vcpu,memory_gib,account\n{accounts}"), Some("workload.replicate=accounts")),
        (format!("start_s,end_s,vcpu,memory_gib\n{}", &days[..days.find('\n').unwrap() + 1]), None),
        ("time_s,op,instance,vcpu,memory_gib\n0,launch,a,1,1\n".to_string(), None),
    ] {
        fs::write(place.path().join("trace.csv"), &trace).unwrap();
        let words = ["compare", "scenario.toml", "--strategies", "first-fit,best-fit", "--json"];
        let output = plimsoll(place.path(), &words).output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let notes = told["notes"].to_string();
        match advised {
            Some(advised) => assert!(notes.contains(advised), "{trace}: {notes}"),
            None => assert!(!notes.contains("replicate"), "{trace}: {notes}"),
        }
    }
}

#[test]
fn a_trace_needs_one_run_where_nothing_is_random() {
    let place = workplace();
    fs::write(place.path().join("trace.csv"), TRACE).unwrap();
    fs::write(place.path().join("scenario.toml"), OF_TRACE).unwrap();
    let exact = json(place.path(), &["--strategies", "best-fit,spread"]);
    assert_eq!((&exact["replications"], &exact["intervals"]), (&1.into(), &0.into()));
    let spread = entry(&exact, "launch.failed", 1);
    // Spread leaves two vCPU free on each host, best-fit four on one.
    assert_eq!(
        (&spread["difference"], &spread["exact"], &spread["verdict"]),
        (&1.0.into(), &true.into(), &"worse".into())
    );
    assert!(exact["notes"][0].as_str().unwrap().contains("exact for this demand"), "{exact:#}");
    // The trace is shorter than two days and has one account: there are no blocks of it to draw.
    assert!(!exact["notes"].to_string().contains("replicate"), "{exact:#}");

    let mixed = json(place.path(), &["--strategies", "best-fit,random", "-R", "6"]);
    assert_eq!(
        (&mixed["variants"][0]["exact"], &mixed["variants"][1]["exact"]),
        (&true.into(), &false.into())
    );
    assert_eq!(entry(&mixed, "launch.failed", 1)["pairs"], 6);
    assert!(mixed["notes"][0].as_str().unwrap().contains("`best-fit`: one is exact"), "{mixed:#}");
}

#[test]
fn a_comparison_replaces_only_results_of_ours() {
    let place = workplace();
    let words =
        ["compare", "scenario.toml", "--strategies", "first-fit,spread", "-R", "1", "--quiet", "-o", "out"];
    plimsoll(place.path(), &words).assert().success().stdout("").stderr("");
    plimsoll(place.path(), &words).assert().success();
    fs::write(place.path().join("out/notes.txt"), "mine").unwrap();
    let message = String::from_utf8(plimsoll(place.path(), &words).output().unwrap().stderr).unwrap();
    assert!(message.contains("found `notes.txt` in it, which plimsoll did not write"), "{message}");
    assert_eq!(fs::read_to_string(place.path().join("out/notes.txt")).unwrap(), "mine");
}

#[test]
fn what_was_not_reached_is_told_by_the_exit_code() {
    let place = workplace();
    let code = |width: &str| {
        let words = [
            "compare",
            "scenario.toml",
            "--strategies",
            "best-fit,spread",
            "-R",
            "2",
            "--until-half-width",
            width,
        ];
        let more = ["--max-replications", "4", "--metrics", "fleet.hosts_used_mean", "-q"];
        plimsoll(place.path(), &[&words[..], &more].concat()).output().unwrap().status.code()
    };
    assert_eq!((code("1000%"), code("0.0000001%")), (Some(0), Some(1)));
}

#[test]
fn wrong_words_are_told_with_the_way_out() {
    let place = workplace();
    for (words, part) in [
        (&["--strategies", "first-fit"][..], "as it is"),
        (&[], "found nothing to compare"),
        (&["--strategies", "first-fit,sprad"], "did you mean `spread`"),
        (&["--variant", "x"], "expected LABEL:PATH=VALUE"),
        (&["--variant", "x:nonsense=1"], "unknown key `nonsense`"),
        (&["--strategies", "spread,cluster", "--metrics", "launch.faild"], "did you mean `launch.failed`"),
        (&["--strategies", "spread,spread"], "two variants are called `spread`"),
        (&["--strategies", "spread,cluster", "--confidence", "2"], "expected a share from 50%"),
    ] {
        let all: Vec<&str> = ["compare", "scenario.toml", "-R", "1"].iter().chain(words).copied().collect();
        let output = plimsoll(place.path(), &all).output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(both).unwrap();
        assert!(text.contains(part), "no {part:?} for {words:?} in:\n{text}");
        assert_eq!(output.status.code(), Some(if part == "as it is" { 0 } else { 2 }), "{words:?}");
    }
}
