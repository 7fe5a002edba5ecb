//! `plimsoll check`: the committed baselines hold, and a worse result is told.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command_line::{plimsoll, workplace};

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a scenario of the project into `out` and holds it to its baseline: exit code, standard output.
fn checked(name: &str, set: &[&str], out: &Path) -> (Option<i32>, String) {
    let scenario = format!("workloads/scenarios/{name}.toml");
    let folder = out.to_str().expect("a plain path");
    let mut words = vec!["run", scenario.as_str(), "--quiet", "-o", folder];
    set.iter().for_each(|set| words.extend(["--set", set]));
    plimsoll(Path::new(TOP), &words).assert().success();
    let baseline = format!("results/baselines/{name}.toml");
    let output = plimsoll(Path::new(TOP), &["check", folder, "--baseline", &baseline]).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn baselines() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(TOP).join("results/baselines")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn every_scenario_with_a_baseline_is_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    assert!(baselines().len() >= 5);
    for path in baselines() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (code, text) = checked(name, &[], &place.path().join(name));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("figures are those of the baseline"), "{text}");
    }
}

#[test]
fn a_worse_strategy_fails_and_is_told_by_how_much() {
    let place = tempfile::tempdir().unwrap();
    let (code, text) = checked("quickstart", &["placement.strategy=cluster"], &place.path().join("out"));
    assert_eq!(code, Some(1));
    for part in [
        "launch.failed ",
        "3,590",
        "3,675",
        "+85",
        "+2.37 %",
        "worse",
        "The scenario is not as it was",
        "--update",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

/// A workplace with the result of a run in `out` and a baseline of it in `base.toml`.
fn with_baseline() -> tempfile::TempDir {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-q", "-o", "out"]).assert().success();
    let update = ["check", "out", "--baseline", "base.toml", "--update"];
    plimsoll(place.path(), &update).assert().success();
    place
}

#[test]
fn what_is_better_passes_and_tolerances_are_kept() {
    let place = with_baseline();
    let check = ["check", "out", "--baseline", "base.toml", "--json"];
    let more = ["run", "scenario.toml", "-q", "-o", "out", "--set", "network.subnets.0.cidr=10.0.0.0/23"];
    plimsoll(place.path(), &more).assert().success();
    let text = fs::read_to_string(place.path().join("base.toml")).unwrap();
    let only_failed: String = text
        .lines()
        .filter(|line| !line.starts_with('"') || line.starts_with("\"launch.failed\""))
        .map(|line| line.replace("better = \"lower\"", "better = \"lower\", tolerance = \"1%\"") + "\n")
        .collect();
    fs::write(place.path().join("base.toml"), only_failed).unwrap();
    let output = plimsoll(place.path(), &check).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &told["figures"][0]["standing"]),
        (Some(0), &"better".into()),
        "{told:#}"
    );

    plimsoll(place.path(), &["check", "out", "--baseline", "base.toml", "--update"]).assert().success();
    let text = fs::read_to_string(place.path().join("base.toml")).unwrap();
    assert!(
        text.lines().filter(|line| line.starts_with('"')).count() == 1 && text.contains("tolerance = \"1%\""),
        "{text}"
    );
    let output = plimsoll(place.path(), &check).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["figures"][0]["standing"], "same");
}

#[test]
fn what_cannot_be_checked_is_told_with_the_way_out() {
    let place = with_baseline();
    let other = ["run", "scenario.toml", "-q", "-o", "other", "--set", "name=other", "--seed", "7"];
    plimsoll(place.path(), &other).assert().success();
    fs::create_dir(place.path().join("empty")).unwrap();
    let text = fs::read_to_string(place.path().join("base.toml")).unwrap();
    fs::write(place.path().join("old.toml"), text.replace("\nversion = \"", "\nversion = \"0.0.")).unwrap();
    fs::write(place.path().join("name.toml"), text.replace("launch.failed\"", "launch.faild\"")).unwrap();
    for (words, part) in [
        (&["check", "nowhere", "--baseline", "base.toml"][..], "found no such folder"),
        (&["check", "empty", "--baseline", "base.toml"], "found no summary.json"),
        (&["check", "out", "--baseline", "none.toml"], "--update makes one of the result"),
        (&["check", "out", "--baseline", "scenario.toml"], "found a scenario, expected a baseline"),
        (&["check", "out", "--baseline", "old.toml"], "rewrite the baseline with --update"),
        (&["check", "out", "--baseline", "name.toml"], "did you mean `launch.failed`"),
        (&["check", "other", "--baseline", "base.toml"], "name the baseline of this scenario"),
        (&["check", "other", "--baseline", "base.toml"], "run the scenario with the seed"),
        (&["check", "other", "--baseline", "base.toml", "--update"], "the baseline is of scenario `small`"),
        (&["check", "out", "--baseline", "nowhere/base.toml", "--update"], "cannot be written"),
    ] {
        let output = plimsoll(place.path(), words).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(part), "no {part:?} for {words:?} in:\n{message}");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    let untouched = fs::read_to_string(place.path().join("base.toml")).unwrap();
    assert_eq!(untouched, text);
}
