//! Dates of a run: beside its times, in its files, on its bill.

use std::fs;

use plimsoll::scenario::{Overrides, Scenario};

use crate::command_line::{plimsoll, printed};

const SCENARIO: &str = "
    name = 'dated'
    start = 2026-02-28T23:00:00+01:00
    [[zones]]
    name = 'a'
    hosts = [{ count = 1, vcpu = 2, memory_gib = 8 }]
    [workload]
    trace = 'trace.csv'
    ";

fn problems(text: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("trace.csv"), "start_s,end_s,type\n0,1,m5.large\n").unwrap();
    let path = place.path().join("dated.toml");
    Scenario::parse(&path, text, &Overrides::default()).unwrap_err().to_string()
}

#[test]
fn a_run_with_a_start_has_dates_everywhere() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("dated.toml"), SCENARIO).unwrap();
    fs::write(place.path().join("trace.csv"), "start_s,end_s,type\n0,10800,m5.large\n7200,,m5.large\n")
        .unwrap();
    let text = printed(place.path(), &["run", "dated.toml"]);
    assert!(text.contains("3 h simulated from 2026-02-28 23:00 +01:00"), "{text}");
    assert!(text.contains("after 2 h (2026-03-01 01:00 +01:00)."), "{text}");
    let out = place.path().join("results/runs/dated");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    for (file, column) in [("timeseries.csv", "time_s,time,hosts"), ("subnets.csv", "time_s,time,subnet")] {
        assert!(read(file).starts_with(column), "{file}");
    }
    assert!(read("failures.csv").contains("\n7200,2026-03-01T01:00:00+01:00,launch,"));
    // The month begins an hour after midnight there, at that of UTC.
    let months = printed(place.path(), &["run", "dated.toml", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&months).unwrap();
    let months: Vec<&str> =
        summary["billing"]["by_month"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        (months, &summary["start"]),
        (vec!["2026-02", "2026-03"], &"2026-02-28T23:00:00+01:00".into())
    );
    let page = read("report.html");
    assert!(
        page.contains("hours since 2026-02-28 23:00 +01:00")
            || page.contains("minutes since 2026-02-28 23:00")
    );
    plimsoll(place.path(), &["report", "results/runs/dated"]).assert().success();
    assert_eq!(read("report.html"), page, "drawn again it is the same");
}

#[test]
fn dates_may_be_those_of_toml_or_text_and_follow_the_trace() {
    let start = |more: &str| {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("trace.csv"), "start_s,end_s,type\n1767225600,,m5.large\n").unwrap();
        let text = SCENARIO.replace("start = 2026-02-28T23:00:00+01:00", "");
        let (top, table) = more.split_once('|').unwrap_or((more, ""));
        let text = format!("{top}\n{text}\n{table}");
        let scenario = Scenario::parse(&place.path().join("dated.toml"), &text, &Overrides::default());
        let scenario = scenario.unwrap_or_else(|error| panic!("{more}: {error}"));
        scenario.calendar().map(|calendar| calendar.shown(plimsoll::units::Time::ZERO))
    };
    for (more, expected) in [
        ("", None),
        ("start = 2026-03-01", Some("2026-03-01 00:00 UTC")),
        ("start = '2026-03-01'", Some("2026-03-01 00:00 UTC")),
        ("billing.start_date = 2026-03-01", Some("2026-03-01 00:00 UTC")),
        ("|trace_origin = 2026-01-01T00:00:00Z", Some("2026-01-01 00:00 UTC")),
        ("|trace_origin = 'first'", None),
    ] {
        assert_eq!(start(more).as_deref(), expected, "{more}");
    }
}

#[test]
fn a_start_that_is_none_says_what_is_expected() {
    let with = |start: &str| problems(&SCENARIO.replace("2026-02-28T23:00:00+01:00", start));
    for (start, found) in [
        ("'tomorrow'", "tomorrow"),
        ("2026-03-01T08:00:00", "2026-03-01T08:00:00"),
        ("'2026-02-30'", "2026-02-30"),
    ] {
        let told = with(start);
        assert!(told.contains("dated.toml:3:"), "{told}");
        assert!(
            told.contains(&format!(
                "`start`: found `{found}`, expected a date of 1970 to 9999, or a date and time"
            )),
            "{told}"
        );
        assert!(told.contains("help: write it as 2026-03-01, 2026-03-01T08:00:00Z or"), "{told}");
    }
    let told = problems(&format!("billing.start_date = '2026-01-15'\n{SCENARIO}"));
    assert!(told.contains("`billing.start_date`: found `2026-01-15`, where `start` is"), "{told}");
}
