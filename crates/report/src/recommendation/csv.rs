//! `tried.csv`: a row for each point that was tried.

use std::iter;

use super::data::{RecommendationData, TriedData};
use crate::table::csv_bytes;

/// Returns the bytes of the table: settings, cost, runs, and for each target mean, interval and status in the unit of its metric,
/// and the runs that meet it.
pub fn csv(data: &RecommendationData) -> Vec<u8> {
    csv_bytes(iter::once(header(data)).chain(data.tried.iter().map(|tried| row(data, tried))))
}

fn header(data: &RecommendationData) -> Vec<String> {
    let of_target = |metric: &str| {
        ["mean", "low", "high", "status", "runs_met"].map(|figure| format!("{metric} {figure}"))
    };
    let settings = data.variables.iter().map(|variable| variable.path.clone());
    let fixed = ["future", "cost", "runs", "exact", "feasible"].map(str::to_string);
    settings.chain(fixed).chain(data.targets.iter().flat_map(|target| of_target(&target.metric))).collect()
}

fn row(data: &RecommendationData, tried: &TriedData) -> Vec<String> {
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let fixed = [
        data.futures[tried.future].clone(),
        cell(tried.known_cost()),
        tried.digests.len().to_string(),
        tried.exact.to_string(),
        tried.feasible.to_string(),
    ];
    let targets = (0..data.targets.len()).flat_map(|number| match tried.targets.get(number) {
        Some(target) => {
            let (low, high) = target.interval.unzip();
            let met = cell(target.runs_met.map(|met| met as f64));
            [cell(target.mean), cell(low), cell(high), target.status.name().to_string(), met]
        }
        // Settings that make no scenario have no estimate.
        None => Default::default(),
    });
    tried.settings.iter().cloned().chain(fixed).chain(targets).collect()
}
