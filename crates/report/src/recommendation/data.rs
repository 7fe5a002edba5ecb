//! `recommendation.json`: what is recommended, and every point that was tried, written and read.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JSON, words};
use crate::load::{json, typed};
use crate::manifest;
use crate::sizing::TargetData;
use plimsoll_base::input::InputError;
use plimsoll_experiment::Recommendation;
use plimsoll_experiment::recommendation::{DecisionPoint, DecisionVariable, Optimum, TriedPoint};
use plimsoll_experiment::sizing::{Estimate, TargetStatus};

/// The schema of this version.
const SCHEMA: &str = "plimsoll/recommendation/1";

/// Result of a recommendation. Values of settings are texts, in the order of `variables`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecommendationData {
    /// Schema of the file.
    pub schema: String,
    /// Version of plimsoll.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// First seed.
    pub seed: u64,
    /// Settings to choose.
    pub variables: Vec<VariableData>,
    /// Cost that was minimized.
    pub cost: String,
    /// Unit of the cost, where it has one.
    pub unit: String,
    /// Targets.
    pub targets: Vec<TargetData>,
    /// Confidence that all targets of a point are judged rightly, 0 to 1.
    pub confidence: f64,
    /// Futures by name, that of the middle first.
    pub futures: Vec<String>,
    /// Recommended settings; none where the targets hold with no settings that were tried.
    pub recommended: Option<Vec<String>>,
    /// Optimum of each future.
    pub optima: Vec<OptimumData>,
    /// Settings of least regret, where there are several futures; their cost is the regret.
    pub least_regret: Option<OptimumData>,
    /// Points that were tried, in order.
    pub tried: Vec<TriedData>,
    /// Runs that were made.
    pub runs: u64,
    /// Points that there are in one future; null where there are more than 2⁵³.
    pub points: Option<u64>,
    /// Question in words.
    pub question_in_words: String,
    /// Answer in words.
    pub answer_in_words: String,
    /// Sentences on how sure the answer is.
    pub notes: Vec<String>,
    /// `manifest.json`.
    #[serde(skip)]
    pub manifest: Value,
}

/// Setting to choose.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VariableData {
    /// Path, as it was given.
    pub path: String,
    /// Least and greatest value, or the listed ones.
    pub values: Vec<String>,
    /// True for numbers in equal steps.
    pub numeric: bool,
}

/// End of a search.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OptimumData {
    /// Settings; none where the targets hold with no settings that were tried.
    pub settings: Option<Vec<String>>,
    /// Cost of the settings, or regret.
    pub cost: Option<f64>,
    /// Cost of the settings in each future; null where they were not run in it.
    pub costs: Vec<Option<f64>>,
    /// True if no other settings can be better, as long as more of a setting never hurts.
    pub proven: bool,
    /// True if the budget ended the search.
    pub budget_spent: bool,
}

/// Point that was tried in a future.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TriedData {
    /// Settings.
    pub settings: Vec<String>,
    /// Position of the future.
    pub future: usize,
    /// Cost.
    pub cost: f64,
    /// True if all targets hold.
    pub feasible: bool,
    /// Estimate for each target.
    pub targets: Vec<TargetEstimate>,
    /// True if all runs are alike.
    pub exact: bool,
    /// Digest of each run.
    pub digests: Vec<String>,
    /// Reason why the settings make no scenario and were not run.
    #[serde(default)]
    pub refused: Option<String>,
}

/// Estimate of the metric of a target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetEstimate {
    /// Mean over the runs; null where one has none.
    pub mean: Option<f64>,
    /// Interval of the metric; null where all random runs have one value, whose spread says nothing.
    pub interval: Option<(f64, f64)>,
    /// Status of the target.
    pub status: TargetStatus,
    /// Number of runs that meet the target each by itself.
    #[serde(default)]
    pub runs_met: Option<u64>,
}

impl RecommendationData {
    /// Returns the data of a finished search, without a manifest.
    pub fn of(recommendation: &Recommendation) -> RecommendationData {
        let checked = &recommendation.checked;
        let settings = |point: &DecisionPoint| settings_at(recommendation, point);
        RecommendationData {
            schema: SCHEMA.to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            scenario: checked.scenario.name.clone(),
            seed: checked.scenario.seed,
            variables: variables(recommendation),
            cost: checked.plan.cost.to_string(),
            unit: checked.plan.cost.unit().to_string(),
            targets: checked.targets.iter().map(TargetData::of).collect(),
            confidence: checked.plan.confidence,
            futures: checked.futures.iter().map(|future| future.name.clone()).collect(),
            recommended: recommendation.recommended().map(settings),
            optima: recommendation.optima.iter().map(|end| OptimumData::of(recommendation, end)).collect(),
            least_regret: recommendation
                .least_regret
                .as_ref()
                .map(|end| OptimumData::of(recommendation, end)),
            tried: recommendation.tried.iter().map(|tried| TriedData::of(recommendation, tried)).collect(),
            runs: recommendation.runs as u64,
            points: Some(checked.space().points()).filter(|points| *points <= 1 << 53),
            question_in_words: words::question(recommendation),
            answer_in_words: words::answer(recommendation),
            notes: words::notes(recommendation),
            manifest: Value::Null,
        }
    }

    /// Reads the result in a folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, or holds something else than plimsoll writes.
    pub fn open(folder: &Path) -> Result<RecommendationData, InputError> {
        let data: RecommendationData = typed(folder, JSON)?;
        Ok(RecommendationData { manifest: json(folder, manifest::FILE)?, ..data })
    }

    /// Returns whether a point is the recommended one.
    pub fn is_recommended(&self, tried: &TriedData) -> bool {
        self.recommended.as_ref() == Some(&tried.settings)
    }
}

/// Returns the values of the settings at a point.
pub fn settings_at(recommendation: &Recommendation, point: &DecisionPoint) -> Vec<String> {
    let pairs = recommendation.checked.variables.iter().zip(&point.0);
    pairs.map(|(variable, position)| variable.text(*position)).collect()
}

fn variables(recommendation: &Recommendation) -> Vec<VariableData> {
    let of = |variable: &DecisionVariable| {
        let numeric = variable.is_numeric();
        let positions = if numeric { vec![0, variable.count() - 1] } else { (0..variable.count()).collect() };
        let values = positions.into_iter().map(|position| variable.text(position)).collect();
        VariableData { path: variable.name().to_string(), values, numeric }
    };
    recommendation.checked.variables.iter().map(of).collect()
}

impl OptimumData {
    fn of(recommendation: &Recommendation, optimum: &Optimum) -> OptimumData {
        let (point, cost) = optimum.best.clone().unzip();
        let futures = 0..recommendation.checked.futures.len();
        let cost_in = |future| Some(recommendation.evaluation(point.as_ref()?, future)?.cost);
        OptimumData {
            costs: futures.map(cost_in).collect(),
            settings: point.as_ref().map(|point| settings_at(recommendation, point)),
            cost,
            proven: optimum.is_proven,
            budget_spent: optimum.spent,
        }
    }
}

impl TriedData {
    /// Returns the cost; `None` of settings that make no scenario.
    pub fn known_cost(&self) -> Option<f64> {
        self.refused.is_none().then_some(self.cost)
    }

    fn of(recommendation: &Recommendation, tried: &TriedPoint) -> TriedData {
        let evaluation = &tried.evaluation;
        let estimates = evaluation.estimates.iter().zip(&evaluation.met);
        TriedData {
            settings: settings_at(recommendation, &tried.point),
            future: tried.future,
            cost: evaluation.cost,
            feasible: evaluation.is_feasible(),
            targets: estimates.map(TargetEstimate::of).collect(),
            exact: evaluation.certain,
            digests: evaluation.digests.clone(),
            refused: evaluation.refused.as_ref().map(|error| error.to_string()),
        }
    }
}

impl TargetEstimate {
    fn of((estimate, met): (&Estimate, &usize)) -> TargetEstimate {
        let interval = estimate.interval.map(|interval| (interval.low, interval.high));
        let runs_met = Some(*met as u64);
        TargetEstimate { mean: estimate.mean, interval, status: estimate.status, runs_met }
    }
}
