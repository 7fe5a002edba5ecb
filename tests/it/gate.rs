//! The composite action for GitHub (`action.yml`): its steps do what they are for, in the order they stand there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

use crate::command_line::workplace;
use crate::markdown::{TOP, text};

/// Step of the action that runs a script: its name, variables and lines.
#[derive(Default)]
struct Step {
    name: String,
    env: BTreeMap<String, String>,
    script: String,
}

/// Returns the steps that run a script. Reads the little of YAML that the action is written in.
fn steps(action: &str) -> Vec<Step> {
    let (_, steps) = action.split_once("\n  steps:\n").expect("the action has steps");
    let read = |step: &str| {
        let (head, script) = step.split_once("      run: |\n")?;
        let mut read = Step { script: script.replace("\n        ", "\n"), ..Step::default() };
        for line in head.lines() {
            match line.trim().split_once(": ") {
                Some(("name", name)) => read.name = name.to_string(),
                Some((key, value)) if line.starts_with("        ") => {
                    read.env.insert(key.to_string(), value.to_string());
                }
                _ => {}
            }
        }
        Some(read)
    };
    steps.split("\n    - ").filter_map(read).collect()
}

/// Runs a step in a folder, with the inputs of the action.
fn run(step: &Step, place: &Path, inputs: &[(&str, &str)]) -> Output {
    let program = cargo_bin("plimsoll");
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    // As GitHub runs `shell: bash` (docs.github.com, workflow syntax, November 2026).
    bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &step.script]).current_dir(place);
    bash.env("PATH", path)
        .env("GITHUB_STEP_SUMMARY", place.join("summary.md"))
        .env("GITHUB_ACTION_PATH", TOP);
    for (key, value) in &step.env {
        let name = value.trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        let given = inputs.iter().find(|(input, _)| *input == name);
        bash.env(key, given.unwrap_or_else(|| panic!("{value} is no input")).1);
    }
    bash.output().expect("bash is there")
}

#[test]
fn the_action_passes_what_is_as_it_was_and_fails_what_is_worse() {
    let steps = steps(&text("action.yml"));
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        ["Build plimsoll, unless it is there", "Run the scenario", "Check it against the baseline"]
    );
    let place = workplace();
    let inputs = [
        ("scenario", "scenario.toml"),
        ("baseline", "base.toml"),
        ("result", "gate"),
        ("options", "--metrics launch,fleet --tolerance 0.1%"),
    ];
    let told = |output: &Output| {
        String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
    };
    let follow = |scenario: &str| -> (i32, String) {
        fs::write(place.path().join("scenario.toml"), scenario).unwrap();
        let mut all = String::new();
        for step in &steps {
            let output = run(step, place.path(), &inputs);
            all += &told(&output);
            if !output.status.success() {
                return (output.status.code().unwrap(), all);
            }
        }
        (0, all)
    };
    let scenario = fs::read_to_string(place.path().join("scenario.toml")).unwrap();
    // No baseline: the check says so, and the job fails.
    let (code, all) = follow(&scenario);
    assert_eq!(code, 2, "{all}");
    assert!(all.contains("expected a baseline"), "{all}");
    let update = Command::new(cargo_bin("plimsoll"))
        .args(["check", "gate", "--baseline", "base.toml", "--update"])
        .current_dir(place.path())
        .output();
    assert!(update.unwrap().status.success());
    let (code, all) = follow(&scenario);
    assert_eq!(code, 0, "{all}");
    let summary = || fs::read_to_string(place.path().join("summary.md")).unwrap();
    assert!(summary().contains("### ✅ small: all "), "{}", summary());
    let (code, all) = follow(&scenario.replace("best-fit", "spread").replace("count = 20", "count = 9"));
    assert_eq!(code, 1, "{all}");
    assert!(all.contains("::error title=small%3A "), "{all}");
    assert!(summary().contains("### ❌ small: ") && summary().contains("**worse**"), "{}", summary());
    for file in ["report.html", "check.json", "charts/check.svg"] {
        assert!(place.path().join("gate-check").join(file).exists(), "{file}");
    }
}
