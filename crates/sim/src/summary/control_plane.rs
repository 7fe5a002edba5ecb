//! The figures of the control plane in `summary.json`; null where none is modelled.

use serde_json::{Map, Value, json};

use super::Run;
use plimsoll_base::units::NS_PER_S;
use plimsoll_model::control_plane::plane::figures::{ControlPlaneUse, StageUse};

/// Returns a figure of the control plane.
pub fn figure(run: &Run<'_>, of: fn(&ControlPlaneUse) -> Value) -> Value {
    run.outcome.control_plane.as_ref().map_or(Value::Null, of)
}

/// Returns every stage, by its name.
pub fn stages(run: &Run<'_>) -> Value {
    let stages = run.outcome.control_plane.iter().flat_map(|plane| &plane.stages);
    let table: Map<String, Value> = stages.map(|stage| (stage.name.to_string(), figures(stage))).collect();
    Value::Object(table)
}

fn figures(stage: &StageUse) -> Value {
    let usage = &stage.usage;
    json!({
        "arrivals": usage.arrivals,
        "completed": usage.completed,
        "refused": usage.refused,
        "timed_out": usage.timed_out,
        "wait_s_mean": usage.wait_s_mean(),
        "service_s_mean": usage.service_s_mean(),
        "busy_ratio": usage.busy_ratio(),
        "occupied_ratio": usage.occupied_ratio(),
        "queue_length_mean": usage.queue_length_mean(),
        "queue_length_peak": usage.queue_peak,
        "queue_length_last": usage.waiting,
        "wait_s_total": usage.waited as f64 / NS_PER_S as f64,
    })
}

/// Returns the counts of the waiters of clients.
pub fn waiters(run: &Run<'_>) -> Value {
    let Some(waiters) = &run.outcome.waiters else { return Value::Null };
    json!({
        "begun": waiters.begun,
        "polls": waiters.polls,
        "succeeded": waiters.succeeded,
        "failed": waiters.failed,
        "gave_up": waiters.gave_up,
        "waiting_at_end": waiters.waiting_at_end,
    })
}

/// Returns hits ÷ lookups; null without lookups.
pub fn hit_ratio(hits: u64, misses: u64) -> Value {
    let lookups = hits + misses;
    if lookups == 0 { Value::Null } else { json!(hits as f64 / lookups as f64) }
}
