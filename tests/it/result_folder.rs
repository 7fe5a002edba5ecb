//! The result folder: what is in it, and that it appears whole, late and only where it may.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::command_line::{plimsoll, workplace};

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(String::from).collect()
}

#[test]
fn a_result_holds_every_report() {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out", "--quiet"]).assert().success();
    let out = place.path().join("out");
    let files = [
        "billing.csv",
        "charts",
        "failures.csv",
        "host_fill.csv",
        "latency",
        "latency.csv",
        "manifest.json",
        "report.html",
        "subnets.csv",
        "summary.json",
        "timeseries.csv",
    ];
    assert_eq!(entries(&out), files);
    assert_eq!(
        entries(&out.join("latency")),
        ["launch.hgrm", "launch.hlog", "terminate.hgrm", "terminate.hlog"]
    );
    assert_eq!(entries(place.path()), ["out", "scenario.toml"], "nothing is left beside it");

    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    let refused = summary["launch"]["failed"].as_u64().unwrap();
    let failures = lines(&out.join("failures.csv"));
    assert_eq!(
        failures[0],
        "time_s,operation,account,type,zone,error_code,count,limit,asked,left,unit,launch"
    );
    assert_eq!(failures.len() as u64 - 1, refused, "one row per refused request");
    let series = lines(&out.join("timeseries.csv"));
    assert_eq!(series[0].split(',').next(), Some("time_s"));
    // Two days in steps of 10 minutes, both ends included.
    assert_eq!(series.len() - 1, 2 * 24 * 6 + 1);
    let billed: f64 = lines(&out.join("billing.csv"))[1..]
        .iter()
        .map(|row| row.rsplit(',').next().unwrap().parse::<f64>().unwrap())
        .sum();
    let total: f64 = summary["billing"]["total"].as_str().unwrap().parse().unwrap();
    assert!(total > 0.0 && (billed - total).abs() < 1e-6, "{billed} {total}");
}

#[test]
fn an_older_result_is_replaced_only_by_a_run_that_succeeds() {
    let place = workplace();
    let summary = place.path().join("out/summary.json");
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out"]).assert().success();
    let first = fs::read(&summary).unwrap();
    let wrong = ["run", "scenario.toml", "-o", "out", "--set", "zones.0.hosts.0.count=0"];
    plimsoll(place.path(), &wrong).assert().code(2);
    assert_eq!(fs::read(&summary).unwrap(), first);
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out", "--seed", "7"]).assert().success();
    assert_ne!(fs::read(&summary).unwrap(), first);
    assert_eq!(entries(place.path()), ["out", "scenario.toml"]);
}

#[test]
fn a_control_plane_is_told_stage_by_stage() {
    let place = workplace();
    let set = [
        "control_plane.preset=zero",
        "control_plane.workers={ count = 1, service = { kind = 'exponential', mean = '20s' } }",
    ];
    let mut words = vec!["run", "scenario.toml", "-o", "out", "--quiet"];
    set.iter().for_each(|set| words.extend(["--set", set]));
    plimsoll(place.path(), &words).assert().success();
    let out = place.path().join("out");
    let stages = lines(&out.join("control_plane.csv"));
    assert_eq!(
        stages[0],
        "time_s,stage,waiting,in_service,arrivals,completed,refused,timed_out,wait_s_total,held,places"
    );
    let names: Vec<&str> = stages[1..].iter().take(10).map(|row| row.split(',').nth(1).unwrap()).collect();
    let expected = "gateway validation cache primary-pool primary queue workers hypervisor storage images";
    assert_eq!(names.join(" "), expected);
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    let queue = &summary["stages"]["queue"];
    assert!(queue["arrivals"].as_u64().unwrap() > 4000, "{queue}");
    assert!(queue["wait_s_mean"].as_f64().unwrap() > 0.0 && queue["queue_length_peak"].as_u64().unwrap() > 0);
    assert_eq!(summary["availability"]["ratio"], 1.0);
    // The wait of the queue as three reports tell it.
    let told = summary["latency_s"]["stage.queue.wait"]["mean"].as_f64().unwrap();
    let mean = queue["wait_s_mean"].as_f64().unwrap();
    assert!((told / mean - 1.0).abs() < 1e-3, "{told} and {mean}");
    for log in ["api.launch", "launch", "stage.workers.service"] {
        assert!(out.join(format!("latency/{log}.hlog")).exists(), "{log}");
    }
    assert!(
        out.join("charts")
            .read_dir()
            .unwrap()
            .any(|chart| { chart.unwrap().file_name().to_string_lossy().starts_with("stages-waiting") })
    );
}

#[test]
fn the_same_result_gives_the_same_page_and_pictures() {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "run", "-q"]).assert().success();
    let compare =
        ["compare", "scenario.toml", "--strategies", "first-fit,spread", "-R", "2", "-o", "comparison", "-q"];
    plimsoll(place.path(), &compare).assert().success();
    for result in ["run", "comparison"] {
        let folder = place.path().join(result);
        let drawn = || -> Vec<(String, Vec<u8>)> {
            let charts = entries(&folder.join("charts")).into_iter().map(|name| format!("charts/{name}"));
            let files = charts.chain(["report.html".to_string()]);
            files.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
        };
        let first = drawn();
        assert!(first.len() > 1, "{result} has charts");
        for (name, _) in &first {
            fs::remove_file(folder.join(name)).unwrap();
        }
        plimsoll(place.path(), &["report", result, "-q"]).assert().success();
        assert!(drawn() == first, "{result} is drawn otherwise the second time");
    }
}

#[test]
fn a_folder_that_is_not_ours_is_never_replaced() {
    let place = workplace();
    fs::create_dir(place.path().join("thesis")).unwrap();
    fs::write(place.path().join("thesis/chapter.tex"), "years of work").unwrap();
    let message = contains("error: thesis: found a folder that is no result of plimsoll")
        .or(contains("thesis: found a folder that is no result of plimsoll"))
        .and(contains("help: name another folder with `-o`"));
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "thesis"]).assert().code(2).stderr(message);
    let message = contains("scenario.toml: found a file, expected a folder");
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "scenario.toml"]).assert().code(2).stderr(message);
    let message = contains("scenario.toml/out: cannot be written: ").and(contains("-o"));
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "scenario.toml/out"])
        .assert()
        .code(2)
        .stderr(message);
    assert_eq!(entries(&place.path().join("thesis")), ["chapter.tex"]);
}

#[test]
fn what_a_person_put_beside_a_result_is_never_removed() {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out"]).assert().success();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out"]).assert().success();
    fs::write(place.path().join("out/notes.txt"), "what I saw").unwrap();
    let message = contains("out: found `notes.txt` in it, which plimsoll did not write")
        .and(contains("help: name another folder with `-o`, or move this one away"));
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out"]).assert().code(2).stderr(message);
    assert_eq!(fs::read_to_string(place.path().join("out/notes.txt")).unwrap(), "what I saw");
}

/// Ctrl-C in the middle of a long run.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let place = workplace();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("plimsoll"))
        .args([
            "run",
            "scenario.toml",
            "--set",
            "duration=200000d",
            "--set",
            "output.sample_every=365d",
            "-o",
            "out",
        ])
        .current_dir(&place)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while entries(place.path()).len() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be interrupted");
        std::thread::yield_now();
    }
    let process = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: sends a signal to a child that has not been waited for, so its number is its own.
    assert_eq!(unsafe { libc::kill(process, libc::SIGINT) }, 0);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error: interrupted: "));
    assert_eq!(entries(place.path()), ["scenario.toml"]);
}

/// A limit on the size of files ends a write as a full disk does, and needs no disk of its own.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_leaves_the_earlier_result() {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out"]).assert().success();
    let before = fs::read(place.path().join("out/summary.json")).unwrap();
    let program = assert_cmd::cargo::cargo_bin("plimsoll");
    let line = format!("ulimit -f 4; exec '{}' run scenario.toml -o out --seed 9", program.display());
    let message = contains("cannot be written: File too large").and(contains(
        "make room, or name a folder on another disk with `-o`; the earlier result is untouched",
    ));
    let mut command = assert_cmd::Command::new("bash");
    command.args(["-c", &line]).current_dir(&place).assert().code(2).stderr(message);
    assert_eq!(fs::read(place.path().join("out/summary.json")).unwrap(), before);
    assert_eq!(entries(place.path()), ["out", "scenario.toml"]);
}
