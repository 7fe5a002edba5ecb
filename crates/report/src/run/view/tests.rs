//! Text of every answer, from summaries written by hand.

use serde_json::{Value, json};

use super::RunView;
use crate::run::summary::Summary;
use crate::text::unmarked;

/// Returns the view of a run of two days on ten hosts with these figures too.
fn view(more: Value) -> RunView {
    let mut summary = json!({
        "scenario": "small", "strategy": "first-fit", "seed": 7, "horizon_s": 172_800.0,
        "launch": { "requested": 1000, "succeeded": 1000 },
        "operations": { "launch": { "requested": 1000, "succeeded": 1000 } },
        "fleet": {
            "hosts": 10, "hosts_mean": 10.0, "hosts_used_peak": 9, "vcpu_used_ratio_peak": 0.75,
            "memory_used_ratio_peak": 0.5,
        },
    });
    for (key, value) in more.as_object().unwrap() {
        summary[key] = value.clone();
    }
    RunView::of(&serde_json::from_value::<Summary>(summary).unwrap())
}

fn assert_answers(cases: impl IntoIterator<Item = (Value, &'static str, &'static str)>) {
    for (more, question, answer) in cases {
        let view = view(more);
        assert_eq!(unmarked(&view.question), question);
        assert_eq!(unmarked(&view.answer), answer);
    }
}

fn shortage(more: Value) -> Value {
    let mut first = json!({
        "code": "InsufficientInstanceCapacity", "at_s": 5_158_080.0, "type": "r5.4xlarge", "zone": "us-east-1c",
        "zones": 1, "resource": "memory", "asked": 128.0, "free": 1204.5, "most_free": 96.0, "unit": "GiB",
        "hosts": 120, "hosts_short": 120, "host_groups": ["gen3"],
    });
    for (key, value) in more.as_object().unwrap() {
        first[key] = value.clone();
    }
    json!({
        "launch": { "requested": 1000, "succeeded": 990, "failed": 10 },
        "first_shortage": first,
    })
}

const ROOM: &str = "Do 1,000 instances in 2 d find room on 10 hosts, placed by first-fit?";

#[test]
fn what_ran_out_first_names_its_place_and_amounts() {
    assert_answers([
        (
            json!({}),
            ROOM,
            "Yes: every instance was launched; the peak took 75.00 % of the vCPU and 50.00 % of the memory.",
        ),
        (
            shortage(json!({})),
            ROOM,
            "Ran out first: memory in us-east-1c, host group gen3, after 59 d 17 h. r5.4xlarge asked for 128 GiB; no \
             host had more than 96 GiB free, all 120 hosts together 1,204 GiB.",
        ),
        (
            shortage(json!({ "zone": null, "zones": 3, "host_groups": ["gen2", "gen3"], "most_free": 200.0,
                "hosts_short": 118 })),
            ROOM,
            "Ran out first: memory in all 3 zones, host groups gen2 and gen3, after 59 d 17 h. r5.4xlarge asked for \
             128 GiB; 118 hosts had too little of it free, the others too little of something else; all 120 hosts \
             together had 1,204 GiB.",
        ),
        (
            shortage(
                json!({ "resource": "private addresses", "asked": 1.0, "free": 0.0, "unit": "addresses",
                "most_free": null, "hosts": null, "host_groups": [] }),
            ),
            ROOM,
            "Ran out first: private addresses in us-east-1c, after 59 d 17 h. r5.4xlarge asked for 1; 0 left.",
        ),
        (
            json!({ "launch": { "requested": 10, "failed": 2 } }),
            "Do 10 instances in 2 d find room on 10 hosts, placed by first-fit?",
            "Nothing ran out; 2 of 10 instances were refused for other reasons.",
        ),
        (
            json!({ "launch": {}, "operations": {} }),
            "Do 0 instances in 2 d find room on 10 hosts, placed by first-fit?",
            "Nothing was asked for.",
        ),
        (
            json!({ "launch": {}, "operations": { "stop": { "requested": 5 } } }),
            "Are 5 calls in 2 d carried out?",
            "Yes: every call was carried out.",
        ),
        (
            json!({ "launch": {}, "operations": { "stop": { "requested": 5, "failed": 1 } } }),
            "Are 5 calls in 2 d carried out?",
            "1 of 5 calls were refused, 0 by a fault of the service.",
        ),
    ]);
}

#[test]
fn an_earlier_version_told_no_place() {
    let answer = view(json!({ "first_failures": [
        { "code": "Unsupported", "at_s": 1.0 }, { "code": "InsufficientInstanceCapacity", "at_s": 204_600.0 },
    ] }))
    .answer;
    assert_eq!(answer, "Ran out first: room on the hosts, after 2 d 9 h.");
}

#[test]
fn elastic_hosts_are_counted() {
    let elastic = json!({
        "hosts": 853, "hosts_mean": 712.25, "hosts_peak_at_s": 86_400.0, "hosts_lower_bound_peak": 840,
    });
    let question = "How many hosts do 1,000 instances in 2 d take, placed by first-fit?";
    assert_answers([(
        json!({ "fleet": elastic }),
        question,
        "853 hosts at most, after 1 d; 712.2 on average; no packing of what ran at the peak does with fewer than 840.",
    )]);
}

#[test]
fn groups_and_jobs_are_answered_for_before_the_room() {
    let group = json!({
        "in_service_mean": 107.56, "in_service_peak": 202, "utilisation_mean": 0.558, "unserved_ratio": 0.0002,
        "launches_refused": 3, "cost_usd": "1486.935467", "fixed_fleet_usd": "1686.528000",
    });
    let job = json!({
        "arrived": 9478, "started_at_once_ratio": 0.9546, "waiting_at_end": 1,
        "wait_s": { "count": 9478, "mean": 1.678, "p99": 56.673, "max": 196.36 },
    });
    let room =
        "Yes: every instance was launched; the peak took 75.00 % of the vCPU and 50.00 % of the memory.";
    let of_group =
        "shop left 0.02 % of its load unserved, for $1,486.94; a fixed fleet for the peak costs $1,686.53.";
    let of_job = "Of 9,478 jobs named builds, 95.46 % started at once; 99 % waited at most";
    let view = view(json!({ "autoscaling_groups": { "shop": group }, "jobs": { "builds": job } }));
    let answer = unmarked(&view.answer);
    assert!(answer.starts_with(of_group) && answer.contains(of_job), "{answer}");
    assert!(answer.ends_with(room), "{answer}");
    let rows = |title: &str| view.tables.iter().find(|table| table.title == title).unwrap().rows.len();
    assert_eq!((rows("Auto Scaling groups"), rows("Jobs")), (1, 1));
    // A group without a load, and jobs that never came, have a row and no sentence.
    let idle = super::RunView::of(
        &serde_json::from_value::<Summary>(json!({
            "horizon_s": 60.0,
            "autoscaling_groups": { "shop": { "in_service_mean": 2.0, "cost_usd": "1.000000", "fixed_fleet_usd": "0.000000" } },
            "jobs": { "builds": { "arrived": 0, "started_at_once_ratio": null, "wait_s": { "count": 0 } } },
        }))
        .unwrap(),
    );
    assert!(!idle.answer.contains("shop") && !idle.answer.contains("builds"), "{}", idle.answer);
}

#[test]
fn objectives_come_first_and_are_missed_by_so_much() {
    let latency = |value: f64| json!({ "metric": "latency_s.launch.p99", "at_most": 60.0, "value": value, "met": value <= 60.0 });
    let available = |value: f64| json!({ "metric": "availability.ratio", "at_least": 0.999, "value": value, "met": value >= 0.999 });
    let stages = json!({
        "queue": { "wait_s_mean": 840.0, "wait_s_total": 9e5, "queue_length_last": 44 },
        "workers": { "occupied_ratio": 1.0 },
    });
    let of_plane = |objectives: Value| json!({ "objectives": objectives, "control_plane": { "calls": 1000, "unstable": [] }, "stages": stages.clone() });
    let one = "Is the objective met, with 1,000 calls in 2 d?";
    assert_answers([
        (
            json!({ "objectives": [latency(59.5)] }),
            "Is the objective met, with 1,000 instances in 2 d?",
            "Yes: the objective is met; latency_s.launch.p99 is 59.50 s, wanted at most 60 s.",
        ),
        (
            of_plane(json!([latency(904.0)])),
            one,
            "No: the objective is missed: latency_s.launch.p99 is 15 min 4 s, 15.07 times the 60 s wanted at most. The stage queue binds first: jobs wait 14 min on average, workers 100 % occupied.",
        ),
        (
            of_plane(json!([latency(66.0), available(0.99)])),
            "Are the 2 objectives met, with 1,000 calls in 2 d?",
            "No: 2 of 2 objectives missed; by most: availability.ratio is 99.00 %, wanted at least 99.9 %: 10 times the \
             failures allowed. The stage queue binds first: jobs wait 14 min on average, workers 100 % \
             occupied.",
        ),
        (
            of_plane(json!([latency(30.0), available(0.9994)])),
            "Are the 2 objectives met, with 1,000 calls in 2 d?",
            "Yes: both objectives are met; nearest to a miss: availability.ratio is 99.94 %, wanted at least \
             99.9 %. But 44 jobs still waited at the end.",
        ),
        (
            json!({ "objectives": [
                { "metric": "network.public.exhausted_at_s", "at_least": 3600.0, "value": null, "met": true },
            ] }),
            "Is the objective met, with 1,000 instances in 2 d?",
            "Yes: the objective is met; network.public.exhausted_at_s never happened.",
        ),
    ]);
    let missing =
        json!({ "metric": "latency_s.lunch.p99", "at_most": 60, "met": false, "missing": "no such metric" });
    let view = view(json!({ "objectives": [missing] }));
    assert_eq!(view.warnings, ["objective without a figure: no such metric"]);
    assert_eq!(unmarked(&view.answer), "No: the objective is missed: latency_s.lunch.p99 has no value.");
    assert_eq!(view.tables[0].title, "Objectives");
}

#[test]
fn work_that_is_still_queued_is_no_yes() {
    let plane = |unstable: Value, waiting: u64, failed: u64| {
        json!({
            "control_plane": { "calls": 1000, "unstable": unstable },
            "operations": { "launch": { "requested": 1000, "failed": failed } },
            "availability": { "failed": failed },
            "latency_s": { "launch": { "count": 900, "p50": 7.25, "p99": 59.9, "max": 80.0 } },
            "stages": { "workers": { "wait_s_mean": 7.5, "wait_s_total": 6750.0, "occupied_ratio": 0.895,
                "queue_length_last": waiting } },
        })
    };
    let question = "Are 1,000 calls in 2 d carried out?";
    let rest = "Launches took 7.250 s in the median, 59.90 s at the 99th percentile. The stage workers binds first: \
                jobs wait 7.500 s on average, 89.50 % occupied.";
    let cases = [
        (plane(json!([]), 0, 0), "Yes: 1,000 calls, none refused."),
        (plane(json!([]), 3, 0), "No: 3 jobs still waited at the end. 1,000 calls, none refused."),
        (
            plane(json!(["workers"]), 1204, 0),
            "No: workers cannot keep up: 1,204 jobs still waited there at the end. 1,000 calls, none refused.",
        ),
        (
            plane(json!([]), 0, 5),
            "5 of 1,000 calls refused, 5 by a fault of the service: availability 99.5 %.",
        ),
    ];
    for (more, begins) in cases {
        let view = view(more);
        assert_eq!(view.question, question);
        assert_eq!(unmarked(&view.answer), format!("{begins} {rest}"));
        let titles: Vec<&str> = view.tables.iter().map(|table| &*table.title).collect();
        assert_eq!(titles[..2], ["Latency", "Stages"], "{titles:?}");
    }
}

#[test]
fn tables_without_content_are_left_out() {
    let titles = |more: Value| {
        let view = view(more);
        view.tables.iter().map(|table| table.title.to_string()).collect::<Vec<String>>()
    };
    assert_eq!(titles(json!({ "launch": {}, "fleet": {} })), Vec::<String>::new());
    assert_eq!(titles(json!({})), ["Launches", "In use", "Packing"]);
    assert_eq!(titles(json!({ "billing": { "total": "1.000000" } }))[3..], ["Bill"]);
}

#[test]
fn dates_stand_beside_times_where_the_run_has_any() {
    let mut more = shortage(json!({}));
    more["start"] = json!("2026-03-01T08:00:00+01:00");
    let view = view(more);
    assert_eq!(view.headline, "first-fit on 10 hosts, 2 d simulated from 2026-03-01 08:00 +01:00, seed 7");
    assert!(view.answer.contains("after 59 d 17 h (2026-04-30 00:48 +01:00)."), "{}", view.answer);
}
