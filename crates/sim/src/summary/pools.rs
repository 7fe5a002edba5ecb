//! Figures of Auto Scaling groups, of pools and their jobs.

use serde_json::{Map, Value, json};

use super::Run;
use super::percentiles::FIGURES;
use crate::cloud::outcome::{GroupUse, JobPoolUse, JobUse};
use plimsoll_base::units::{NS_PER_S, format_micro_usd};
use plimsoll_model::autoscaling::scaler::ScalingCause;

/// Returns the figures of every source of jobs.
pub fn jobs(run: &Run<'_>) -> Value {
    let figures = |(name, jobs): &(String, JobUse)| {
        let JobUse { arrived, started_at_once, lost, waiting_at_end, waits } = jobs;
        let ratio = (*arrived > 0).then(|| *started_at_once as f64 / *arrived as f64);
        let mut wait = Map::from_iter([("count".to_string(), json!(waits.len()))]);
        for figure in FIGURES.iter().filter(|_| !waits.is_empty()) {
            wait.insert(figure.name.to_string(), json!((figure.ns)(waits) as f64 / NS_PER_S as f64));
        }
        let figures = json!({
            "arrived": arrived,
            "started_at_once": started_at_once,
            "started_at_once_ratio": ratio,
            "lost": lost,
            "waiting_at_end": waiting_at_end,
            "wait_s": wait,
        });
        (name.clone(), figures)
    };
    Value::Object(run.outcome.jobs.iter().map(figures).collect())
}

/// Returns the figures of every Auto Scaling group.
pub fn groups(run: &Run<'_>) -> Value {
    let figures = |(name, group): &(String, GroupUse)| {
        let GroupUse { figures, activities, .. } = group;
        let ratio = |over: f64, under: f64| (under > 0.0).then_some(over / under);
        let count = |cause| activities.get(&cause).copied().unwrap_or(0);
        let cost = run.outcome.bill.by_account.get(&group.account).copied().unwrap_or(0);
        let figures = json!({
            "desired_mean": figures.desired_mean,
            "desired_peak": figures.desired_peak,
            "in_service_mean": figures.in_service_mean,
            "in_service_peak": figures.in_service_peak,
            "load_peak_units": figures.peak_load_milli as f64 / 1000.0,
            "utilisation_mean": ratio(figures.service.load_unit_s, figures.service.capacity_unit_s),
            "unserved_unit_s": figures.service.unserved_unit_s,
            "unserved_ratio": ratio(figures.service.unserved_unit_s, figures.service.load_unit_s),
            "above_target_s": figures.service.above_target_s,
            "launches_refused": group.refused,
            "replaced": group.replaced,
            "replaced_ahead": group.replaced_ahead,
            "rebalanced": group.rebalanced,
            "waiting_unit_s": figures.service.waiting_unit_s,
            "waiting_unit_s_peak": figures.service.waiting_unit_s_peak,
            "wait_s_mean": figures.service.wait_s_mean,
            "spot_in_service_mean": figures.spot_in_service_mean,
            "warm_ready_mean": figures.warm_ready_mean,
            "warm_starts": group.warm_starts,
            "reused": group.reused,
            "activities": {
                "high_alarm": count(ScalingCause::HighAlarm),
                "low_alarm": count(ScalingCause::LowAlarm),
                "schedule": count(ScalingCause::Schedule),
                "forecast": count(ScalingCause::Forecast),
            },
            "cost_usd": format_micro_usd(cost),
            "fixed_fleet_usd": format_micro_usd(group.fixed_fleet_micro_usd),
        });
        (name.clone(), figures)
    };
    Value::Object(run.outcome.autoscaling_groups.iter().map(figures).collect())
}

/// Returns the figures of every pool.
pub fn pools(run: &Run<'_>) -> Value {
    let figures = |(name, pool): &(String, JobPoolUse)| {
        let cost = run.outcome.bill.by_account.get(&pool.account).copied().unwrap_or(0);
        let figures = json!({
            "size": pool.size,
            "ready_mean": pool.ready_mean,
            "coming_mean": pool.coming_mean,
            "busy_mean": pool.busy_mean,
            "busy_peak": pool.busy_peak,
            "waiting_mean": pool.waiting_mean,
            "waiting_peak": pool.waiting_peak,
            "cost_usd": format_micro_usd(cost),
        });
        (name.clone(), figures)
    };
    Value::Object(run.outcome.pools.iter().map(figures).collect())
}
