//! Endings of commands: one table of exit codes, the reason of a failure whatever is quiet, numbers below zero as values.

use std::fs;
use std::path::Path;

use crate::command_line::{plimsoll, workplace};

/// Returns exit code, standard output and standard error of a command.
fn ending(place: &Path, words: &[&str]) -> (i32, String, String) {
    let output = plimsoll(place, words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A workplace with a result, its baseline, one that it does not hold, and files that are wrong.
fn place_with_results() -> tempfile::TempDir {
    let place = workplace();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    let scenario = fs::read_to_string(place.path().join("scenario.toml")).unwrap();
    write("wrong.toml", &scenario.replace("count = 20", "count = 'many'"));
    write(
        "missed.toml",
        &format!("{scenario}\n[[objectives]]\nmetric = 'launch.failed'\nat_most = 0\n")
            .replace("count = 20", "count = 1"),
    );
    write("trace.csv", "start_s,end_s,type\n0,10,m5.large\n");
    write("wrong.csv", "start_s,end_s,type\n5,1,m5.large\n");
    write(
        "sweep.toml",
        "name = 's'\nscenario = 'scenario.toml'\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [20]\n",
    );
    for (words, code) in [
        (vec!["run", "scenario.toml", "-q", "--no-report", "-o", "result"], 0),
        (
            vec![
                "run",
                "scenario.toml",
                "-q",
                "--no-report",
                "-o",
                "other",
                "--set",
                "zones.0.hosts.0.count=1",
            ],
            0,
        ),
        (vec!["check", "result", "--baseline", "base.toml", "--update", "-q"], 0),
    ] {
        assert_eq!(ending(place.path(), &words).0, code, "{words:?}");
    }
    place
}

const SIZE: [&str; 7] =
    ["size", "scenario.toml", "--vary", "zones.0.hosts.0.count", "--until", "launch.failed <= 0", "-R"];

/// Returns commands with the exit code that the table gives: 0 done, 1 a check failed, 2 the input was wrong.
fn table() -> Vec<(Vec<&'static str>, i32)> {
    let of = |line: &'static str| line.split(' ').collect::<Vec<_>>();
    vec![
        (of("validate scenario.toml trace.csv"), 0),
        (of("validate wrong.toml"), 2),
        (of("validate scenario.toml wrong.csv"), 2),
        (of("validate none.toml"), 2),
        (of("run scenario.toml --no-report -o a"), 0),
        (of("run missed.toml --no-report -o b"), 0),
        (of("run missed.toml --no-report -o b --enforce-objectives"), 1),
        (of("run wrong.toml"), 2),
        (of("run none.toml"), 2),
        (of("run scenario.toml --no-such-option"), 2),
        (of("no-such-command"), 2),
        (of("check result --baseline base.toml"), 0),
        (of("check other --baseline base.toml"), 1),
        (of("check none --baseline base.toml"), 2),
        (of("check result --baseline base.toml --tolerance 200%"), 2),
        (of("compare scenario.toml --strategies first-fit,spread -R 2 -o c"), 0),
        (
            of(
                "compare scenario.toml --strategies first-fit,random -R 2 --until-half-width 0 --max-replications 2 --metrics fleet.hosts_used_mean -o c",
            ),
            1,
        ),
        (of("compare wrong.toml --strategies first-fit,spread"), 2),
        (of("sweep sweep.toml -o d"), 0),
        (of("sweep wrong.toml"), 2),
        ([&SIZE[..], &["2", "--set", "duration=12h", "-o", "e", "--to", "40"]].concat(), 1),
        ([&SIZE[..], &["0"]].concat(), 2),
        (of("trace describe trace.csv"), 0),
        (of("trace describe wrong.csv"), 2),
        (of("import inventory --from csv trace.csv -o f"), 2),
        (of("describe scenario.toml"), 0),
        (of("describe wrong.toml"), 2),
        (of("report result"), 0),
        (of("report none"), 2),
        (of("list strategies"), 0),
        (of("list nothing"), 2),
        (of("selftest little"), 0),
        (of("selftest nothing"), 2),
    ]
}

#[test]
fn every_command_ends_by_one_table_of_exit_codes() {
    let place = place_with_results();
    for (words, expected) in table() {
        let (code, _, told) = ending(place.path(), &words);
        assert_eq!(code, expected, "{}: {told}", words.join(" "));
    }
}

#[test]
fn quiet_prints_nothing_but_the_reason_of_a_failure() {
    let place = place_with_results();
    let quiet = table().into_iter().filter(|(words, _)| {
        ["run", "check", "compare", "sweep", "size", "report", "selftest"].contains(&words[0])
    });
    for (mut words, expected) in quiet {
        words.push("--quiet");
        let (code, printed, told) = ending(place.path(), &words);
        let line = words.join(" ");
        assert_eq!(code, expected, "{line}: {told}");
        assert_eq!(printed, "", "{line}");
        assert_eq!(told.is_empty(), code == 0, "{line}: {told}");
        if code == 1 {
            assert!(told.lines().count() <= 3, "{line}: {told}");
        }
    }
    let (_, _, told) = ending(place.path(), &["check", "other", "--baseline", "base.toml", "-q"]);
    assert!(
        told.contains("more than is allowed: ")
            && told.contains("launch.failed ")
            && told.ends_with(" more\n"),
        "{told}"
    );
    let missed = ["run", "missed.toml", "--no-report", "-o", "b", "--enforce-objectives", "-q"];
    let (_, _, told) = ending(place.path(), &missed);
    assert!(told.starts_with("small: No: the objective is missed: launch.failed is "), "{told}");
    let (_, _, told) = ending(place.path(), &[&SIZE[..], &["2", "--to", "40", "-o", "e", "-q"]].concat());
    assert!(told.starts_with("launch.failed <= 0 does not hold up to zones.0.hosts.0.count = 40"), "{told}");
}

#[test]
fn a_number_below_zero_is_told_the_bounds() {
    let place = place_with_results();
    for (line, expected) in [
        ("run scenario.toml --seed -5", "expected a whole number from 0 to 18,446,744,073,709,551,615"),
        ("run scenario.toml --threads -1", "expected a whole number of 1 or more"),
        ("run scenario.toml --checkpoint-at -1h", "-1h"),
        ("compare scenario.toml -R -5", "expected a whole number from 1 to 1,000,000"),
        ("compare scenario.toml --confidence -5%", "expected a share from 50% to less than 100%"),
        ("check result --baseline base.toml --tolerance -5%", "expected a share from 0% to 100%"),
        ("check result --baseline base.toml --tolerance -0.5", "expected a share from 0% to 100%"),
        ("check result --baseline base.toml --tolerance 150%", "expected a share from 0% to 100%"),
        ("trace describe trace.csv --trace-origin -60", "seconds, or a date and time of UTC"),
        ("size scenario.toml --vary x --until a>=1 --step -1", "-1"),
        ("sweep exec plan.json --index -1", "expected the number of a run of the plan, from 0"),
        (
            "recommend scenario.toml --vary a=1..2 --minimize billing.total --budget -3",
            "expected a whole number of 1 or more",
        ),
        ("import inventory --from csv trace.csv -o g --overcommit -2", "expected a factor above 0"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (code, _, told) = ending(place.path(), &words);
        assert_eq!(code, 2, "{line}: {told}");
        assert!(told.contains(expected), "{line}: {told}");
        assert!(!told.contains("-- -") && !told.contains("unexpected argument"), "{line}: {told}");
    }
}

#[test]
fn columns_that_are_stated_go_before_what_a_header_looks_like() {
    let place = workplace();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("jobs.csv", "begun,ended,vcpu,memory_gib\n0,10,2,4\n5,,2,4\n");
    write("hosts.csv", "vcpu,memory_gib\n8,32\n");
    for columns in ["start=begun,end=ended", "start_s=begun,end_s=ended"] {
        let (code, printed, told) =
            ending(place.path(), &["trace", "describe", "jobs.csv", "--columns", columns]);
        assert!(code == 0 && printed.contains('2'), "{told}");
        let run =
            ["run", "jobs.csv", "--hosts", "hosts.csv", "--columns", columns, "-q", "--no-report", "-o", "r"];
        let (code, _, told) = ending(place.path(), &run);
        assert_eq!((code, told.as_str()), (0, ""));
    }
    // What is not stated of it is taken as it looks.
    let (code, _, told) = ending(place.path(), &["trace", "describe", "jobs.csv", "--columns", "vcpu=vcpu"]);
    assert!(code == 2 && told.contains("found a host file, expected a trace"), "{told}");
}
