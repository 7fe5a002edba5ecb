//! Figures of a run, each under its dotted path.

use std::collections::BTreeMap;

use serde_json::Value;

use super::metric;
use super::statistics::DemandSampling;
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_sim::summary::{self, Run};

/// Days, weeks or accounts that a run's trace was drawn from.
const TRACE_BLOCKS: &str = "workload.trace_blocks";

/// The figures of a finished run, without those of the machine that made it: the same wherever it is made.
#[derive(Clone, PartialEq, Debug)]
pub struct Figures {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// Hash over everything that happened, in hexadecimal.
    pub digest: String,
    /// SHA-256 of the resolved scenario, in hexadecimal; empty where only a summary is known.
    pub scenario_sha256: String,
    /// Reasons why the figures may mislead.
    pub warnings: Vec<String>,
    values: BTreeMap<String, f64>,
}

impl Figures {
    /// Returns the figures of a run.
    pub fn of(run: &Run<'_>) -> Figures {
        let mut figures = Figures::from_summary(&summary::value(run));
        figures.scenario_sha256 = run.scenario.hash();
        figures
    }

    /// Returns the figures of a `summary.json`. Items of lists have the key `name` (or `zone`, or `code`), else
    /// their number from 0; money is in USD; true is 1 and false 0. A figure without a value, such as the time at
    /// which a subnet ran out that never did, is left out.
    pub fn from_summary(summary: &Value) -> Figures {
        let mut values = BTreeMap::new();
        for metric in metric::register() {
            let at = metric.path.split('.').try_fold(summary, |table, key| table.get(key));
            flatten(metric.path, at.unwrap_or(&Value::Null), metric.unit == "USD", &mut values);
        }
        let text = |key: &str| summary[key].as_str().unwrap_or_default().to_string();
        Figures {
            scenario: text("scenario"),
            strategy: text("strategy"),
            seed: summary["seed"].as_u64().unwrap_or_default(),
            digest: text("digest"),
            scenario_sha256: String::new(),
            warnings: texts(&summary["warnings"]),
            values,
        }
    }

    /// Makes up figures for tests.
    #[cfg(test)]
    pub fn made_up(seed: u64, values: impl IntoIterator<Item = (&'static str, f64)>) -> Figures {
        let mut figures = Figures::from_summary(&Value::Null);
        figures.seed = seed;
        figures.digest = format!("{seed:032x}");
        figures.values = values.into_iter().map(|(path, value)| (path.to_string(), value)).collect();
        figures
    }

    /// Returns whether two runs had the same result, but for their seeds.
    pub fn are_alike(one: &Figures, other: &Figures) -> bool {
        one.digest == other.digest && one.values == other.values
    }

    /// Returns how runs relate to the demand that they stand for: those of a trace that is drawn anew know no more than the trace.
    pub fn sampling(runs: &[Figures]) -> DemandSampling {
        let blocks = runs.iter().filter_map(|figures| figures.get(TRACE_BLOCKS)).reduce(f64::min);
        blocks
            .map_or(DemandSampling::Independent, |blocks| DemandSampling::Resampled { blocks: blocks as u64 })
    }

    /// Returns every figure by its path, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values.iter().map(|(path, value)| (path.as_str(), *value))
    }

    /// Returns the value of a metric, if it has one. An error code that no request met has been met 0 times.
    pub fn get(&self, path: &str) -> Option<f64> {
        let never_met = || metric::counts_an_error(path).then_some(0.0);
        self.values.get(path).copied().or_else(never_met)
    }

    /// Returns the value of a metric that a user named.
    ///
    /// # Errors
    ///
    /// An unknown metric, or one without a value in this run: at `place`, with the nearest names.
    pub fn find(&self, path: &str, place: &Place) -> Result<f64, InputError> {
        if let Some(value) = self.get(path) {
            return Ok(value);
        }
        let mut inside = self
            .values
            .keys()
            .map(String::as_str)
            .filter(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
        let problem = if let Some(first) = inside.next() {
            let problem = Problem::new(place.clone(), format!("`{path}` is a table, not a metric"));
            problem.with_help(format!("name one figure of it, such as `{first}`"))
        } else if metric::register().any(|metric| metric.path == path) || metric::is_first_time(path) {
            let problem = Problem::new(place.clone(), format!("`{path}` has no value in this run"));
            problem.with_help("a time at which something ran out is there only when it did")
        } else {
            let mut problem = Problem::new(place.clone(), format!("no metric is called `{path}`"));
            let tables = metric::register().map(|metric| metric.path);
            let tables = tables.filter(|table| !self.values.contains_key(*table));
            let near = did_you_mean(path, self.values.keys().map(String::as_str).chain(tables));
            problem.help = near.or(Some("`plimsoll list metrics` shows them all".to_string()));
            problem
        };
        Err(problem.into())
    }
}

/// Returns the texts of a list; none where there is no list.
fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}

/// Adds every number in `value` under its path; `money`: strings are numbers.
fn flatten(path: &str, value: &Value, money: bool, values: &mut BTreeMap<String, f64>) {
    let mut add = |number: f64| values.insert(path.to_string(), number);
    match value {
        Value::Number(number) => {
            number.as_f64().map(&mut add);
        }
        Value::Bool(truth) => {
            add(f64::from(u8::from(*truth)));
        }
        Value::String(text) if money => {
            text.parse().ok().map(&mut add);
        }
        Value::Object(table) => {
            for (key, value) in table {
                flatten(&format!("{path}.{key}"), value, money, values);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let name = ["name", "zone", "code"].iter().find_map(|key| item.get(key)?.as_str());
                let name = name.map_or_else(|| number.to_string(), str::to_string);
                flatten(&format!("{path}.{name}"), item, money, values);
            }
        }
        Value::String(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_sim::summary::sample::with_run;

    #[test]
    fn every_figure_of_a_run_stands_under_its_path() {
        with_run(|run| {
            let figures = Figures::of(run);
            for (path, value) in [
                ("launch.requested", 3.0),
                ("launch.failed_by_code.InsufficientInstanceCapacity", 1.0),
                ("launch.failed_by_code.InvalidInstanceID.NotFound", 0.0),
                ("first_failures.InsufficientInstanceCapacity.at_s", 3600.0),
                ("network.subnets.web.addresses", 251.0),
                ("billing.total", 0.0),
                ("latency_s.launch.count", 2.0),
            ] {
                assert_eq!(figures.get(path), Some(value), "{path}");
            }
            assert!(figures.iter().all(|(path, _)| !path.starts_with("engine") && path != "seed"));
            assert_eq!((figures.seed, figures.strategy.as_str()), (42, "spread"));
            assert_eq!(figures.digest, format!("{:032x}", 0xabc));
        });
    }

    #[test]
    fn a_metric_that_is_not_there_is_told_with_the_way_out() {
        with_run(|run| {
            let figures = Figures::of(run);
            let told = |path: &str| figures.find(path, &Place::key("--metrics")).unwrap_err().to_string();
            assert_eq!(figures.find("launch.failed", &Place::default()), Ok(1.0));
            assert!(told("launch.sucess_ratio").contains("did you mean `launch.success_ratio`"));
            assert!(told("latency_s.launch").contains("such as `latency_s.launch.count`"));
            assert!(told("network.subnets.web.exhausted_at_s").contains("has no value in this run"));
            assert!(told("launch.failed_by_code.Insufficient").contains("no metric is called"));
        });
    }
}
