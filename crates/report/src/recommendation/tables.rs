//! Tables of a recommendation that terminal and page share.

use std::borrow::Cow;

use super::CSV;
use super::data::{OptimumData, RecommendationData, TriedData, VariableData};
use crate::format::amount;
use crate::table::{ReportTable, TableCell};
use plimsoll_experiment::sizing::{SettingValue, TargetStatus};

/// Most points that a table shows.
const MOST_ROWS: usize = 20;

/// Returns the recommended value of every setting; no rows where nothing is recommended.
pub fn settings(data: &RecommendationData) -> ReportTable {
    let values = data.recommended.iter().flatten();
    let row = |(variable, value): (&VariableData, &String)| {
        vec![
            TableCell::text(&variable.path),
            TableCell::text(value),
            TableCell::text(variable.values.join(if variable.numeric { " to " } else { ", " })),
        ]
    };
    ReportTable::new(
        "Recommended",
        ["setting", "value", "chosen from"],
        data.variables.iter().zip(values).map(row).collect(),
    )
}

/// Returns the optimum of each future and the point of least regret, with what the latter costs in each.
pub fn futures(data: &RecommendationData) -> ReportTable {
    let settings = data.variables.iter().map(|variable| Cow::from(variable.path.clone()));
    let header = [Cow::from("future")].into_iter().chain(settings).chain([
        "cost".into(),
        "cost of least regret".into(),
        "regret".into(),
    ]);
    let row = |(future, optimum): (usize, &OptimumData)| {
        let chosen =
            optimum.settings.clone().unwrap_or_else(|| vec!["none".to_string(); data.variables.len()]);
        let robust = data.least_regret.as_ref().and_then(|optimum| optimum.costs[future]);
        let regret = robust.zip(optimum.cost).map(|(robust, least)| robust - least);
        let cost = |value: Option<f64>| TableCell::optional(value, |value| amount(value, &data.unit));
        let first = [TableCell::text(&data.futures[future])];
        first
            .into_iter()
            .chain(chosen.iter().map(|value| setting(value)))
            .chain([cost(optimum.cost), cost(robust), cost(regret)])
            .collect()
    };
    ReportTable {
        title: "By future".into(),
        caption: String::new(),
        header: header.collect(),
        rows: data.optima.iter().enumerate().map(row).collect(),
    }
}

/// Returns the points that were tried in the middle future: the recommended one, then the cheapest with which all targets hold,
/// then the nearest to them.
pub fn tried(data: &RecommendationData) -> ReportTable {
    let mut points: Vec<&TriedData> = data.tried.iter().filter(|tried| tried.future == 0).collect();
    let all = points.len();
    // What misses its targets is of interest where it costs most: it is what just does not do.
    let key = |tried: &TriedData| if tried.feasible { tried.cost } else { -tried.cost };
    points.sort_by(|a, b| {
        let first = |tried: &TriedData| (!data.is_recommended(tried), !tried.feasible);
        first(a).cmp(&first(b)).then(key(a).total_cmp(&key(b)))
    });
    points.truncate(MOST_ROWS);
    let settings = data.variables.iter().map(|variable| Cow::from(variable.path.clone()));
    let targets = data.targets.iter().map(|target| Cow::from(target.metric.clone()));
    let header = settings.chain(["cost".into(), "runs".into()]).chain(targets).chain(["targets".into()]);
    let caption = match points.len() < all {
        true => format!("{} of {all} points; all are in {}.", points.len(), CSV),
        false => String::new(),
    };
    let rows = points.into_iter().map(|tried| row(data, tried)).collect();
    ReportTable { title: "Points tried".into(), caption, header: header.collect(), rows }
}

/// Returns the cell of a value of a setting: a number where it is one.
fn setting(value: &str) -> TableCell {
    match value.parse::<SettingValue>() {
        Ok(number) => TableCell::Number(number.as_f64(), number.grouped()),
        Err(_) => TableCell::text(value),
    }
}

fn row(data: &RecommendationData, tried: &TriedData) -> Vec<TableCell> {
    let cost = TableCell::optional(tried.known_cost(), |cost| amount(cost, &data.unit));
    let runs = TableCell::count(tried.digests.len() as u64);
    let targets = data.targets.iter().enumerate().map(|(number, target)| {
        let mean = tried.targets.get(number).and_then(|estimate| estimate.mean);
        TableCell::optional(mean, |mean| amount(mean, &target.unit))
    });
    let settings = tried.settings.iter().map(|value| setting(value));
    settings.chain([cost, runs]).chain(targets).chain([TableCell::text(verdict(data, tried))]).collect()
}

fn verdict(data: &RecommendationData, tried: &TriedData) -> &'static str {
    let fails = |status| tried.targets.iter().any(|target| target.status == status);
    match () {
        () if data.is_recommended(tried) && tried.feasible => "hold ← recommended",
        () if tried.feasible => "hold",
        () if tried.refused.is_some() => "refused",
        () if fails(TargetStatus::Fails) => "missed",
        () => "not shown",
    }
}
