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

/// Names that would cover, price or take nothing if they were let pass.
#[test]
fn names_of_types_and_families_are_looked_up_wherever_they_stand() {
    let place = workplace();
    for (set, parts) in [
        (
            "billing.savings_plans=[{ usd_per_hour = 1, rates = { m55 = 0.3 } }]",
            ["found `m55`, expected an instance type, a family", "did you mean `m5`"],
        ),
        (
            "billing.savings_plans=[{ usd_per_hour = 1, rates = { 'm5.larg' = 0.3 } }]",
            ["found `m5.larg`, expected an instance type, a family", "did you mean `m5.large`"],
        ),
        (
            "billing.prices.dedicated_instances={ 'm5.larg' = 0.1 }",
            ["found `m5.larg`, expected the name of an instance type", "did you mean `m5.large`"],
        ),
        (
            "placement.dedicated_hosts=[{ account = 'a', zone = 'use1-az1', count = 1, family = 'm55' }]",
            ["found `m55`, expected a family", "did you mean `m5`"],
        ),
    ] {
        let text = message(place.path(), &["run", "scenario.toml", "--set", set]);
        for part in parts {
            assert!(text.contains(part), "{set}: {text}");
        }
    }
    let trace = "time_s,op,instance,host,zone,family\n0,allocate-host,,h,use1-az1,m55\n";
    fs::write(place.path().join("hosts.csv"), trace).unwrap();
    let words = ["run", "scenario.toml", "--set", "workload={ trace = 'hosts.csv' }"];
    let text = message(place.path(), &words);
    assert!(
        text.contains("hosts.csv:2: `family`: found `m55`, which is no family of a known type"),
        "{text}"
    );
    assert!(text.contains("did you mean `m5`"), "{text}");
}

/// A file of prices or loads of which no row comes before the end of the run has no effect, and nobody would be told.
#[test]
fn files_that_begin_when_the_run_is_over_are_refused() {
    let place = workplace();
    let late = ("prices.csv", "time_s,type,zone,usd_per_hour\n1735689600,m5.large,use1-az1,0.03\n");
    let load = ("load.csv", "time_s,units\n1735689600,5\n");
    for (file, content) in [late, load] {
        fs::write(place.path().join(file), content).unwrap();
    }
    let prices = |more: &str| format!("billing.spot.price={{ kind = 'file', file = 'prices.csv'{more} }}");
    let group = |more: &str| {
        format!(
            "autoscaling_groups=[{{ name = 'g', types = ['m5.large'], min = 1, max = 2, \
             load = {{ units_per_instance = 1, offered = {{ kind = 'trace', file = 'load.csv'{more} }} }} }}]"
        )
    };
    for set in [prices(""), group("")] {
        let text = message(
            place.path(),
            &["run", "scenario.toml", "--set", "duration=1h", "--set", "warmup=0s", "--set", &set],
        );
        let expected =
            "found 1735689600 s as its first time, expected one before the end of the run, after 3600 s";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("state `origin = \"first\"` beside it"), "{text}");
    }
    for set in [prices(", origin = '2026-01-01'"), group(", origin = 1735700000")] {
        // A single row holds from the start on; of several the last would be all there is.
        for (file, more) in
            [("prices.csv", "1735689700,m5.large,use1-az1,0.04\n"), ("load.csv", "1735689700,6\n")]
        {
            let mut text = fs::read_to_string(place.path().join(file)).unwrap();
            if text.lines().count() == 2 {
                text += more;
                fs::write(place.path().join(file), text).unwrap();
            }
        }
        let text = message(
            place.path(),
            &["run", "scenario.toml", "--set", "duration=1h", "--set", "warmup=0s", "--set", &set],
        );
        assert!(text.contains("found 1735689700 s as the last time, which is before the origin"), "{text}");
    }
    let own = "instance_types=[{ name = 'big', vcpu = 4, memory_gib = 16 }]";
    let family =
        "placement.dedicated_hosts=[{ account = 'a', zone = 'use1-az1', count = 1, family = 'big' }]";
    let words = ["run", "scenario.toml", "--dry-run", "--set", own, "--set", family];
    assert!(
        plimsoll(place.path(), &words).output().unwrap().status.success(),
        "a name without a point is its own family"
    );
    for set in [prices(", origin = 'first'"), group(", origin = '2025-01-01'")] {
        let words = [
            "run",
            "scenario.toml",
            "--dry-run",
            "--set",
            "duration=1h",
            "--set",
            "warmup=0s",
            "--set",
            &set,
        ];
        let output = plimsoll(place.path(), &words).output().unwrap();
        assert!(output.status.success(), "{set}: {}", String::from_utf8_lossy(&output.stderr));
    }
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

/// A problem of any zone and of any host file has the place where a person mends it.
#[test]
fn problems_of_host_files_and_of_later_zones_have_their_own_place() {
    let place = workplace();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    let zones = "\n[[zones]]\nname = \"use1-az2\"\n[[zones.hosts]]\nfile = \"a.csv\"\n[[zones.hosts]]\nfile = \"b.csv\"\n";
    let scenario = fs::read_to_string(place.path().join("scenario.toml")).unwrap();
    write("two.toml", &scenario.replace("\n[placement]", &format!("{zones}\n[placement]")));
    let good = "name,vcpu,memory_gib\nh1,4,8\n# one more\n\nh2,4,8\n";
    for (a, b, set, expected) in [
        (
            good,
            "name,vcpu,memory_gib\nh3,4,8\n\nh2,4,8\n",
            "seed=1",
            "b.csv:4: `name`: found the host `h2` of",
        ),
        (
            good,
            "vcpu,memory_gib,types\n4,8,m5.large\n4,8,m5.lrge\n",
            "seed=1",
            "b.csv:3: `types`: found `m5.lrge`",
        ),
        (good, "vcpu,memory_gib,families\n4,8,m5|m77\n", "seed=1", "b.csv:2: `families`: found `m77`"),
        ("vcpu,memory_gib\n4,8\n4,0\n", "vcpu,memory_gib\n4,8\n", "seed=1", "a.csv:3: `memory_gib`"),
        (
            good,
            "vcpu,memory_gib\n4,8\n",
            "zones.1.hosts.1.sockets=0",
            "`--set zones.1.hosts.1.sockets=0`: found 0",
        ),
        (
            good,
            "vcpu,memory_gib\n4,8\n",
            "zones.1.name='use1-az1'",
            "`--set zones.1.name='use1-az1'`: found `use1-az1` twice",
        ),
    ] {
        write("a.csv", a);
        write("b.csv", b);
        let text = message(place.path(), &["run", "two.toml", "--dry-run", "--set", set]);
        assert!(text.contains(expected), "{expected} in {text}");
        assert_eq!(text.matches("error: ").count(), 1, "{text}");
    }
    // By the line of the scenario where it says so.
    write("a.csv", good);
    write("b.csv", "vcpu,memory_gib\n4,8\n");
    let text = fs::read_to_string(place.path().join("two.toml")).unwrap();
    write("two.toml", &text.replace("file = \"b.csv\"\n", "file = \"b.csv\"\nsockets = 0\n"));
    let line = fs::read_to_string(place.path().join("two.toml"))
        .unwrap()
        .lines()
        .position(|line| line == "sockets = 0")
        .unwrap()
        + 1;
    let text = message(place.path(), &["run", "two.toml", "--dry-run"]);
    assert!(text.contains(&format!("two.toml:{line}:11: `zones.1.hosts.1.sockets`")), "{text}");
}
