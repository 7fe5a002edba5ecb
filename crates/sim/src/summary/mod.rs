//! The figures of a finished run: scenario, seed, digest, and every metric of the register at its path.
//!
//! Experiments compare these figures, reports show them; `summary.json` is their file.

mod breakdown;
mod control_plane;
pub mod metrics;
pub mod percentiles;
mod pools;
pub mod run;
#[doc(hidden)]
pub mod sample;
mod shortage;
pub mod warnings;

pub use run::{Execution, Run, shell_line};

use serde_json::{Map, Value, json};

use metrics::METRICS;
use plimsoll_base::units::Time;

/// The schema of this version.
pub const SCHEMA: &str = "plimsoll/summary/1";

/// Returns the whole summary.
pub fn value(run: &Run<'_>) -> Value {
    let mut summary = json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": run.scenario.name,
        "seed": run.scenario.seed,
        "strategy": run.scenario.placement.strategy.name,
        "digest": format!("{:032x}", run.outcome.digest),
    });
    if let Some(calendar) = run.scenario.calendar() {
        summary["start"] = json!(calendar.date_time(Time::ZERO));
    }
    let warnings = warnings::warnings(run);
    if !warnings.is_empty() {
        summary["warnings"] = json!(warnings);
    }
    if let Some(first) = &run.outcome.first_shortage {
        summary["first_shortage"] = shortage::value(run, first);
    }
    summary["by_type"] = breakdown::types(run);
    for metric in METRICS {
        let mut at = &mut summary;
        for step in metric.path.split('.') {
            let table = at.as_object_mut().expect("no metric lies below another");
            at = table.entry(step).or_insert_with(|| Value::Object(Map::new()));
        }
        *at = (metric.value)(run);
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::sample::with_run;
    use super::*;

    /// Keys that scripts rely on: more may be added, these never change.
    const STABLE_KEYS: [(&str, &str); 7] = [
        (
            "",
            "schema version scenario seed strategy digest launch operations fleet network billing latency_s engine",
        ),
        ("/launch", "requested succeeded failed success_ratio failed_by_code"),
        ("/operations/launch", "requested succeeded failed failed_by_code"),
        (
            "/fleet",
            "hosts hosts_used_peak hosts_used_mean hosts_empty_ratio_mean host_seconds_used \
             vcpu_used_ratio_mean vcpu_used_ratio_peak memory_used_ratio_mean memory_used_ratio_peak \
             packing_density_vcpu_mean packing_density_memory_mean stranded_vcpu_ratio_mean \
             stranded_memory_ratio_mean instances_running_mean instances_running_peak",
        ),
        ("/network/subnets/0", "name addresses used_mean used_peak exhausted_at_s"),
        ("/network/public", "addresses used_mean used_peak exhausted_at_s"),
        ("/engine", "events wall_s events_per_s peak_memory_bytes threads"),
    ];

    #[test]
    fn every_key_of_the_contract_is_there() {
        with_run(|run| {
            let summary = value(run);
            for (table, keys) in STABLE_KEYS {
                for key in keys.split_whitespace() {
                    assert!(
                        summary.pointer(&format!("{table}/{key}")).is_some(),
                        "{table}/{key} in {summary:#}"
                    );
                }
            }
            assert_eq!(summary["launch"]["failed_by_code"]["InsufficientInstanceCapacity"], 1);
            assert_eq!(summary["billing"]["total"], "0.000000");
            assert_eq!(summary["billing"]["by_kind"]["instance"], "0.000000");
            assert_eq!(summary["latency_s"]["launch"]["count"], 2);
        });
    }
}
