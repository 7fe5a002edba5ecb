//! `tried.csv`: a row for each point that was tried.

use super::data::{RecommendationData, TriedData};
use plimsoll_base::quote;

/// Returns the bytes of the table: settings, cost, runs, and for each target mean, interval and status in the unit of its metric.
pub fn csv(data: &RecommendationData) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| quote::cell(cell));
        writer.write_record(cells.map(|cell| cell.into_owned())).expect("memory can be written");
    };
    write(header(data));
    for tried in &data.tried {
        write(row(data, tried));
    }
    writer.into_inner().expect("memory can be written")
}

fn header(data: &RecommendationData) -> Vec<String> {
    let of_target =
        |metric: &str| ["mean", "low", "high", "status"].map(|figure| format!("{metric} {figure}"));
    let settings = data.variables.iter().map(|variable| variable.path.clone());
    let fixed = ["future", "cost", "runs", "exact", "feasible"].map(str::to_string);
    settings.chain(fixed).chain(data.targets.iter().flat_map(|target| of_target(&target.metric))).collect()
}

fn row(data: &RecommendationData, tried: &TriedData) -> Vec<String> {
    let fixed = [
        data.futures[tried.future].clone(),
        tried.cost.to_string(),
        tried.digests.len().to_string(),
        tried.exact.to_string(),
        tried.feasible.to_string(),
    ];
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let targets = (0..data.targets.len()).flat_map(|number| match tried.targets.get(number) {
        Some(target) => {
            let (low, high) = target.interval.unzip();
            [cell(target.mean), cell(low), cell(high), target.status.name().to_string()]
        }
        // Settings that make no scenario have no estimate.
        None => Default::default(),
    });
    tried.settings.iter().cloned().chain(fixed).chain(targets).collect()
}
