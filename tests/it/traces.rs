//! `plimsoll trace`: what is generated can be described and replayed, and gives what the scenario gives.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::command_line::{plimsoll, workplace};

#[test]
fn a_generated_trace_replays_the_same_demand() {
    let place = workplace();
    let generate = ["trace", "generate", "scenario.toml", "-o", "made.csv.gz"];
    plimsoll(place.path(), &generate).assert().success().stdout(contains("instances written"));
    let output = plimsoll(place.path(), &["trace", "describe", "made.csv.gz", "--json"]).output().unwrap();
    let described: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = |words: &[&str]| -> Value {
        let all: Vec<&str> =
            ["run", "scenario.toml", "--json", "--set", "warmup='0s'"].iter().chain(words).copied().collect();
        serde_json::from_slice(&plimsoll(place.path(), &all).output().unwrap().stdout).unwrap()
    };
    let replayed = run(&["--set", "workload={trace='made.csv.gz'}"]);
    assert_eq!(described["instances"], replayed["launch"]["requested"]);
    assert_eq!(run(&[])["launch"]["requested"], replayed["launch"]["requested"]);
}

#[test]
fn published_formats_are_imported_by_name() {
    let place = workplace();
    for format in ["azure-v1", "huawei-lt", "openb"] {
        plimsoll(place.path(), &["list", "traces"]).assert().success().stdout(contains(format));
    }
    fs::write(place.path().join("in.csv"), "a,b\n1,2\n").unwrap();
    let import = |format| ["trace", "import", "--format", format, "in.csv", "-o", "out.csv"];
    let message = contains("error: `--format`: found `azure`").and(contains("did you mean `azure-v1`"));
    plimsoll(place.path(), &import("azure")).assert().code(2).stderr(message);
    plimsoll(place.path(), &import("azure-v1")).assert().code(2).stderr(contains("error: in.csv"));
    assert!(!place.path().join("out.csv").exists());
}
