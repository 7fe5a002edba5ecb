//! Command line as a person or a script meets it when all is well.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A scenario in which addresses run out.
pub const SCENARIO: &str = r#"name = "small"
duration = "2d"
warmup = "6h"

[[zones]]
name = "use1-az1"
[[zones.hosts]]
count = 20
vcpu = 64
memory_gib = 256

[placement]
strategy = "best-fit"

[[network.subnets]]
name = "web"
zone = "use1-az1"
cidr = "10.0.0.0/24"

[lifecycle]
boot = "5s"

[[workload.arrivals]]
process = { kind = "poisson", per_hour = 120.0 }
lifetime = { kind = "exponential", mean = "3h" }
types = { "m5.large" = 3, "m5.2xlarge" = 1 }
accounts = 6
"#;

/// A folder of its own with `scenario.toml` in it.
pub fn workplace() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("scenario.toml"), SCENARIO).unwrap();
    place
}

/// The program, in a folder.
pub fn plimsoll(place: &Path, words: &[&str]) -> Command {
    let mut command = Command::cargo_bin("plimsoll").unwrap();
    command.current_dir(place).env_remove("COLUMNS").args(words);
    command
}

/// Returns what the program prints when it succeeds.
pub fn printed(place: &Path, words: &[&str]) -> String {
    let output = plimsoll(place, words).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn summary(place: &Path, words: &[&str]) -> Value {
    let all: Vec<&str> = ["run", "scenario.toml", "--json"].iter().chain(words).copied().collect();
    serde_json::from_str(&printed(place, &all)).expect("--json prints the summary and nothing else")
}

#[test]
fn a_run_tells_a_person_what_ran_out_first() {
    let place = workplace();
    let text = printed(place.path(), &["run", "scenario.toml"]);
    for part in [
        "small: best-fit on 20 hosts, 2 d simulated (the first 6 h not counted), seed 42",
        "Ran out first: private addresses in use1-az1, after ",
        "InsufficientFreeAddressesInSubnet",
        "addresses of subnet web",
        "1,280 vCPU",
        "2 other accounts",
        "results in results/runs/small",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour where there is no terminal");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn the_same_run_has_the_same_digest() {
    let place = workplace();
    let first = summary(place.path(), &["--threads", "1"]);
    let second = summary(place.path(), &["--threads", "2"]);
    assert_eq!(first["digest"], second["digest"]);
    let mut same = [first.clone(), second];
    same.iter_mut().for_each(|summary| summary["engine"] = Value::Null);
    assert_eq!(same[0], same[1], "only `engine` differs");
    assert_ne!(first["digest"], summary(place.path(), &["--seed", "7"])["digest"]);
}

#[test]
fn settings_on_the_command_line_win() {
    let place = workplace();
    let words = ["--seed", "7", "--set", "zones.0.hosts.0.count=30", "--set", "placement.strategy=first-fit"];
    let summary = summary(place.path(), &words);
    assert_eq!((&summary["seed"], &summary["strategy"]), (&Value::from(7), &Value::from("first-fit")));
    assert_eq!(summary["fleet"]["hosts"], 30);
    let manifest = fs::read_to_string(place.path().join("results/runs/small/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["scenario"]["seed"], 7);
    assert_eq!(manifest["scenario"]["zones"][0]["hosts"][0]["count"], 30);
}

#[test]
fn quiet_says_nothing() {
    let place = workplace();
    assert_eq!(printed(place.path(), &["run", "scenario.toml", "--quiet"]), "");
    assert!(place.path().join("results/runs/small/summary.json").exists());
}

#[test]
fn every_register_can_be_listed() {
    let place = workplace();
    for (what, parts) in [
        ("strategies", ["first-fit", "partition"]),
        ("types", ["t3.micro", "0.0104"]),
        ("metrics", ["launch.success_ratio", "engine.events_per_s"]),
        ("errors", ["InsufficientInstanceCapacity", "InvalidInstanceID.NotFound"]),
    ] {
        let text = printed(place.path(), &["list", what]);
        for part in parts {
            assert!(text.contains(part), "no {part} in list {what}:\n{text}");
        }
    }
    let text = printed(place.path(), &["list", "types", "m5.*", "--min-vcpu", "96"]);
    assert!(text.contains("m5.24xlarge") && !text.contains("m5.large"), "{text}");
}

#[test]
fn definitions_come_from_the_code() {
    let place = workplace();
    let schema: Value = serde_json::from_str(&printed(place.path(), &["schema"])).unwrap();
    assert_eq!(schema["properties"]["seed"]["type"], "integer");
    assert!(schema["required"].as_array().unwrap().contains(&Value::from("zones")));
    assert!(printed(place.path(), &["completions", "bash"]).contains("--verify-placement"));
    assert!(printed(place.path(), &["man"]).contains("plimsoll\\-run"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = workplace();
    let program = assert_cmd::cargo::cargo_bin("plimsoll");
    let line = format!("set -o pipefail; '{}' list types | head -n 1", program.display());
    let output = Command::new("bash").args(["-c", &line]).current_dir(&place).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
