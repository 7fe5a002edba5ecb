//! Bad input: one clear message with place, expectation and way out, exit code 2, nothing written.
//!
//! What a scenario file alone can have wrong is tested beside its reader; here stands what needs the program.

use std::fs;
use std::path::Path;

use crate::command_line::{plimsoll, workplace};

/// The message of a run that must fail with exit code 2 and leave no result.
fn message(place: &Path, words: &[&str]) -> String {
    let output = plimsoll(place, words).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
    assert!(output.stdout.is_empty(), "errors go to standard error");
    assert!(
        !place.join("results/runs").exists()
            || fs::read_dir(place.join("results/runs")).unwrap().next().is_none()
    );
    text
}

#[test]
fn wrong_words_on_the_command_line() {
    let place = workplace();
    for (words, parts) in [
        (vec!["runn", "scenario.toml"], vec!["runn", "'run'"]),
        (vec!["run"], vec!["SCENARIO"]),
        (vec!["run", "scenario.toml", "--sead", "1"], vec!["--sead", "--seed"]),
        (vec!["run", "scenario.toml", "--seed", "-1"], vec!["-1"]),
        (vec!["run", "scenario.toml", "--seed", "x"], vec!["'x'", "--seed"]),
        (vec!["run", "scenario.toml", "--threads", "0"], vec!["'0'", "--threads"]),
        (
            vec!["run", "missing.toml"],
            vec!["error: missing.toml: cannot be read: No such file", "help: name a scenario"],
        ),
        (vec!["run", "."], vec!["error: .: cannot be read: Is a directory"]),
        (
            vec!["list", "types", "m5.lrge"],
            vec!["no instance type meets every condition", "did you mean `m5.large`"],
        ),
    ] {
        let text = message(place.path(), &words);
        for part in parts {
            assert!(text.contains(part), "{words:?} gave: {text}");
        }
    }
}

#[test]
fn several_problems_are_all_told_and_counted() {
    let place = workplace();
    let words =
        ["run", "scenario.toml", "--set", "zones.0.hosts.0.vcpu=nan", "--set", "placement.strategy=bestfit"];
    let text = message(place.path(), &words);
    assert!(text.contains("error: `--set zones.0.hosts.0.vcpu=nan`: NaN is not finite"), "{text}");
    assert!(text.contains("error: `--set placement.strategy=bestfit`: unknown strategy `bestfit`"), "{text}");
    assert!(text.contains("did you mean `best-fit`"), "{text}");
    assert!(text.ends_with("2 problems\n"), "{text}");
}

#[test]
fn every_wrong_type_of_the_headroom_is_told() {
    let place = workplace();
    let set = r#"headroom={ every = "1h", types = ["m5.lrge", "m5.large", "c5.huge"] }"#;
    let text = message(place.path(), &["run", "scenario.toml", "--set", set]);
    for part in ["found `m5.lrge`", "did you mean `m5.large`", "found `c5.huge`"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.ends_with("2 problems\n"), "{text}");
}

#[test]
fn files_that_are_no_scenario() {
    let place = workplace();
    for (content, expected) in [
        (&b""[..], "error: bad.toml: `name`: found nothing, expected the scenario's name"),
        (b"name = \"x", "error: bad.toml:1:"),
        (b"name = \"\xff\"", "error: bad.toml: cannot be read: stream did not contain valid UTF-8"),
        (b"start_s,end_s,type\n0,1,m5.large\n", "error: bad.toml:1:"),
    ] {
        fs::write(place.path().join("bad.toml"), content).unwrap();
        let text = message(place.path(), &["run", "bad.toml"]);
        assert!(text.contains(expected), "{text}");
    }
}

/// Each trace that cannot be, and what the message must say beside the file's name.
#[test]
fn traces_that_cannot_be() {
    const HEADER: &str = "start_s,end_s,type\n";
    let cases = [
        ("", vec!["trace.csv"]),
        ("start_s,end_s,type\n", vec!["found a header and no rows"]),
        ("start_s,type\n0,m5.large\n", vec!["end_s"]),
        ("start_s,end_s,typ\n0,1,m5.large\n", vec!["typ", "`type`"]),
        ("0,1,m5.large\n-", vec![":3", "expected 3"]),
        ("0,1,m5.large\n5,6,m5.large\n4,6,m5.large\n", vec![":4", "`start_s`", "order"]),
        ("zero,1,m5.large\n", vec![":2", "`start_s`", "`zero`"]),
        ("-1,1,m5.large\n", vec![":2", "`start_s`", "`-1`", "negative"]),
        ("nan,1,m5.large\n", vec![":2", "`start_s`", "`nan`", "not finite"]),
        ("0,inf,m5.large\n", vec![":2", "`end_s`", "`inf`", "not finite"]),
        ("1e30,,m5.large\n", vec![":2", "`start_s`", "`1e30`", "too large"]),
        ("5,4,m5.large\n", vec![":2", "`end_s`", "start"]),
        ("0,1,m5.lrge\n", vec![":2", "`type`", "`m5.lrge`", "did you mean `m5.large`"]),
        ("0,1\n", vec![":2"]),
    ];
    for (content, parts) in cases {
        let place = workplace();
        let whole = content.is_empty() || content.starts_with("start_s");
        let text = if whole { content.to_string() } else { format!("{HEADER}{content}") };
        fs::write(place.path().join("trace.csv"), text).unwrap();
        let words = ["run", "scenario.toml", "--set", "workload={trace='trace.csv'}"];
        let text = message(place.path(), &words);
        assert!(text.contains("error: trace.csv"), "{content:?} gave: {text}");
        for part in parts {
            assert!(text.contains(part), "{content:?} gave: {text}\nwithout {part}");
        }
    }
}

#[test]
fn traces_that_cannot_be_read() {
    let place = workplace();
    let run = |file: &str| {
        message(place.path(), &["run", "scenario.toml", "--set", &format!("workload={{trace='{file}'}}")])
    };
    assert!(run("missing.csv").contains("missing.csv"), "{}", run("missing.csv"));
    // The first bytes of a gzip file, then nothing.
    fs::write(place.path().join("cut.csv.gz"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]).unwrap();
    assert!(run("cut.csv.gz").contains("cut.csv.gz"), "{}", run("cut.csv.gz"));
    fs::write(place.path().join("text.parquet"), "start_s").unwrap();
    assert!(run("text.parquet").contains("text.parquet"), "{}", run("text.parquet"));
}
