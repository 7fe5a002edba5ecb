//! Figures of pools and their jobs.

use serde_json::{Map, Value, json};

use super::Run;
use super::percentiles::FIGURES;
use crate::cloud::outcome::{JobPoolUse, JobUse};
use plimsoll_base::units::{NS_PER_S, format_micro_usd};

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
