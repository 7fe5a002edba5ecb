//! `comparison.json`: variants beside each other, metric by metric.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::JSON;
use crate::load::{json, typed};
use crate::manifest;
use plimsoll_base::input::InputError;

/// What a comparison has left.
#[derive(Clone, Debug, Deserialize)]
pub struct ComparisonData {
    /// Name of the scenario.
    pub scenario: String,
    /// The first seed.
    pub seed: u64,
    /// Label of the variant that all others are held against.
    pub baseline: String,
    /// Most runs of a variant.
    pub replications: u64,
    /// How sure all intervals together are, 0 to 1.
    pub confidence: f64,
    /// The variants, the baseline first.
    pub variants: Vec<Variant>,
    /// The metrics, in the order of the register.
    pub metrics: Vec<Metric>,
    /// What is to be known, in sentences.
    pub notes: Vec<String>,
    /// `manifest.json`.
    #[serde(skip)]
    pub manifest: Value,
}

/// A variant.
#[derive(Clone, Debug, Deserialize)]
pub struct Variant {
    /// Its name.
    pub label: String,
    /// What it sets, as `--set` takes it.
    pub set: Vec<String>,
    /// Whether all its runs are alike, so that its figures have no spread.
    pub exact: bool,
    /// Digest of each run.
    pub digests: Vec<String>,
}

/// A metric of every variant.
#[derive(Clone, Debug, Deserialize)]
pub struct Metric {
    /// Its path.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Which way is good: `higher`, `lower`, `neither`.
    pub better: String,
    /// Each variant's, in their order.
    pub variants: Vec<Entry>,
}

/// A metric of one variant. What the baseline has no use for is missing there.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Label of the variant.
    pub label: String,
    /// Mean over the runs.
    pub mean: Option<f64>,
    /// Where the mean lies, with the confidence of one interval.
    pub mean_interval: Option<(f64, f64)>,
    /// `better`, `worse`, `same`, `no-difference-shown` or `not-comparable`.
    pub verdict: Option<String>,
    /// Why it is not comparable.
    pub reason: Option<String>,
    /// Mean difference to the baseline.
    pub difference: Option<f64>,
    /// The same as a share of the baseline.
    pub relative_difference: Option<f64>,
    /// Where the difference lies, with the confidence of all intervals together.
    pub interval: Option<(f64, f64)>,
    /// Correlation with the baseline over runs with a seed in common.
    pub correlation: Option<f64>,
}

impl ComparisonData {
    /// Reads the result in a folder.
    pub fn open(folder: &Path) -> Result<ComparisonData, InputError> {
        let comparison: ComparisonData = typed(folder, JSON)?;
        Ok(ComparisonData { manifest: json(folder, manifest::FILE)?, ..comparison })
    }
}
