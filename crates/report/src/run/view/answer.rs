//! Answer of a run in a sentence or two. What the scenario asks for comes first: its objectives; then what did not keep up,
//! how many hosts the demand takes, what ran out.

use super::reacting;
use super::shortage;
use super::tables::in_path_order;
use super::words::{moment, number};
use crate::format::amount;
use crate::run::summary::{Objective, StageFigures, Summary};
use crate::text::name;
use plimsoll_base::units::figures::{grouped, percent, readable};
use plimsoll_experiment::metric;

/// Figures that stages of the control plane decide.
const OF_STAGES: [&str; 4] = ["latency_s.", "availability.", "control_plane.", "stages."];

/// Returns the answer.
pub fn answer(summary: &Summary) -> String {
    if !summary.objectives.is_empty() {
        return objectives(summary);
    }
    let sentences = match () {
        () if summary.has_control_plane() => [calls(summary), binding(summary), shortage::sentence(summary)],
        () if summary.fleet.hosts_peak_at_s.is_some() => {
            [elastic(summary), refused(summary), shortage::sentence(summary)]
        }
        () => [Some(shortage::sentence(summary).unwrap_or_else(|| room(summary))), None, None],
    };
    let sentences = [reacting::sentence(summary)].into_iter().chain(sentences);
    sentences.flatten().collect::<Vec<_>>().join(" ")
}

/// Returns which objectives are met, the one that is missed by most, and what broke first.
fn objectives(summary: &Summary) -> String {
    let all = summary.objectives.len() as u64;
    let mut missed: Vec<&Objective> = summary.objectives.iter().filter(|objective| !objective.met).collect();
    missed.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    let Some(worst) = missed.first() else {
        let nearest = summary.objectives.iter().max_by(|a, b| excess(a).total_cmp(&excess(b)));
        let nearest = nearest.map(standing).unwrap_or_default();
        let met = match all {
            1 => format!("Yes: the objective is met; {nearest}."),
            2 => format!("Yes: both objectives are met; nearest to a miss: {nearest}."),
            all => format!("Yes: all {} objectives are met; nearest to a miss: {nearest}.", grouped(all)),
        };
        return met + &backlog(summary).map_or_else(String::new, |backlog| format!(" But {backlog}"));
    };
    let count = match (missed.len() as u64, all) {
        (_, 1) => "No: the objective is missed".to_string(),
        (missed, all) => format!("No: {} of {} objectives missed", grouped(missed), grouped(all)),
    };
    let furthest = if missed.len() > 1 { "; by most: " } else { ": " };
    let is_of_stages = OF_STAGES.iter().any(|table| worst.metric.starts_with(table));
    let broke = match is_of_stages && summary.has_control_plane() {
        true => binding(summary).or_else(|| shortage::sentence(summary)),
        false => shortage::sentence(summary).or_else(|| binding(summary)),
    };
    let broke = broke.map_or_else(String::new, |broke| format!(" {broke}"));
    format!("{count}{furthest}{}.{broke}", standing(worst))
}

/// Returns how far a value is beyond what is wanted, as a factor: above 1 it is missed. Of shares that may be no less than
/// something it is the factor of what may be lost.
fn excess(objective: &Objective) -> f64 {
    let Some(value) = objective.value else { return if objective.met { 0.0 } else { f64::INFINITY } };
    let is_share = metric::unit(&objective.metric) == "0 to 1";
    let above = objective.at_most.map(|most| value / most);
    let below = objective.at_least.map(|least| match is_share && least < 1.0 {
        true => (1.0 - value) / (1.0 - least),
        false => least / value,
    });
    let factors = above.into_iter().chain(below).filter(|factor| !factor.is_nan());
    factors.fold(0.0, f64::max)
}

/// Returns a value beside what is wanted: `latency_s.launch.p99 is 904 s, 15 times the 60 s wanted at most`.
fn standing(objective: &Objective) -> String {
    let unit = metric::unit(&objective.metric);
    let metric = name(&objective.metric);
    let Some(value) = objective.value else {
        let never = metric::is_first_time(&objective.metric);
        return format!("{metric} {}", if never { "never happened" } else { "has no value" });
    };
    let found = format!("{metric} is {}", exact(value, unit));
    let factor =
        Some(excess(objective)).filter(|factor| !objective.met && factor.is_finite() && *factor >= 1.1);
    let over = objective.at_most.filter(|most| objective.met || value > *most);
    let under = objective.at_least.filter(|least| objective.met || value < *least);
    match (over, under, factor.map(readable)) {
        (Some(most), _, Some(times)) => {
            format!("{found}, {times} times the {} wanted at most", exact(most, unit))
        }
        (Some(most), _, None) => format!("{found}, wanted at most {}", exact(most, unit)),
        (None, Some(least), Some(times)) if unit == "0 to 1" && least < 1.0 => {
            format!("{found}, wanted at least {}: {times} times the failures allowed", exact(least, unit))
        }
        (None, Some(least), _) => format!("{found}, wanted at least {}", exact(least, unit)),
        (None, None, _) => found,
    }
}

/// Returns a value with its unit; of a share near 1 every nine.
fn exact(value: f64, unit: &str) -> String {
    match unit {
        "0 to 1" if value > 0.99 && value < 1.0 => {
            let text = format!("{:.4}", 100.0 * value);
            format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => amount(value, unit),
    }
}

/// Returns the calls with how they ended, and how long launches took.
fn calls(summary: &Summary) -> Option<String> {
    let (requested, refused) = summary.calls();
    let failed = summary.availability.failed;
    let backlog = backlog(summary);
    let launch = summary.latency_s.get("launch").filter(|latency| latency.max > 0.0);
    let latency = launch.map_or_else(String::new, |latency| {
        let [p50, p99] = [latency.p50, latency.p99].map(|seconds| amount(seconds, "s"));
        format!(" Launches took {p50} in the median, {p99} at the 99th percentile.")
    });
    let calls = number(requested, "call", "calls");
    let ended = match (requested, refused) {
        (0, _) => return Some("Nothing was asked for.".to_string()),
        (_, 0) if backlog.is_none() => format!("Yes: {calls}, none refused."),
        (_, 0) => format!("{calls}, none refused."),
        _ => format!(
            "{} of {calls} refused, {} by a fault of the service: availability {}.",
            grouped(refused),
            grouped(failed),
            exact(1.0 - failed as f64 / requested as f64, "0 to 1"),
        ),
    };
    let still = backlog.map_or_else(String::new, |backlog| format!("No: {backlog} "));
    Some(format!("{still}{ended}{latency}"))
}

/// Returns a sentence on the work that was still queued at the end; `None` where there was none.
fn backlog(summary: &Summary) -> Option<String> {
    let unstable = &summary.control_plane.unstable;
    let waiting = |stage: &str| summary.stages.get(stage).map_or(0, |stage| stage.queue_length_last);
    if let Some(first) = unstable.first() {
        let others = match unstable.len() {
            1 => String::new(),
            more => format!(" and {}", number(more as u64 - 1, "other stage", "other stages")),
        };
        return Some(format!(
            "{}{others} cannot keep up: {} at the end.",
            name(first),
            number(waiting(first), "job still waited there", "jobs still waited there"),
        ));
    }
    let all: u64 = summary.stages.values().map(|stage| stage.queue_length_last).sum();
    (all > 0).then(|| format!("{} at the end.", number(all, "job still waited", "jobs still waited")))
}

/// Returns the stage that binds: where jobs wait longest in all; `None` where none waits or is turned away.
fn binding(summary: &Summary) -> Option<String> {
    let stages = in_path_order(summary);
    let unstable = |name: &str| summary.control_plane.unstable.iter().any(|known| known == name);
    let weight = |(stage_name, stage): &(&str, &StageFigures)| {
        (unstable(stage_name), stage.wait_s_total, stage.refused + stage.timed_out)
    };
    let found = stages.iter().copied().max_by(|a, b| {
        let (a, b) = (weight(a), weight(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
    })?;
    let (stage_name, stage) = found;
    if stage.wait_s_total == 0.0 && stage.refused + stage.timed_out == 0 {
        return None;
    }
    // Messages wait for workers in a queue that has no servers of its own.
    let server = if stage_name == "queue" { summary.stages.get("workers") } else { Some(stage) };
    let occupied = server.and_then(|server| server.occupied_ratio).map_or_else(String::new, |share| {
        let whose = if stage_name == "queue" { "workers " } else { "" };
        format!(", {whose}{} occupied", percent(share))
    });
    let wait = stage
        .wait_s_mean
        .map_or_else(String::new, |wait| format!(": jobs wait {} on average", amount(wait, "s")));
    let gone = match stage.refused + stage.timed_out {
        0 => String::new(),
        gone => format!(", {} turned away or given up", number(gone, "job", "jobs")),
    };
    Some(format!("The stage {} binds first{wait}{occupied}{gone}.", name(stage_name)))
}

/// Returns how many hosts an elastic fleet took, and when.
fn elastic(summary: &Summary) -> Option<String> {
    let fleet = &summary.fleet;
    let at = fleet.hosts_peak_at_s?;
    let bound = match fleet.hosts_lower_bound_peak {
        0 => String::new(),
        bound => format!("; no packing of what ran at the peak does with fewer than {}", grouped(bound)),
    };
    Some(format!(
        "{} at most, after {}; {} on average{bound}.",
        number(fleet.hosts, "host", "hosts"),
        moment(summary, at),
        readable(fleet.hosts_mean),
    ))
}

/// Returns how many instances an elastic fleet refused; `None` where it took all.
fn refused(summary: &Summary) -> Option<String> {
    let launch = &summary.launch;
    (launch.failed > 0).then(|| {
        format!("{} of {} instances were refused.", grouped(launch.failed), grouped(launch.requested))
    })
}

/// Returns the answer of a run in which nothing ran out.
fn room(summary: &Summary) -> String {
    let (launch, fleet) = (&summary.launch, &summary.fleet);
    if launch.requested == 0 {
        return about_calls(summary);
    }
    if launch.failed > 0 {
        return format!(
            "Nothing ran out; {} of {} instances were refused for other reasons.",
            grouped(launch.failed),
            grouped(launch.requested),
        );
    }
    let shares = [("vCPU", fleet.vcpu_used_ratio_peak), ("memory", fleet.memory_used_ratio_peak)];
    let [vcpu, memory] = shares.map(|(what, share)| format!("{} of the {what}", percent(share)));
    format!("Yes: every instance was launched; the peak took {vcpu} and {memory}.")
}

/// Returns the answer of a run in which no instances were asked for.
fn about_calls(summary: &Summary) -> String {
    match summary.calls() {
        (0, _) => "Nothing was asked for.".to_string(),
        (_, 0) => "Yes: every call was carried out.".to_string(),
        (requested, failed) => format!(
            "{} of {} calls were refused, {} by a fault of the service.",
            grouped(failed),
            grouped(requested),
            grouped(summary.availability.failed),
        ),
    }
}
