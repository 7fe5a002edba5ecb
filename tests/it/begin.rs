//! The first minutes: scenarios to begin with, files that are checked, and files given for others.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command_line::{SCENARIO, plimsoll, workplace};

/// Exit code, standard output and standard error.
fn said(place: &Path, words: &[&str]) -> (i32, String, String) {
    let output = plimsoll(place, words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_template_is_valid_and_runs_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    for template in ["fleet", "trace", "api"] {
        let file = format!("{template}.toml");
        let (code, _, errors) = said(place.path(), &["new", &file, "--template", template]);
        assert_eq!((code, errors.as_str()), (0, ""));
        let (code, found, _) = said(place.path(), &["validate", &file]);
        assert!(code == 0 && found.starts_with(&format!("ok     {file}: a scenario")), "{found}");
        let (code, sizes, _) = said(place.path(), &["run", &file, "--dry-run"]);
        assert!(
            code == 0 && sizes.contains(" hosts in ") && sizes.ends_with("Nothing was run.\n"),
            "{sizes}"
        );
        assert!(!place.path().join("results").exists());
        let (code, _, errors) = said(place.path(), &["run", &file, "-q", "--no-report", "-o", template]);
        assert_eq!((code, errors.as_str()), (0, ""));
        let summary = fs::read(place.path().join(template).join("summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        assert_eq!(summary["scenario"], template);
        assert!(summary["launch"]["succeeded"].as_u64().unwrap() > 5, "{template}");
    }
}

#[test]
fn files_of_a_person_are_never_written_over() {
    let place = tempfile::tempdir().unwrap();
    for mine in ["scenario.toml", "scenario-trace.csv"] {
        fs::write(place.path().join(mine), "mine").unwrap();
        let (code, _, errors) = said(place.path(), &["new", "--template", "trace"]);
        assert!(code == 2 && errors.contains(mine), "{errors}");
        assert_eq!(fs::read_to_string(place.path().join(mine)).unwrap(), "mine");
        fs::remove_file(place.path().join(mine)).unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_file_of_another_kind_is_told_with_its_command() {
    let place = workplace();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("sweep.toml", "name = 's'\nscenario = 'scenario.toml'\n[[axes]]\npath = 'seed'\nvalues = [1, 2]\n");
    write("trace.csv", "start_s,end_s,type\n0,10,m5.large\n");
    write("hosts.csv", "vcpu,memory_gib\n8,32\n");
    let (code, ..) = said(place.path(), &["run", "scenario.toml", "-q", "--no-report", "-o", "result"]);
    assert_eq!(code, 0);
    let (code, ..) = said(place.path(), &["check", "result", "--baseline", "baseline.toml", "--update"]);
    assert_eq!(code, 0);
    for (words, found, wanted, way) in [
        (vec!["run", "trace.csv"], "a trace", "a scenario", "plimsoll run trace.csv --hosts HOSTS.csv"),
        (vec!["run", "hosts.csv"], "a host file", "a scenario", "[[zones.hosts]]"),
        (vec!["run", "sweep.toml"], "a sweep", "a scenario", "plimsoll sweep sweep.toml"),
        (vec!["compare", "sweep.toml", "--strategies", "spread"], "a sweep", "a scenario", "plimsoll sweep"),
        (
            vec!["size", "trace.csv", "--vary", "seed", "--until", "launch.failed <= 0"],
            "a trace",
            "a scenario",
            "plimsoll run",
        ),
        (vec!["sweep", "scenario.toml"], "a scenario", "a sweep", "plimsoll run scenario.toml"),
        (vec!["run", "baseline.toml"], "a baseline", "a scenario", "--baseline baseline.toml"),
        (vec!["check", "result", "--baseline", "scenario.toml"], "a scenario", "a baseline", "plimsoll run"),
        (vec!["trace", "describe", "scenario.toml"], "a scenario", "a trace", "plimsoll run scenario.toml"),
        (vec!["trace", "generate", "trace.csv", "-o", "o.csv"], "a trace", "a scenario", "plimsoll run"),
        (vec!["run", "hosts.csv", "--hosts", "trace.csv"], "a host file", "a trace", "[[zones.hosts]]"),
        (vec!["run", "trace.csv", "--hosts", "scenario.toml"], "a scenario", "a host file", "plimsoll run"),
    ] {
        let (code, printed, errors) = said(place.path(), &words);
        assert_eq!((code, printed.as_str()), (2, ""), "{words:?}");
        assert!(
            errors.contains(&format!("found {found}, expected {wanted}\n  help: ")),
            "{words:?}: {errors}"
        );
        assert!(errors.contains(way), "{words:?}: {errors}");
    }
}

#[test]
fn a_trace_runs_on_the_hosts_of_a_file() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("my files");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a \"b\".csv"), "start_s,end_s,type\n0,10,m5.large\n0,10,m5.24xlarge\n").unwrap();
    fs::write(folder.join("hosts.csv"), "vcpu,memory_gib\n8,32\n").unwrap();
    let words = ["run", "my files/a \"b\".csv", "--hosts", "my files/hosts.csv", "--json", "-o", "out"];
    let (code, printed, errors) = said(place.path(), &words);
    assert_eq!((code, errors.as_str()), (0, ""));
    let summary: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&summary["launch"]["succeeded"], &summary["launch"]["failed"]), (&1.into(), &1.into()));
}

#[test]
fn everything_wrong_is_told_to_editors_with_line_and_column() {
    let place = workplace();
    let text = SCENARIO.replace("vcpu = 64", "vcpus = 64").replace("count = 20", "count = 'many'");
    fs::write(place.path().join("bad.toml"), text).unwrap();
    fs::write(place.path().join("bad.csv"), "start_s,end_s,type\n0,10,m5.large\n5,1,m5.large\n").unwrap();
    let (code, printed, errors) =
        said(place.path(), &["validate", "--json", "bad.toml", "scenario.toml", "bad.csv", "none.csv"]);
    assert_eq!((code, errors.as_str()), (2, ""));
    let files: Value = serde_json::from_str(&printed).unwrap();
    let files = files["files"].as_array().unwrap();
    let valid: Vec<&Value> = files.iter().map(|file| &file["valid"]).collect();
    assert_eq!(valid, [false, true, false, false]);
    let lines: Vec<(&Value, &Value)> =
        files[0]["problems"].as_array().unwrap().iter().map(|p| (&p["line"], &p["key"])).collect();
    assert!(lines.contains(&(&8.into(), &"zones.0.hosts.0.count".into())), "{lines:?}");
    assert!(lines.contains(&(&9.into(), &"zones.0.hosts.0.vcpus".into())), "{lines:?}");
    assert_eq!(files[2]["problems"][0]["line"], 3);
    assert_eq!((&files[1]["kind"], &files[3]["kind"]), (&"a scenario".into(), &Value::Null));
}

#[test]
fn an_example_runs_from_any_folder_and_leaves_its_files() {
    let place = tempfile::tempdir().unwrap();
    let words = ["run", "--example", "ip-exhaustion", "-q", "--no-report"];
    assert_eq!(said(place.path(), &words).0, 0);
    assert!(place.path().join("results/runs/ip-exhaustion/summary.json").exists());
    assert!(place.path().join("results/examples/scenarios/ip-exhaustion.toml").exists());
    let (code, _, errors) = said(place.path(), &["run", "--example", "ip-exhaust"]);
    assert!(code == 2 && errors.contains("did you mean `ip-exhaustion`?"), "{errors}");
}
