//! Clients beside the packages that they stand for, attempt by attempt: see `measured/measure`.

use super::super::sdk::{SDKS, Sdk};
use super::*;
use plimsoll_base::units::NS_PER_S;
use std::collections::BTreeMap;

const MEASURED: &str = include_str!("../measured/measured.csv");

/// Time that each measured attempt took.
const ATTEMPT: Duration = Duration(125_000_000);

/// Attempt of a measured client.
struct Row<'a> {
    called: Option<Time>,
    answer: &'a str,
    waited: Duration,
    /// Draw and delay, where another attempt followed.
    again: Option<(u64, Duration)>,
    tokens_left: Option<u32>,
}

fn duration(text: &str) -> Duration {
    Duration((text.parse::<f64>().expect("seconds") * NS_PER_S as f64).round() as u64)
}

/// Returns the attempts of every client and script, in order.
fn measured() -> BTreeMap<(&'static str, &'static str), Vec<Row<'static>>> {
    let mut clients: BTreeMap<_, Vec<Row>> = BTreeMap::new();
    for line in MEASURED.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [client, script, _, _, called, answer, waited, draw, delay, tokens] = cells[..] else {
            panic!("{line}")
        };
        let row = Row {
            called: (!called.is_empty()).then(|| Time(duration(called).0)),
            answer,
            waited: duration(waited),
            again: (!draw.is_empty()).then(|| (draw.parse::<u64>().expect("a draw") << 44, duration(delay))),
            tokens_left: tokens.parse().ok(),
        };
        clients.entry((client, script)).or_default().push(row);
    }
    clients
}

fn failure(answer: &str) -> Option<Failure> {
    Some(match answer {
        "answered" => return None,
        "throttled" => Failure::RequestLimitExceeded,
        "full" => Failure::InsufficientInstanceCapacity,
        "unavailable" => Failure::ServiceUnavailable,
        "timed-out" => Failure::RequestTimeout,
        "at-fault" => Failure::VcpuLimitExceeded,
        other => panic!("{other}"),
    })
}

/// Returns how far waits and delays may be off: the clock of JavaScript counts in milliseconds, that of Python in floats.
fn tolerance(rules: &SdkRules) -> u64 {
    if rules.step > Duration(1) { 4_000_000 } else { 1_000 }
}

/// Lets an attempt go out, and returns the time that it waited before.
fn wait(client: &mut SdkClient, mut now: Time, measured: Duration, tolerance: u64) -> Duration {
    let called = now;
    while let Err(left) = client.send(now) {
        now = now.after(left);
    }
    let waited = now.since(called);
    assert!(waited.0.abs_diff(measured.0) <= tolerance, "waited {waited}, measured {measured}");
    waited
}

/// Takes a client through a script, and checks each attempt.
fn follow(rules: &SdkRules, rows: &[Row]) {
    let mut client = SdkClient::new(rules, Time::ZERO);
    let (mut now, mut attempt, mut cost) = (Time::ZERO, 0, None);
    for row in rows {
        if let Some(called) = row.called {
            (now, attempt, cost) = (called, 0, None);
        }
        attempt += 1;
        wait(&mut client, now, row.waited, tolerance(rules));
        now = now.after(row.waited).after(ATTEMPT);
        let Some(failure) = failure(row.answer) else {
            client.succeeded(now, cost);
            assert!(row.again.is_none(), "an answer ends a call");
            assert_eq!(row.tokens_left.unwrap_or(FULL_QUOTA), client.tokens());
            continue;
        };
        let draw = row.again.map_or(0, |(draw, _)| draw);
        let after = client.failed(rules, now, (attempt, rules.attempts), failure, draw);
        match (after, row.again) {
            (AfterFailure::Again { delay, cost: of_retry }, Some((_, measured))) => {
                assert!(delay.0.abs_diff(measured.0) <= rules.step.0.max(2), "{delay}, measured {measured}");
                cost = Some(of_retry);
                now = now.after(measured);
            }
            (AfterFailure::GivesUp | AfterFailure::OutOfQuota, None) => {
                assert_eq!(row.tokens_left.unwrap_or(FULL_QUOTA), client.tokens());
            }
            (after, again) => panic!("{after:?} after attempt {attempt} at {now:?}, measured {again:?}"),
        }
    }
}

#[test]
fn every_attempt_is_that_of_the_package() {
    let measured = measured();
    let names: std::collections::BTreeSet<&str> = measured.keys().map(|(client, _)| *client).collect();
    assert_eq!(names.len(), 6);
    for ((name, script), rows) in &measured {
        let sdk: Sdk = serde_json::from_value(serde_json::json!(name)).expect("an SDK of the register");
        println!("{name}, {script}: {} attempts", rows.len());
        follow(sdk.rules(), rows);
    }
}

#[test]
fn a_client_alone_makes_as_many_retries_as_its_quota_has_room_for() {
    let retries = |sdk: Sdk, failure| {
        let (rules, mut retries) = (sdk.rules(), 0);
        let mut client = SdkClient::new(rules, Time::ZERO);
        for _ in 0..1000 {
            for attempt in 1.. {
                match client.failed(rules, Time::ZERO, (attempt, rules.attempts), failure, 0) {
                    AfterFailure::Again { .. } => retries += 1,
                    _ => break,
                }
            }
        }
        retries
    };
    let full = Failure::InsufficientInstanceCapacity;
    assert_eq!(retries(Sdk::BotocoreStandard, full), 35);
    assert_eq!(retries(Sdk::BotocoreStandard, Failure::RequestLimitExceeded), 100);
    assert_eq!(retries(Sdk::Botocore143Standard, full), 100);
    assert_eq!(retries(Sdk::RustStandard, full), 50);
    assert_eq!(retries(Sdk::BotocoreLegacy, full), 4 * 1000);
    assert_eq!(retries(Sdk::JsV3Standard, Failure::VcpuLimitExceeded), 0);
}

#[test]
fn the_register_has_every_sdk_once() {
    for rules in &SDKS {
        assert_eq!(rules.sdk.rules(), rules);
    }
}
