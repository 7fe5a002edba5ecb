//! `[[objectives]]`: figures that a run is to reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::input::{Place, Problem};

/// A figure that a run is to reach: `at_most`, `at_least`, or both.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["metric"]))]
pub struct ObjectiveConfig {
    /// Path of the metric (`plimsoll list metrics`), such as `latency_s.launch.p99`.
    #[serde(default)]
    pub metric: String,
    /// The most it may be, in the unit of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// The least it may be, in the unit of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// Returns everything that is impossible in a list of objectives, whatever the metrics are called.
pub fn validate(objectives: &[ObjectiveConfig]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (i, objective) in objectives.iter().enumerate() {
        let mut add = |key: &str, message: String| {
            problems.push(Problem::new(Place::key(&format!("objectives.{i}{key}")), message));
        };
        if objective.metric.is_empty() {
            add(".metric", "found nothing, expected the path of a metric".to_string());
        }
        for (key, bound) in [(".at_most", objective.at_most), (".at_least", objective.at_least)] {
            if let Some(bound) = bound.filter(|bound| !bound.is_finite()) {
                add(key, format!("found {bound}, expected a finite number"));
            }
        }
        match (objective.at_least, objective.at_most) {
            (None, None) => {
                add("", "found neither `at_most` nor `at_least`, expected one of them".to_string())
            }
            (Some(least), Some(most)) if least > most => {
                add(".at_least", format!("found {least}, expected no more than `at_most`, {most}"));
            }
            _ => {}
        }
    }
    problems
}
