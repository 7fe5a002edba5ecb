//! `plimsoll sweep` and `plimsoll merge`: the same bytes whatever the threads, the kills and the division of work.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use plimsoll::engine::random::{Purpose, Seed};
use serde_json::Value;
use tempfile::TempDir;

use crate::command_line::{plimsoll, workplace};

/// Twelve runs of some milliseconds.
const SWEEP: &str = "name = 'both'\nscenario = 'scenario.toml'\nseeds = 2\n\
    [[axes]]\npath = 'placement.strategy'\nvalues = ['first-fit', 'random']\n\
    [[axes]]\npath = 'zones.0.hosts.0.count'\nrange = { from = 10, to = 20, step = 5 }\n";

/// The files that are the same however a sweep was carried out.
const FILES: [&str; 3] = ["runs.csv", "runs.parquet", "sweep.json"];

fn place(sweep: &str) -> TempDir {
    let place = workplace();
    fs::write(place.path().join("sweep.toml"), sweep).unwrap();
    place
}

fn succeed(place: &Path, words: &[&str]) -> String {
    let output = plimsoll(place, words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refusal(place: &Path, words: &[&str]) -> String {
    let output = plimsoll(place, words).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

/// Everything in a folder, hidden or not.
fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_sweep_is_one_table_with_a_row_for_each_run() {
    let place = place(SWEEP);
    let text = succeed(place.path(), &["sweep", "sweep.toml"]);
    assert!(text.starts_with("both: small over 2 axes, 6 points × 2 seeds = 12 runs\n"), "{text}");
    assert!(text.ends_with("results in results/runs/both\n"), "{text}");
    assert_eq!(entries(&place.path().join("results/runs")), ["both"], "nothing is left beside it");
    let folder = place.path().join("results/runs/both");
    let files = ["charts", "manifest.json", "report.html", "runs.csv", "runs.parquet", "sweep.json"];
    assert_eq!(entries(&folder), files);
    let csv = fs::read_to_string(folder.join("runs.csv")).unwrap();
    let rows: Vec<&str> = csv.lines().collect();
    assert!(rows[0].starts_with("run,scenario,placement.strategy,zones.0.hosts.0.count,seed,digest,"));
    assert_eq!(rows.len(), 1 + 12);
    assert!(
        rows[1].starts_with("0,small,first-fit,10,42,") && rows[12].starts_with("11,small,random,20,43,")
    );
    // Each row is that of a single run.
    let words = ["run", "scenario.toml", "--json", "--seed", "43", "--set", "placement.strategy=random"];
    let run: Value = serde_json::from_str(&succeed(place.path(), &words)).unwrap();
    let cell = |name: &str| {
        let column = rows[0].split(',').position(|column| column == name).unwrap();
        rows[12].split(',').nth(column).unwrap().to_string()
    };
    assert_eq!(run["digest"], cell("digest"));
    assert_eq!(run["launch"]["success_ratio"].as_f64(), cell("launch.success_ratio").parse().ok());
}

#[test]
fn few_points_are_told_one_by_one() {
    let place = place(SWEEP);
    let text = succeed(place.path(), &["sweep", "sweep.toml"]);
    let rows: Vec<&str> =
        text.lines().filter(|line| line.contains("first-fit") || line.contains("random")).collect();
    assert_eq!(rows.len(), 6, "{text}");
    for (row, start) in
        rows.iter().zip([" first-fit", " first-fit", " first-fit", " random", " random", " random"])
    {
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert!(row.starts_with(start) && cells[2] == "2", "{row}");
    }
    assert!(text.contains("the mean over the seeds; runs.csv has each run"), "{text}");
}

#[test]
fn what_runs_warn_of_is_in_the_result_and_on_its_page() {
    let place = place(
        "name = 'warned'\nscenario = 'full.toml'\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [2, 3, 400]\n",
    );
    let scenario = "name = 'full'\nduration = '50h'\nheadroom = { every = '10h', survive = 'host' }\n\
        [[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 1\nvcpu = 4\nmemory_gib = 16\n\
        [[workload.arrivals]]\nprocess = { kind = 'poisson', per_hour = 40 }\n\
        lifetime = { kind = 'constant', value = '5h' }\ntypes = { 't3.micro' = 1 }\n";
    fs::write(place.path().join("full.toml"), scenario).unwrap();
    let text = succeed(place.path(), &["sweep", "sweep.toml"]);
    let folder = place.path().join("results/runs/warned");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let summary: Value = serde_json::from_str(&read("sweep.json")).unwrap();
    let warnings = summary["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "one kind, with other numbers for 2 and 3 hosts: {summary:#}");
    assert_eq!((&warnings[0]["runs"], &warnings[0]["numbers_differ"]), (&2.into(), &true.into()));
    let told =
        "Warning of 2 of 3 runs, with the numbers of the first: at the end of the run the loss of one host";
    for (place, text) in [("terminal", &text), ("page", &read("report.html"))] {
        assert!(text.contains(told), "{place}: {text}");
    }
}

#[test]
fn no_mean_is_taken_over_two_traces() {
    let place = place(
        "name = 'two'\nscenario = 'replayed.toml'\n[[axes]]\npath = 'workload.trace'\nvalues = ['few.csv', 'many.csv']\n\
         [[axes]]\npath = 'zones.0.hosts.0.count'\nrange = { from = 1, to = 21, step = 1 }\n",
    );
    let scenario = "name = 'replayed'\nduration = '1h'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 1\n\
        vcpu = 4\nmemory_gib = 16\n[workload]\ntrace = 'few.csv'\n";
    fs::write(place.path().join("replayed.toml"), scenario).unwrap();
    for (name, rows) in [("few.csv", 1), ("many.csv", 40)] {
        let rows = "0,600,4,1\n".repeat(rows);
        fs::write(place.path().join(name), format!("start_s,end_s,vcpu,memory_gib\n{rows}")).unwrap();
    }
    let text = succeed(place.path(), &["sweep", "sweep.toml"]);
    assert!(text.contains(" workload.trace   zones.0.hosts.0.count   runs "), "{text}");
    let row = |trace: &str, hosts: &str| {
        let cells = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = text.lines().map(cells).collect();
        rows.into_iter()
            .find(|row| row.len() > 3 && row[0] == trace && row[1] == hosts)
            .expect("a row of both")
    };
    // With two hosts of four vCPU the one request of the first trace succeeds, and two of forty of the second.
    assert_eq!(row("few.csv", "2")[2..5], ["1", "100", "%"]);
    assert_eq!(row("many.csv", "2")[2..5], ["1", "5.00", "%"]);
    assert!(!text.lines().any(|line| line.trim_start().starts_with("zones.0.hosts.0.count")), "{text}");
    assert!(text.contains("whatever other axes that are no demand and the seed"), "{text}");
}

#[test]
fn threads_change_no_byte() {
    let place = place(SWEEP);
    let all = ["1", "2", "5"].map(|threads| {
        succeed(place.path(), &["sweep", "sweep.toml", "-q", "--threads", threads, "-o", threads]);
        files(&place.path().join(threads))
    });
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

#[test]
fn drawn_points_are_the_same_every_time() {
    let text = "name = 'drawn'\nscenario = 'scenario.toml'\ndesign = 'latin-hypercube'\nsamples = 4\n\
        [[axes]]\npath = 'zones.0.hosts.0.count'\nbetween = [11, 30]\n\
        [[axes]]\npath = 'workload.arrivals.0.process.per_hour'\nbetween = [10.0, 90.0]\n";
    let place = place(text);
    let all = ["a", "b"].map(|folder| {
        succeed(place.path(), &["sweep", "sweep.toml", "-q", "-o", folder]);
        files(&place.path().join(folder))
    });
    assert_eq!(all[0], all[1]);
    let json: Value = serde_json::from_slice(&all[0][2]).unwrap();
    let mut strata: Vec<i64> = (json["axes"][0]["values"].as_array().unwrap().iter())
        .map(|count| (count.as_i64().unwrap() - 11) / 5)
        .collect();
    strata.sort_unstable();
    assert_eq!(strata, [0, 1, 2, 3]);
}

/// Two hundred short runs.
fn two_hundred_runs() -> TempDir {
    let place =
        place(&SWEEP.replace("seeds = 2", "seeds = 20").replace("to = 20, step = 5", "to = 18, step = 2"));
    let scenario = place.path().join("scenario.toml");
    let text = fs::read_to_string(&scenario).unwrap();
    fs::write(&scenario, text.replace("duration = \"2d\"", "duration = \"12h\"")).unwrap();
    place
}

/// Kills a sweep so many times at moments drawn from the system's entropy, then lets it end; tells how many kills
/// found it at work. A moment is a number of finished runs and a while after that, so that a slow machine is killed at
/// work too.
fn kill_and_finish(place: &Path, folder: &str, kills: u64, runs: u64) -> u64 {
    let seed = Seed(RandomState::new().build_hasher().finish());
    // Shown where the test fails: the moments, though not what the system was about at them.
    eprintln!("killed at the moments of seed {}", seed.0);
    let mut moments = seed.stream(Purpose::Design, 0);
    let words = ["sweep", "sweep.toml", "-q", "-o", folder];
    let store = place.join(format!(".{folder}.unfinished/runs"));
    let finished = || fs::read_dir(&store).map_or(0, |runs| runs.count() as u64);
    let mut hits = 0;
    for _ in 0..kills {
        let program = assert_cmd::cargo::cargo_bin("plimsoll");
        let mut command = std::process::Command::new(program);
        let mut child: Child = command.args(words).current_dir(place).stdout(Stdio::null()).spawn().unwrap();
        // All kills together leave some runs to do: the last one finds the sweep at work as well.
        let enough = finished() + moments.below(runs / kills);
        while finished() < enough && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(moments.below(20_000)));
        hits += u64::from(child.try_wait().unwrap().is_none());
        // SIGKILL: nothing in the process hears of it.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    succeed(place, &words);
    hits
}

#[test]
fn a_sweep_killed_at_any_moment_ends_with_the_same_bytes() {
    let place = place(SWEEP);
    succeed(place.path(), &["sweep", "sweep.toml", "-q", "-o", "unbroken"]);
    kill_and_finish(place.path(), "broken", 4, 12);
    assert_eq!(files(&place.path().join("broken")), files(&place.path().join("unbroken")));
}

#[test]
fn two_hundred_runs_killed_ten_times_end_with_the_same_bytes() {
    let place = two_hundred_runs();
    succeed(place.path(), &["sweep", "sweep.toml", "-q", "-o", "unbroken"]);
    let csv = fs::read_to_string(place.path().join("unbroken/runs.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 200);
    let hits = kill_and_finish(place.path(), "broken", 10, 200);
    assert!(hits > 0, "no kill found the sweep at work");
    assert_eq!(files(&place.path().join("broken")), files(&place.path().join("unbroken")));
    assert!(!place.path().join(".broken.unfinished").exists(), "the finished runs are in the result");
}

#[test]
fn what_was_finished_is_not_done_again_and_what_is_torn_is() {
    let place = place(SWEEP);
    for shard in ["1/2", "2/2"] {
        succeed(place.path(), &["sweep", "sweep.toml", "-q", "--shard", shard, "-o", "parts"]);
    }
    let runs = place.path().join("parts/runs");
    let names = entries(&runs);
    assert_eq!(names.len(), 12);
    let text = fs::read_to_string(runs.join(&names[3])).unwrap();
    fs::write(runs.join(&names[3]), &text[..text.len() / 2]).unwrap();
    assert!(refusal(place.path(), &["merge", "parts"]).contains("1 of 12 runs are missing"));
    let written = |name: &String| fs::metadata(runs.join(name)).unwrap().modified().unwrap();
    let before: Vec<_> = names.iter().map(written).collect();
    for shard in ["1/2", "2/2"] {
        succeed(place.path(), &["sweep", "sweep.toml", "-q", "--shard", shard, "-o", "parts"]);
    }
    assert_eq!(fs::read_to_string(runs.join(&names[3])).unwrap(), text);
    let again = names.iter().zip(before).filter(|(name, before)| written(name) != *before).count();
    assert_eq!(again, 1);
}

#[test]
fn parts_put_together_are_the_sweep_of_one_place() {
    let place = place(SWEEP);
    succeed(place.path(), &["sweep", "sweep.toml", "-q", "-o", "local"]);
    for shard in ["1/3", "2/3"] {
        succeed(place.path(), &["sweep", "sweep.toml", "-q", "--shard", shard, "-o", &shard[..1]]);
    }
    assert!(refusal(place.path(), &["merge", "1", "2"]).contains("4 of 12 runs are missing: 2, 5, 8, 11"));
    // The last share run by run, as an engine does it; one of them twice.
    succeed(place.path(), &["sweep", "plan", "sweep.toml", "-o", "plan.json"]);
    for index in ["2", "5", "8", "11", "5"] {
        succeed(place.path(), &["sweep", "exec", "plan.json", "--index", index, "-o", "3"]);
    }
    succeed(place.path(), &["merge", "1", "2", "3", "-q", "-o", "merged"]);
    assert_eq!(files(&place.path().join("merged")), files(&place.path().join("local")));
    // Parts of another sweep do not mix.
    fs::write(place.path().join("sweep.toml"), SWEEP.replace("seeds = 2", "seeds = 3")).unwrap();
    succeed(place.path(), &["sweep", "sweep.toml", "-q", "--shard", "3/3", "-o", "other"]);
    assert!(
        refusal(place.path(), &["merge", "1", "other"]).contains("other: holds runs of another plan than 1")
    );
}

#[test]
fn a_plan_is_refused_where_its_files_are_others() {
    let place = place(SWEEP);
    succeed(place.path(), &["sweep", "plan", "sweep.toml", "-o", "plan.json"]);
    let scenario = place.path().join("scenario.toml");
    let text = fs::read_to_string(&scenario).unwrap();
    fs::write(&scenario, text.replace("boot = \"5s\"", "boot = \"6s\"")).unwrap();
    let told = refusal(place.path(), &["sweep", "exec", "plan.json", "--index", "0", "-o", "parts"]);
    assert!(told.contains("scenario.toml: not the file the plan was made with"), "{told}");
}

#[test]
fn bad_sweeps_are_refused_where_they_were_written() {
    let place = place(&SWEEP.replace("hosts.0.count", "hosts.0.cuont").replace("'random'", "'randm'"));
    let told = refusal(place.path(), &["sweep", "sweep.toml"]);
    for part in [
        "sweep.toml:6:24: `axes.0.values.1`: placement.strategy = \"randm\": unknown strategy",
        "sweep.toml:8:8: `axes.1.path`: zones.0.hosts.0.cuont = 10: unknown key `cuont`",
        "did you mean `count`?",
    ] {
        assert!(told.contains(part), "no {part:?} in:\n{told}");
    }
    assert!(!place.path().join("results").exists(), "nothing was begun");
    let told = refusal(place.path(), &["sweep", "sweep.toml", "--shard", "5/4"]);
    assert!(told.contains("there is no shard 5, expected one from 1 to 4"), "{told}");
    let told = refusal(place.path(), &["merge", "."]);
    assert!(told.contains("found no runs of a sweep"), "{told}");
    fs::write(place.path().join("sweep.toml"), SWEEP).unwrap();
    succeed(place.path(), &["sweep", "plan", "sweep.toml", "-o", "plan.json"]);
    let told = refusal(place.path(), &["sweep", "exec", "plan.json", "--index", "12"]);
    assert!(told.contains("`--index`: found 12, expected a run from 0 to 11"), "{told}");
    fs::create_dir_all(place.path().join("mine/thesis")).unwrap();
    let told = refusal(place.path(), &["sweep", "sweep.toml", "-o", "mine"]);
    assert!(told.contains("is no result of plimsoll"), "{told}");
}
