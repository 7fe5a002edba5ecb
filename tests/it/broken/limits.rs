//! More than the machine has, or than a number holds: an error with its place and exit code 2, before the work begins.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const SCENARIO: &str = "name = 'min'
duration = '1h'
[[zones]]
name = 'z'
[[zones.hosts]]
count = 4
vcpu = 8
memory_gib = 32
[[workload.arrivals]]
process = { kind = 'poisson', per_hour = 20.0 }
lifetime = { kind = 'exponential', mean = '10m' }
types = { 'm5.large' = 1 }
";

/// The program with so much memory \[bytes\].
fn within(folder: &Path, bytes: u64, words: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    program.current_dir(folder).args(words);
    // SAFETY: between fork and exec only `setrlimit` is called, which is on POSIX's list.
    unsafe {
        program.pre_exec(move || {
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
            match libc::setrlimit(libc::RLIMIT_AS, &raw const limit) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    program
}

fn workplace(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("s.toml", SCENARIO)].iter().chain(files) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Returns what is told of work that is refused. Nothing is left of it.
fn refusal(folder: &Path, words: &[&str]) -> String {
    let output: Output = within(folder, 5_000_000 << 10, words).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {errors}");
    assert!(!folder.join("o").exists(), "{words:?}");
    errors
}

#[test]
fn what_does_not_fit_is_refused_at_its_key() {
    let folder = workplace(&[
        (
            "seeds.toml",
            "name = 'w'\nscenario = 's.toml'\nseeds = 4294967295\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [1]\n",
        ),
        (
            "grid.toml",
            "name = 'w'\nscenario = 's.toml'\n[[axes]]\npath = 'zones.0.hosts.0.count'\n\
             range = { from = 1, to = 1000000, step = 1 }\n[[axes]]\npath = 'zones.0.hosts.0.vcpu'\n\
             range = { from = 1, to = 1000000, step = 1 }\n",
        ),
        (
            "hosts.toml",
            "name = 'w'\nscenario = 's.toml'\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [1, 100000000]\n",
        ),
    ]);
    let run = |set: &[&'static str]| -> Vec<&'static str> {
        let set = set.iter().flat_map(|set| ["--set", set]);
        ["run", "s.toml", "-q", "--no-report", "-o", "o"].into_iter().chain(set).collect()
    };
    let hang = "control_plane.outages=[{ stage = 'gateway', kind = 'hang', start = '1m', length = '1m' }]";
    let zero = "control_plane.preset='zero'";
    for (words, place, expected) in [
        (
            run(&[zero, "control_plane.database.pool.min=4294967295"]),
            "database.pool.min",
            "found 4294967295, expected at most 1000000",
        ),
        (
            run(&[zero, "control_plane.database.replicas=4294967295", hang]),
            "database.replicas",
            "found 4294967295, expected at most 100",
        ),
        (
            run(&["placement.dedicated_hosts=[{ account = 'a', zone = 'z', count = 1000000000 }]"]),
            "--set placement.dedicated_hosts",
            "found 1000000000, expected at most 1000000 hosts",
        ),
        (
            run(&["zones.0.hosts.0.count=100000000"]),
            "`zones`",
            "found 100,000,000 hosts; the run needs 8.96 GiB of memory or more",
        ),
        (
            run(&[
                "workload.start=steady-state",
                "workload.arrivals.0.process.per_hour=1e9",
                "workload.arrivals.0.lifetime.mean=50m",
            ]),
            "workload.start",
            "found 833,333,333 instances when the run begins",
        ),
        (
            vec!["sweep", "seeds.toml", "-q", "-o", "o"],
            "seeds.toml:3:9: `seeds`",
            "makes 4294967295 runs, 1 points × 4294967295 seeds",
        ),
        (vec!["sweep", "grid.toml", "-q", "-o", "o"], "grid.toml:3:", "makes 1000000000000 runs"),
        (vec!["sweep", "hosts.toml", "-q", "-o", "o"], "`zones`", "found 100,000,000 hosts"),
        (
            vec!["compare", "s.toml", "-q", "-o", "o", "--variant", "many:zones.0.hosts.0.count=100000000"],
            "`zones`",
            "found 100,000,000 hosts",
        ),
    ] {
        let told = refusal(folder.path(), &words);
        assert!(told.contains(place) && told.contains(expected), "{words:?}: {told}");
        assert!(told.lines().count() <= 3, "{told}");
    }
}

#[test]
fn an_image_of_any_size_takes_its_time() {
    let folder = workplace(&[]);
    let mut running = Vec::new();
    for gib in ["2147483647", "2147483648", "4294967295"] {
        let set = format!("control_plane.images={{ default_gib = {gib}, host_mbps = 4294967295 }}");
        let words = [
            "run",
            "s.toml",
            "--json",
            "--no-report",
            "-o",
            "o",
            "--set",
            "control_plane.preset='zero'",
            "--set",
            &set,
        ];
        let output = within(folder.path(), 5_000_000 << 10, &words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        running.push(summary["fleet"]["instances_running_mean"].as_f64().unwrap());
    }
    assert_eq!(running, [0.0; 3], "none has come");
}

#[test]
fn a_path_of_thousands_of_steps_is_refused_at_once() {
    let deep = format!("{}b=1", "a.".repeat(20_000));
    let sweep = format!(
        "name = 'w'\nscenario = 's.toml'\n[[axes]]\npath = '{}b'\nvalues = [1]\n",
        "a.".repeat(20_000)
    );
    let scenario = format!("{SCENARIO}\n{}b = 1\n", "a.".repeat(20_000));
    let folder = workplace(&[("w.toml", &sweep), ("deep.toml", &scenario)]);
    for words in [
        &["run", "s.toml", "-q", "-o", "o", "--set", &deep][..],
        &["sweep", "w.toml", "-q", "-o", "o"],
        &["run", "deep.toml", "-q", "-o", "o"],
    ] {
        let told = refusal(folder.path(), words);
        assert!(told.len() < 2_000, "{} bytes: {}", told.len(), &told[..500]);
        let is_named = told.contains("steps, expected at most 40") || told.contains("nested too deep");
        assert!(is_named, "{told}");
    }
}

#[test]
fn no_more_threads_than_processors_are_begun() {
    let folder = workplace(&[]);
    let words =
        ["run", "s.toml", "-q", "--no-report", "-o", "o", "--threads", "99999999", "--set", "duration=3000d"];
    let mut child = within(folder.path(), 8 << 30, &words).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let threads = || {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("Threads:"))?;
        count.trim().parse::<usize>().ok()
    };
    let mut most = 0;
    for _ in 0..20 {
        most = most.max(threads().unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    child.wait().unwrap();
    let processors = std::thread::available_parallelism().unwrap().get();
    // The work, its threads, the one that waits for signals, and those of the allocator.
    assert!((1..=processors + 6).contains(&most), "{most} threads on {processors} processors");
}

#[test]
fn a_plan_that_contradicts_itself_is_no_plan() {
    let sweep = "name = 'w'\nscenario = 's.toml'\nseeds = 2\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [1, 2]\n";
    let folder = workplace(&[("w.toml", sweep)]);
    let words = ["sweep", "plan", "w.toml", "-o", "plan.json"];
    assert!(within(folder.path(), 4 << 30, &words).status().unwrap().success());
    let text = fs::read_to_string(folder.path().join("plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    type Spoil = fn(&mut serde_json::Value);
    let spoils: [(Spoil, &str); 7] = [
        (
            |plan| plan["runs"][0]["values"] = serde_json::json!([]),
            "run 0 has 0 values, where there are 1 axes",
        ),
        (|plan| plan["runs"][1]["values"] = serde_json::json!([1, 2]), "run 1 has 2 values"),
        (|plan| plan["runs"][2]["values"] = serde_json::json!([7]), "run 2 is named"),
        (|plan| plan["runs"][3]["inputs"] = serde_json::json!([9]), "run 3 reads input 9"),
        (|plan| plan["runs"] = serde_json::json!([]), "it has 0 runs and 1 axes"),
        (|plan| plan["axes"] = serde_json::json!([]), "it has 4 runs and 0 axes"),
        (|plan| drop(plan["runs"].as_array_mut().unwrap().pop()), "3 runs are no multiple of 2 seeds"),
    ];
    for (spoil, expected) in spoils {
        let mut spoilt = plan.clone();
        spoil(&mut spoilt);
        fs::create_dir_all(folder.path().join("p/runs")).unwrap();
        for place in ["plan.json", "p/plan.json"] {
            fs::write(folder.path().join(place), spoilt.to_string()).unwrap();
        }
        for words in [&["sweep", "exec", "plan.json", "--index", "0"][..], &["merge", "p", "-q", "-o", "o"]] {
            let told = refusal(folder.path(), words);
            assert!(told.contains("is no plan: ") && told.contains(expected), "{words:?}: {told}");
        }
    }
}

#[test]
fn outputs_that_would_stand_in_each_others_way_are_refused() {
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n\
        p,1000,1024,0,0,,BE,Running,0,100,1\n";
    let nodes = "sn,cpu_milli,memory_mib,gpu,model\nn1,32000,262144,0,\n";
    let folder = workplace(&[("p.csv", pods), ("n.csv", nodes)]);
    let import = [
        "trace",
        "import",
        "--format",
        "openb",
        "p.csv",
        "-o",
        "x.csv",
        "--hosts",
        "n.csv",
        "--hosts-out",
        "./x.csv",
    ];
    let told = refusal(folder.path(), &import);
    assert!(told.contains("--hosts-out") && !folder.path().join("x.csv").exists(), "{told}");
    for dir in ["o", "o/cp", "./o/."] {
        let words = ["run", "s.toml", "-q", "-o", "o", "--checkpoint-at", "30m", "--checkpoint-dir", dir];
        let told = refusal(folder.path(), &words);
        assert!(
            told.contains("`--checkpoint-dir`: found `") && told.contains("which is in the result folder"),
            "{told}"
        );
    }
}

#[test]
fn an_output_never_takes_the_place_of_what_is_read() {
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n\
        p,1000,1024,0,0,,BE,Running,0,100,1\n";
    let nodes = "sn,cpu_milli,memory_mib,gpu,model\nn1,32000,262144,0,\n";
    let trace = "start_s,end_s,type\n0,10,m5.large\n";
    let sweep = "name = 'w'\nscenario = 's.toml'\nseeds = 2\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [3, 4]\n";
    let files = [("p.csv", pods), ("n.csv", nodes), ("own.csv", trace), ("w.toml", sweep)];
    let folder = workplace(&files);
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    let before = files.map(|(file, _)| read(file));
    let scenario = read("s.toml");
    for (words, option) in [
        ("run s.toml -o tt --trace-events s.toml", "--trace-events"),
        ("run s.toml -o tt --trace-events ./own.csv --set workload={trace='own.csv'}", "--trace-events"),
        ("run s.toml -o tt --trace-events tt", "--trace-events"),
        ("trace import --format openb p.csv -o ./p.csv", "-o"),
        ("trace import --format openb p.csv -o n.csv --hosts n.csv --hosts-out h.csv", "-o"),
        ("trace import --format openb p.csv -o x.csv --hosts n.csv --hosts-out n.csv", "--hosts-out"),
        ("trace generate s.toml -o s.toml", "-o"),
        ("sweep plan w.toml -o w.toml", "-o"),
        ("sweep plan w.toml -o s.toml", "-o"),
    ] {
        let told = refusal(folder.path(), &words.split(' ').collect::<Vec<_>>());
        assert!(told.contains(&format!("`{option}`: found `")) && told.contains("name a"), "{words}: {told}");
        assert_eq!(files.map(|(file, _)| read(file)), before, "{words}");
        assert_eq!(read("s.toml"), scenario, "{words}");
        assert!(!folder.path().join("tt").exists() && !folder.path().join("x.csv").exists(), "{words}");
    }
}

#[test]
fn more_replications_than_memory_holds_are_refused() {
    let folder = workplace(&[]);
    for words in [
        "compare s.toml --strategies first-fit,spread -R 1000000000",
        "size s.toml --vary zones.0.hosts.0.count --until launch.failed<=0 -R 1000000000",
        "size s.toml --vary zones.0.hosts.0.count --until launch.failed<=0 --max-replications 1000000000",
        "compare s.toml --strategies first-fit,spread --until-half-width 1% --max-replications 1000000000",
        "compare s.toml --strategies first-fit,spread -R 0",
        "compare s.toml --strategies first-fit,spread -R -3",
    ] {
        let told = refusal(folder.path(), &words.split(' ').collect::<Vec<_>>());
        assert!(told.contains("expected a whole number from 1 to 1,000,000"), "{words}: {told}");
    }
}

/// Every whole number of the scenario in turn is more than any machine has.
#[test]
fn every_number_of_a_scenario_may_be_huge() {
    let folder = workplace(&[]);
    let text = include_str!("everything.toml");
    let numbers: Vec<(usize, usize)> = whole_numbers(text);
    assert!(numbers.len() > 40, "{} numbers", numbers.len());
    let mut refused = 0;
    for (number, (from, to)) in numbers.iter().enumerate() {
        let huge = ["4294967295", "2147483648"][number % 2];
        let spoilt = format!("{}{huge}{}", &text[..*from], &text[*to..]);
        let line = text[..*from].matches('\n').count() + 1;
        fs::write(folder.path().join("huge.toml"), spoilt).unwrap();
        let words = ["run", "huge.toml", "-q", "--no-report", "-o", "o"];
        let mut child = within(folder.path(), 3 << 30, &words).stderr(Stdio::piped()).spawn().unwrap();
        // What goes on for ever, since it was asked to, ends when it is told to.
        let mut waited = 0;
        while child.try_wait().unwrap().is_none() && waited < 150 {
            std::thread::sleep(Duration::from_millis(20));
            waited += 1;
        }
        // SAFETY: sends a signal to a child that has not been waited for, so its number is its own.
        unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGTERM) };
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_well = matches!(output.status.code(), Some(0 | 2));
        assert!(is_well, "line {line}, {}: {:?}: {errors}", &text[*from..*to], output.status);
        assert!(errors.lines().count() <= 45, "line {line}: {errors}");
        refused += u64::from(output.status.code() == Some(2));
    }
    assert!(refused > 10, "{refused} were refused");
}

/// Returns where the whole numbers outside quotes stand.
fn whole_numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut quoted, mut began, mut before) = (false, None, ' ');
    for (at, c) in text.char_indices() {
        quoted ^= c == '"';
        let inside = c.is_ascii_digit() && !quoted;
        match (began, inside) {
            (None, true) if !before.is_alphanumeric() && before != '.' && before != '_' => began = Some(at),
            (Some(from), false) => {
                if c != '.' && !c.is_alphanumeric() && c != '_' {
                    found.push((from, at));
                }
                began = None;
            }
            _ => {}
        }
        before = c;
    }
    found
}
