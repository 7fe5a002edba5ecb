//! Sentences that head a run: what was run, and the question that it answers.

use crate::run::summary::Summary;
use crate::text::name;
use plimsoll_base::units::figures::{grouped, span};
use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// Returns a length of time \[s\] in words.
pub fn time(seconds: f64) -> String {
    span(Duration((seconds * NS_PER_S as f64).round() as u64))
}

/// Returns a moment of a run \[s\] in words, with its date where the run has one: `59 d 17 h (2026-03-01 17:00 UTC)`.
pub fn moment(summary: &Summary, seconds: f64) -> String {
    match summary.calendar() {
        Some(calendar) => format!("{} ({})", time(seconds), calendar.shown(at(seconds))),
        None => time(seconds),
    }
}

/// Returns the day of a moment \[s\]: its date where the run has one, else the time since the start.
pub fn day(summary: &Summary, seconds: f64) -> String {
    let date = summary.calendar().map(|calendar| calendar.shown(at(seconds)));
    let date = date.and_then(|shown| shown.split(' ').next().map(String::from));
    date.unwrap_or_else(|| time(seconds))
}

fn at(seconds: f64) -> Time {
    Time((seconds * NS_PER_S as f64).round() as u64)
}

/// Returns a number of things in words: `1 call`, `2,300 calls`.
pub fn number(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Returns the strategy, hosts, simulated time and seed.
pub fn headline(summary: &Summary) -> String {
    let warmup = match summary.warmup_s {
        0.0 => String::new(),
        warmup => format!(" (the first {} not counted)", time(warmup)),
    };
    let hosts = number(summary.fleet.hosts, "host", "hosts");
    let at_most = if summary.fleet.hosts_peak_at_s.is_some() { "at most " } else { "" };
    let start = summary.calendar().map(|calendar| format!(" from {}", calendar.shown(Time::ZERO)));
    format!(
        "{} on {at_most}{hosts}, {} simulated{}{warmup}, seed {}",
        summary.strategy,
        time(summary.horizon_s),
        start.unwrap_or_default(),
        summary.seed,
    )
}

/// Returns the question that the run answers: about its objectives, its calls, or its instances.
pub fn question(summary: &Summary) -> String {
    let counted = time(summary.horizon_s - summary.warmup_s);
    let calls = number(summary.calls().0, "call", "calls");
    let instances = number(summary.launch.requested, "instance", "instances");
    let is_of_calls = summary.has_control_plane() || summary.is_about_calls();
    let demand = if is_of_calls { &calls } else { &instances };
    match summary.objectives.len() as u64 {
        0 => {}
        1 => return format!("Is the objective met, with {demand} in {counted}?"),
        all => return format!("Are the {} objectives met, with {demand} in {counted}?", grouped(all)),
    }
    if is_of_calls {
        return format!("Are {calls} in {counted} carried out?");
    }
    let strategy = name(&summary.strategy);
    if summary.fleet.hosts_peak_at_s.is_some() {
        return format!("How many hosts do {instances} in {counted} take, placed by {strategy}?");
    }
    format!(
        "Do {instances} in {counted} find room on {}, placed by {strategy}?",
        number(summary.fleet.hosts, "host", "hosts"),
    )
}

/// Returns a sentence on the instances of the steady state that found no room at the start; `None` where all did.
pub fn steady_state(summary: &Summary) -> Option<String> {
    let expected = summary.steady_state.expected;
    let left_out = expected - summary.steady_state.moved_in;
    (left_out > 0).then(|| {
        format!(
            "{} of the {} instances of the steady state found no room or address at the start.",
            grouped(left_out),
            grouped(expected),
        )
    })
}
