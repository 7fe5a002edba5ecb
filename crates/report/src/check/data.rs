//! `check.json`: a result beside a baseline, as `plimsoll check --json` prints it, written and read.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::JSON;
use crate::load::typed;
use plimsoll_base::input::InputError;
use plimsoll_experiment::baseline::{self, Baseline, FigureStatus};
use plimsoll_experiment::margin::Margin;
use plimsoll_experiment::{Figures, metric};

/// The schema of this version.
const SCHEMA: &str = "plimsoll/check/1";

/// Result of a check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckData {
    /// Schema of the file.
    #[serde(default)]
    pub schema: String,
    /// Name of the scenario.
    pub scenario: String,
    /// True if some figure fails.
    pub fails: bool,
    /// True if the digest is that of the baseline.
    pub same_digest: bool,
    /// True if the scenario is that of the baseline.
    pub same_scenario: bool,
    /// Every figure the baseline holds.
    pub figures: Vec<CheckedData>,
    /// Error codes and operations that the result has and the baseline does not hold.
    pub not_held: Vec<String>,
}

/// Figure beside its baseline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckedData {
    /// Path of the metric.
    pub metric: String,
    /// Unit of the metric.
    pub unit: String,
    /// Direction that is good: `higher`, `lower`, `neither`.
    pub better: String,
    /// Value in the baseline.
    pub baseline: f64,
    /// Value in the result; `None` where it has no such figure.
    pub result: Option<f64>,
    /// Greatest difference that is allowed, in the unit of the metric.
    pub tolerance: f64,
    /// Tolerance as the baseline states it; `None` when read from the file, which does not have it.
    #[serde(skip)]
    pub margin: Option<Margin>,
    /// Status of the figure.
    pub standing: FigureStatus,
    /// True if the check fails because of it.
    pub fails: bool,
}

impl CheckData {
    /// Returns the data of the figures of a result checked against a baseline.
    pub fn of(baseline: &Baseline, figures: &Figures, checked: &[baseline::Checked]) -> CheckData {
        CheckData {
            schema: SCHEMA.to_string(),
            scenario: baseline.scenario.clone(),
            fails: checked.iter().any(|checked| checked.standing.fails()),
            same_digest: baseline.digest == figures.digest,
            same_scenario: baseline.scenario_sha256 == figures.scenario_sha256,
            figures: checked.iter().map(CheckedData::of).collect(),
            not_held: baseline.not_held(figures).into_iter().map(str::to_string).collect(),
        }
    }

    /// Reads the result in a folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, or holds something else than plimsoll writes.
    pub fn open(folder: &Path) -> Result<CheckData, InputError> {
        typed(folder, JSON)
    }
}

impl CheckedData {
    fn of(baseline::Checked { metric, held, found, standing }: &baseline::Checked) -> CheckedData {
        CheckedData {
            metric: metric.clone(),
            unit: metric::unit(metric).to_string(),
            better: held.better.name().to_string(),
            baseline: held.value,
            result: *found,
            tolerance: held.margin.beside(held.value),
            margin: Some(held.margin),
            standing: *standing,
            fails: standing.fails(),
        }
    }

    /// Returns result less baseline; `None` where the result has no such figure.
    pub fn difference(&self) -> Option<f64> {
        self.result.map(|result| result - self.baseline)
    }

    /// Returns the difference as a share of the baseline; `None` where that is 0.
    pub fn relative(&self) -> Option<f64> {
        self.difference().filter(|_| self.baseline != 0.0).map(|difference| difference / self.baseline.abs())
    }
}
