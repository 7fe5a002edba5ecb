//! Every command that writes, killed at each of its operations on files, and with each of them failing as on a full
//! disk: what was to be written is old or new, whole, at its place, and the next command clears what is left.
//!
//! `kill.c` is loaded before the program and counts. It needs a C compiler (`cc`) and Linux.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A run of a moment, in which something is launched and refused.
const SCENARIO: &str = "name = 'brief'
duration = '10m'
output.sample_every = '2m'
[[zones]]
name = 'z'
hosts = [{ count = 1, vcpu = 8, memory_gib = 32 }]
[[workload.arrivals]]
process = { kind = 'poisson', per_hour = 60.0 }
lifetime = { kind = 'exponential', mean = '5m' }
types = { 'm5.xlarge' = 1 }
";

const SWEEP: &str = "name = 'both'\nscenario = 's.toml'\nseeds = 1\n\
    [[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [1, 2]\n";

const TRACE: &str = "start_s,end_s,vcpu,memory_gib\n0,100,2,4\n10,100,2,4\n";

/// Pods and nodes as openb has them.
const PODS: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n\
    a,2000,4096,0,0,,LS,Running,10,110,10\n";
const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\nn0,32000,262144,0,\n";

/// The shim, compiled once; none where there is no C compiler.
fn shim() -> Option<&'static Path> {
    static SHIM: OnceLock<Option<(TempDir, PathBuf)>> = OnceLock::new();
    let made = SHIM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (source, library) = (folder.path().join("kill.c"), folder.path().join("kill.so"));
        fs::write(&source, include_str!("kill.c")).unwrap();
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).status();
        match compiled {
            Ok(status) => {
                assert!(status.success(), "cc does not compile kill.c");
                Some((folder, library))
            }
            Err(error) => {
                eprintln!("SKIPPED: kills at every file operation need a C compiler, and `cc` does not start: {error}");
                None
            }
        }
    });
    made.as_ref().map(|(_, library)| library.as_path())
}

/// Command of a kind, run from its folder.
struct Case {
    /// Commands that make the folder as it was.
    before: &'static [&'static str],
    /// The command that is killed.
    command: &'static str,
    /// Files that it writes, each by itself old or new.
    places: &'static [&'static str],
}

fn program(folder: &Path, command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    program.current_dir(folder).args(command.split_whitespace());
    program
}

fn succeed(folder: &Path, command: &str) -> Output {
    let output = program(folder, command).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Contents of a place, but for what is of the clock: names of files with their content.
type Content = BTreeMap<String, Vec<u8>>;

fn content(folder: &Path, place: &str) -> Content {
    let mut found = content_with_drafts(folder, place);
    found.retain(|name, _| !name.ends_with(".partial"));
    found
}

fn content_with_drafts(folder: &Path, place: &str) -> Content {
    let mut found = Content::new();
    let mut open = vec![place.to_string()];
    while let Some(name) = open.pop() {
        let path = folder.join(&name);
        if path.is_dir() {
            let names = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name());
            open.extend(names.map(|file| format!("{name}/{}", file.to_string_lossy())));
            found.insert(name + "/", Vec::new());
        } else if let Ok(bytes) = fs::read(&path) {
            found.insert(name.clone(), timeless(&name, bytes));
        }
    }
    found
}

/// Returns what stays of a file that tells the time: of a manifest what was run, of a page that it is whole.
fn timeless(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    if name.ends_with("manifest.json") {
        let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        return format!("{} {} {}", manifest["schema"], manifest["seed"], manifest["digest"]).into_bytes();
    }
    if name.ends_with("summary.json") {
        let mut summary: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        summary.as_object_mut().map(|summary| summary.remove("engine"));
        return summary.to_string().into_bytes();
    }
    if name.ends_with("report.html") {
        return if bytes.ends_with(b"</html>\n") || bytes.ends_with(b"</html>") {
            b"whole".to_vec()
        } else {
            bytes
        };
    }
    bytes
}

/// Everything beside the places: nothing may be left there in the end.
fn beside(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).map(drop).unwrap()
        }
    }
}

/// A copy of a folder, under the name that the commands were given.
fn again(of: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(of, folder.path());
    folder
}

fn prepare(case: &Case) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("s.toml", SCENARIO), ("sw.toml", SWEEP), ("t.csv", TRACE), ("pods.csv", PODS), ("nodes.csv", NODES)]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    for command in case.before {
        match command.strip_prefix("old ") {
            // A chart of an earlier version.
            Some(file) => fs::write(folder.path().join(file), "old").unwrap(),
            None => drop(succeed(folder.path(), command)),
        }
    }
    folder
}

/// Kills the command at every operation, in every way.
fn check(case: &Case) {
    let Some(shim) = shim() else { return };
    let prepared = prepare(case);
    let old: Vec<Content> = case.places.iter().map(|place| content(prepared.path(), place)).collect();
    // Unharmed: how many operations, and what is new.
    let whole = again(prepared.path());
    let count = whole.path().join("count");
    let status =
        program(whole.path(), case.command).env("LD_PRELOAD", shim).env("KILL_COUNT", &count).output();
    let status = status.unwrap();
    assert!(status.status.success(), "{}: {}", case.command, String::from_utf8_lossy(&status.stderr));
    let operations: u64 = fs::read_to_string(&count).unwrap().trim().parse().unwrap();
    fs::remove_file(&count).unwrap();
    let new: Vec<Content> = case.places.iter().map(|place| content(whole.path(), place)).collect();
    assert!(operations > 3 && old != new, "{}: {operations} operations, nothing new", case.command);
    let expected = beside(whole.path());
    let (mut stayed, mut came) = (0, 0);
    for at in 1..=operations {
        for deed in ["kill", "after", "full"] {
            let folder = again(prepared.path());
            let mut command = program(folder.path(), case.command);
            command.env("LD_PRELOAD", shim).env("KILL_AT", at.to_string()).env("KILL_DO", deed);
            let output = command.output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            let describe = || format!("{}: {deed} at {at} of {operations}: {errors}", case.command);
            match deed {
                "full" => assert!(matches!(output.status.code(), Some(0 | 2)), "{}", describe()),
                _ => assert_eq!(output.status.signal(), Some(9), "{}", describe()),
            }
            for ((place, old), new) in case.places.iter().zip(&old).zip(&new) {
                let found = content(folder.path(), place);
                let is_new = found == *new;
                assert!(
                    is_new || found == *old,
                    "{place} is neither old nor new: {:?}: {}",
                    found.keys(),
                    describe()
                );
                assert!(is_new || output.status.code() != Some(0), "{place} is old: {}", describe());
                if is_new { came += 1 } else { stayed += 1 }
            }
            if deed == "full" {
                let drafts: Vec<String> =
                    beside(folder.path()).into_iter().filter(|name| name.ends_with(".partial")).collect();
                // What cannot be removed on a disk that fails is left; a failure elsewhere leaves nothing.
                assert!(drafts.len() <= 1, "{drafts:?}: {}", describe());
            }
            succeed(folder.path(), case.command);
            for (place, new) in case.places.iter().zip(&new) {
                assert!(
                    content_with_drafts(folder.path(), place) == *new,
                    "{place}, done again: {}",
                    describe()
                );
            }
            assert_eq!(beside(folder.path()), expected, "{}", describe());
        }
    }
    assert!(stayed > 0 && came > 0, "{}: {stayed} old, {came} new", case.command);
    eprintln!("{}: {operations} operations, {stayed} times old, {came} times new", case.command);
}

const RUN: &str = "run s.toml -q --no-report -o out --seed 1";

#[test]
fn a_run_is_old_or_new() {
    check(&Case { before: &[RUN], command: "run s.toml -q -o out --seed 2", places: &["out"] });
}

#[test]
fn a_first_run_is_there_or_not() {
    check(&Case { before: &[], command: "run s.toml -q --no-report --tables -o out", places: &["out"] });
}

#[test]
fn checkpoints_are_old_or_new() {
    let before = &["run s.toml -q --no-report -o out --seed 1 --checkpoint-at 5m --checkpoint-dir cp"];
    let command = "run s.toml -q --no-report -o out --seed 2 --checkpoint-at 5m --checkpoint-dir cp";
    check(&Case { before, command, places: &["cp", "out"] });
}

#[test]
fn charts_drawn_again_are_old_or_new() {
    let before = &["run s.toml -q -o out", "old out/charts/old.svg", "old out/report.html"];
    check(&Case { before, command: "report out -q", places: &["out"] });
}

#[test]
fn histograms_added_up_are_old_or_new() {
    let before = &[RUN, "run s.toml -q --no-report -o b --seed 2", "report out out --merge m -q"];
    check(&Case { before, command: "report out b --merge m -q", places: &["m"] });
}

#[test]
fn a_comparison_is_old_or_new() {
    let before = &["compare s.toml --threads 1 -q -o c --strategies first-fit,spread -R 2"];
    let command = "compare s.toml --threads 1 -q -o c --strategies first-fit,spread -R 2 --seed 7";
    check(&Case { before, command, places: &["c"] });
}

#[test]
fn a_sizing_is_old_or_new() {
    let command = "size s.toml --threads 1 -q -o z --vary zones.0.hosts.0.count --until fleet.hosts_used_mean>=0.1 -R 2";
    check(&Case { before: &[], command, places: &["z"] });
}

#[test]
fn a_sweep_and_its_parts_are_old_or_new() {
    check(&Case { before: &[], command: "sweep sw.toml --threads 1 -q -o w", places: &["w"] });
    check(&Case {
        before: &["sweep sw.toml --shard 1/1 -q -o p"],
        command: "merge p -q -o w",
        places: &["w"],
    });
}

#[test]
fn plans_and_single_runs_of_sweeps_are_old_or_new() {
    check(&Case {
        before: &["old plan.json"],
        command: "sweep plan sw.toml -o plan.json",
        places: &["plan.json"],
    });
    let before = &["sweep plan sw.toml -o plan.json"];
    check(&Case { before, command: "sweep exec plan.json --index 0 -o p", places: &["p/plan.json"] });
    let before = &["sweep plan sw.toml -o plan.json", "sweep exec plan.json --index 0 -o p"];
    check(&Case {
        before,
        command: "sweep exec plan.json --index 1 -o p",
        places: &["p/plan.json", "p/runs"],
    });
}

#[test]
fn a_baseline_is_old_or_new() {
    let before =
        &[RUN, "check out --baseline b.toml --update -q", "run s.toml -q --no-report -o out --seed 2"];
    check(&Case { before, command: "check out --baseline b.toml --update -q", places: &["b.toml"] });
}

#[test]
fn traces_are_old_or_new_however_they_are_stored() {
    for output in ["g.csv", "g.csv.gz", "g.parquet"] {
        let before: &'static [&'static str] = match output {
            "g.csv" => &["old g.csv"],
            "g.csv.gz" => &["old g.csv.gz"],
            _ => &[],
        };
        let command: &'static str = format!("trace generate s.toml -o {output} --json").leak();
        check(&Case {
            before,
            command,
            places: match output {
                "g.csv" => &["g.csv"],
                "g.csv.gz" => &["g.csv.gz"],
                _ => &["g.parquet"],
            },
        });
    }
    let command = "trace import --format openb pods.csv -o i.csv --hosts nodes.csv --hosts-out h.csv --json";
    check(&Case { before: &["old i.csv"], command, places: &["i.csv", "h.csv"] });
}
