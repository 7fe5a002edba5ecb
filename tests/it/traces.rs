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

/// Unix times without an origin are a run of decades with nothing in it: the run warns, in the terminal, the summary
/// and the page, and names the way out, with which it is the run of the same trace from zero.
#[test]
fn unix_times_are_warned_of_and_count_from_the_first_row_when_told_to() {
    let scenario = "name = 'epoch'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 1\nvcpu = 2\nmemory_gib = 8\n\
                    [workload]\ntrace = 'unix.csv'\n";
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("s.toml"), scenario).unwrap();
    let rows = |zero: u64| {
        let row = |start: u64, end: u64| format!("{},{},m5.large\n", zero + start, zero + end);
        format!("start_s,end_s,type\n{}{}", row(0, 3600), row(400, 4000))
    };
    fs::write(place.path().join("unix.csv"), rows(1_735_689_600)).unwrap();
    fs::write(place.path().join("zero.csv"), rows(0)).unwrap();
    let warning = "the first row of the trace comes at 1735689600 s";
    plimsoll(place.path(), &["run", "s.toml", "-o", "out"])
        .assert()
        .success()
        .stdout(contains(warning).and(contains("set `workload.trace_origin = \"first\"`")));
    for file in ["summary.json", "report.html"] {
        assert!(fs::read_to_string(place.path().join("out").join(file)).unwrap().contains(warning), "{file}");
    }
    let summary = |setting: &str| -> Value {
        let words = ["run", "s.toml", "--json", "--no-report", "--set", setting];
        serde_json::from_slice(&plimsoll(place.path(), &words).output().unwrap().stdout).unwrap()
    };
    let (told, zero) = (summary("workload.trace_origin='first'"), summary("workload.trace='zero.csv'"));
    assert_eq!(told["digest"], zero["digest"]);
    assert_eq!(told["fleet"], zero["fleet"]);
    assert_eq!(told["warnings"], Value::Null);
    assert!(told["fleet"]["vcpu_used_ratio_mean"].as_f64().unwrap() > 0.8);
}

/// An export with names of its own, dates and semicolons is read as it is, packed and from standard input too.
#[test]
fn an_export_is_read_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let export = "instance_id;Launch Time;ended;flavor;ram\n\
                  i-1;2026-03-01 08:00:00+00:00;2026-03-01T09:30:00Z;2;0.6\n\
                  i-2;2026-03-01T10:15:00+02:00;NULL;0.25;1\n";
    let plain = "start_s,end_s,vcpu,memory_gib\n0,5400,2,0.6005859375\n900,,0.25,1\n";
    fs::write(place.path().join("export.csv"), export).unwrap();
    fs::write(place.path().join("export.csv.zst"), zstd::encode_all(export.as_bytes(), 3).unwrap()).unwrap();
    fs::write(place.path().join("plain.csv"), plain).unwrap();
    fs::write(place.path().join("hosts.csv"), "Name;vCPU;Memory (GiB)\nh1;4;8\n").unwrap();
    let options = [
        "--columns",
        "start=Launch Time,end=ended,vcpu=flavor,memory=ram",
        "--trace-origin",
        "first",
        "--round",
    ];
    let describe = |trace: &str, options: &[&str]| -> Value {
        let words = [&["trace", "describe", trace, "--json"], options].concat();
        let mut described = plimsoll(place.path(), &words);
        let output = described.write_stdin(export).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let plain = describe("plain.csv", &[]);
    for trace in ["export.csv", "export.csv.zst", "-"] {
        let mut found = describe(trace, &options);
        let notes = found.as_object_mut().unwrap().remove("notes").unwrap();
        let expected = [
            "columns that no form has are not read: instance_id",
            "sizes finer than their unit were rounded up in 1 rows",
        ];
        assert_eq!(notes, serde_json::json!(expected));
        found["trace"] = plain["trace"].clone();
        assert_eq!(found, plain, "{trace}");
    }
    let run = |words: &[&str]| {
        let words = [&["run"], words, &["--hosts", "hosts.csv", "--json", "--no-report"]].concat();
        let output = plimsoll(place.path(), &words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (told, plain) = (run(&[&["export.csv"], &options[..]].concat()), run(&["plain.csv"]));
    assert_eq!(told["digest"], plain["digest"]);
    assert_eq!(told["warnings"].as_array().unwrap().len(), 2);
    plimsoll(place.path(), &["run", "-", "--hosts", "hosts.csv"])
        .assert()
        .code(2)
        .stderr(contains("found standard input, expected a file"));
    plimsoll(place.path(), &["run", "s.toml", "--round"])
        .assert()
        .code(2)
        .stderr(contains("workload.trace_round"));
    let twice = plimsoll(place.path(), &["trace", "describe", "-"]).write_stdin("").output().unwrap();
    assert!(String::from_utf8_lossy(&twice.stderr).contains("standard input: found nothing"));
}
