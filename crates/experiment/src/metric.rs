//! Meaning of a single figure of a run: its direction, its unit, its place in the order of the register.
//!
//! The register of metrics names tables whose keys only a run knows, such as `latency_s`. A figure in such a
//! table has the direction of its table. Where the table has no direction, or the figure only counts what the
//! table is about, the last word of its path decides: see [`better`].

use plimsoll_base::failure;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_sim::summary::metrics::{Better, METRICS, Metric};

/// Tables that are no figures of the simulated cloud, but of the machine that simulated it.
const OF_THE_MACHINE: &str = "engine.";

/// Returns the metrics of the simulated cloud: the register without those of the machine.
pub fn register() -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(|metric| !metric.path.starts_with(OF_THE_MACHINE))
}

/// Returns the row of the register that a path belongs to: itself, or the table it lies in.
pub fn entry(path: &str) -> Option<&'static Metric> {
    register().find(|metric| below(path, metric.path).is_some())
}

/// Refuses, at `place`, a name that no run can have: neither in the register, nor in a table of it, nor a part
/// of it.
pub fn check(name: &str, place: &Place) -> Result<(), Problem> {
    let holds_some =
        |metric: &Metric| metric.path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    if entry(name).is_some() || register().any(holds_some) {
        return Ok(());
    }
    let mut problem = Problem::new(place.clone(), format!("no metric is called `{name}`"));
    let near = did_you_mean(name, register().map(|metric| metric.path));
    problem.help = near.or(Some("`plimsoll list metrics` shows them all".to_string()));
    Err(problem)
}

/// Returns the place of a path in the order of the register, for [`sort_by_key`](slice::sort_by_key) together with the
/// path; unknown ones come last.
pub fn rank(path: &str) -> usize {
    register().position(|metric| below(path, metric.path).is_some()).unwrap_or(usize::MAX)
}

/// Returns the part of `path` below `table`; empty for the table itself, `None` for a path elsewhere.
pub fn below<'a>(path: &'a str, table: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(table)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// Returns the direction in which a figure is good. Within a table:
///
/// - `failed_by_code` and all below it: lower;
/// - by the last word of the path: `succeeded`, `completed` higher; `failed`, `refused`, `timed_out` lower; `at_s` and
///   `exhausted_at_s` (when something first ran out) higher; `fragmentation_*`, `wait_s_*`, `queue_length_*`
///   lower; `count`, `requested`, `arrivals` neither;
/// - else the direction of the table.
pub fn better(path: &str) -> Better {
    let Some(metric) = entry(path) else { return Better::Neither };
    if metric.path == path {
        return metric.better;
    }
    if path.contains(".failed_by_code.") {
        return Better::Lower;
    }
    match last_word(path) {
        "succeeded" | "completed" => Better::Higher,
        "failed" | "refused" | "timed_out" if !metric.path.ends_with("probes") => Better::Lower,
        "count" | "requested" | "arrivals" | "arrived" => Better::Neither,
        "started_at_once" | "started_at_once_ratio" => Better::Higher,
        "lost" | "cost_usd" | "unserved_unit_s" | "unserved_ratio" | "above_target_s"
        | "launches_refused" => Better::Lower,
        word if word.starts_with("waiting_") => Better::Lower,
        _ if path.contains(".wait_s.") => Better::Lower,
        word if word.ends_with("at_s") => Better::Higher,
        word if ["fragmentation_", "wait_s_", "queue_length_"]
            .iter()
            .any(|start| word.starts_with(start)) =>
        {
            Better::Lower
        }
        _ => metric.better,
    }
}

/// Unit of shares.
pub const RATIO: &str = "0 to 1";

/// Returns the unit of a figure, as the register has it. In a table the end of the path comes first: `_s`, `_gib`,
/// `_mibps`, `fragmentation_*`; a `count` is a number.
pub fn unit(path: &str) -> &'static str {
    let Some(metric) = entry(path) else { return "" };
    if metric.path == path {
        return metric.unit;
    }
    let word = last_word(path);
    match word {
        "count" => "",
        _ if path.contains(".wait_s.") => "s",
        _ if word.ends_with("_usd") => "USD",
        _ if word.ends_with("_ratio") && ["jobs", "autoscaling_groups"].contains(&metric.path) => RATIO,
        "utilisation_mean" => RATIO,
        "load_peak_units" => "units",
        "unserved_unit_s" => "units · s",
        _ if path.contains(".activities.") => "activities",
        _ if word.starts_with("fragmentation_") => RATIO,
        _ if word.ends_with("_s") || word.contains("_s_") => "s",
        _ if word.ends_with("_gib") => "GiB",
        _ if word.ends_with("_mibps") => "MiB/s",
        _ => metric.unit,
    }
}

/// Returns a figure in a few words, such as a chart has for its title: `Instances refused`, `99th percentile of launch`.
pub fn words(path: &str) -> String {
    let Some(metric) = entry(path) else { return path.to_string() };
    if let Some((what, figure)) = path.strip_prefix("latency_s.").and_then(|rest| rest.rsplit_once('.')) {
        let of = match figure {
            "p50" => "Median time",
            "p90" => "90th percentile",
            "p99" => "99th percentile",
            "p999" => "99.9th percentile",
            "mean" => "Mean time",
            "max" => "Longest time",
            _ => "Number",
        };
        return format!("{of} of {what}");
    }
    if metric.path != path {
        return path.to_string();
    }
    let first = metric.meaning.split([';', ':']).next().unwrap_or(metric.meaning);
    let mut letters = first.chars();
    letters.next().map_or_else(String::new, |letter| letter.to_uppercase().chain(letters).collect())
}

/// Returns whether a path is that of the time at which something first ran out, or a request was first refused. Such a
/// figure is there only when it happened.
pub fn is_first_time(path: &str) -> bool {
    let code = path.strip_prefix("first_failures.").and_then(|rest| rest.strip_suffix(".at_s"));
    entry(path).is_some() && (last_word(path) == "exhausted_at_s" || code.is_some_and(is_error_code))
}

/// Returns whether a path is that of how often requests were refused with an error code there is. Such a figure is there
/// only when it happened.
pub fn counts_an_error(path: &str) -> bool {
    let code = path.split_once(".failed_by_code.").map(|(_, code)| code);
    entry(path).is_some() && code.is_some_and(is_error_code)
}

fn is_error_code(name: &str) -> bool {
    failure::REGISTER.iter().any(|entry| entry.ec2_name == name)
}

fn last_word(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_happens_is_known_by_its_path() {
        assert!(is_first_time("network.public.exhausted_at_s"));
        assert!(is_first_time("first_failures.InvalidInstanceID.NotFound.at_s"));
        assert!(!is_first_time("first_failures.Insufficient.at_s") && !is_first_time("launch.failed"));
        assert!(counts_an_error("operations.stop.failed_by_code.InvalidInstanceID.NotFound"));
        assert!(!counts_an_error("launch.failed_by_code.Insufficient") && !counts_an_error("launch.failed"));
    }

    #[test]
    fn figures_have_words() {
        for (path, expected) in [
            ("launch.failed", "Instances refused"),
            ("launch.success_ratio", "Launched ÷ requested"),
            ("latency_s.launch.p99", "99th percentile of launch"),
            ("network.subnets.web.used_peak", "network.subnets.web.used_peak"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(words(path), expected);
        }
    }

    #[test]
    fn figures_of_a_table_have_the_direction_that_makes_sense() {
        for (path, expected, unit_expected) in [
            ("launch.success_ratio", Better::Higher, "0 to 1"),
            ("launch.failed_by_code.InsufficientInstanceCapacity", Better::Lower, "instances"),
            ("operations.launch.requested", Better::Neither, "calls"),
            ("operations.stop.answers.failed", Better::Lower, "calls"),
            ("operations.stop.answers.failed_by_code.InvalidInstanceID.NotFound", Better::Lower, "calls"),
            ("first_failures.InsufficientInstanceCapacity.at_s", Better::Higher, "s"),
            ("network.subnets.a.used_mean", Better::Neither, "addresses"),
            ("network.subnets.a.exhausted_at_s", Better::Higher, "s"),
            ("network.subnets.a.fragmentation_peak", Better::Lower, "0 to 1"),
            ("network.probes.refused", Better::Neither, "probes"),
            ("storage.backends.zone.capacity_used_peak_gib", Better::Neither, "GiB"),
            ("latency_s.launch.p99", Better::Lower, "s"),
            ("latency_s.launch.count", Better::Neither, ""),
            ("jobs.builds.started_at_once_ratio", Better::Higher, "0 to 1"),
            ("jobs.builds.wait_s.p99", Better::Lower, "s"),
            ("pools.runners.cost_usd", Better::Lower, "USD"),
            ("autoscaling_groups.web.unserved_ratio", Better::Lower, "0 to 1"),
            ("autoscaling_groups.web.unserved_unit_s", Better::Lower, "units · s"),
            ("autoscaling_groups.web.activities.high_alarm", Better::Neither, "activities"),
            ("billing.by_kind.instance", Better::Neither, "USD"),
            ("engine.wall_s", Better::Neither, ""),
            ("latency_surplus", Better::Neither, ""),
        ] {
            assert_eq!((better(path), unit(path)), (expected, unit_expected), "{path}");
        }
    }
}
