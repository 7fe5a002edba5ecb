//! `--trace-events`: what a run does, event by event.

use std::fs;

use serde_json::Value;

use crate::command_line::{plimsoll, workplace};

#[test]
fn every_event_is_a_line_in_the_order_of_the_run() {
    let place = workplace();
    let digest_of = |words: &[&str]| {
        let output = plimsoll(place.path(), words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        (summary["digest"].clone(), summary["engine"]["events"].clone())
    };
    let run = ["run", "scenario.toml", "--json", "--no-report", "-o"];
    let silent = digest_of(&[&run[..], &["a"]].concat());
    let traced = digest_of(&[&run[..], &["b", "--trace-events", "events.jsonl"]].concat());
    assert_eq!(silent, traced);
    let text = fs::read_to_string(place.path().join("events.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines.len()), traced.1);
    let times: Vec<f64> = lines.iter().map(|line| line["time_s"].as_f64().unwrap()).collect();
    assert!(times.is_sorted());
    assert!(lines.iter().zip(0_u64..).all(|(line, number)| line["number"] == number));
    let launches = lines.iter().filter(|line| line["call"]["Launch"].is_object()).count();
    let booted = lines.iter().filter(|line| line["event"]["Instance"][0] == "Booted").count();
    assert!(launches > 1000 && booted > 1000 && launches >= booted, "{launches} launches, {booted} booted");
}

#[test]
fn a_trace_that_cannot_be_written_is_told_and_nothing_is_run() {
    let place = workplace();
    let words = ["run", "scenario.toml", "-q", "-o", "a", "--trace-events", "none/events.jsonl"];
    let output = plimsoll(place.path(), &words).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("none/events.jsonl"));
    assert!(!place.path().join("a").exists());
}
