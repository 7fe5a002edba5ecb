//! `check.json`: a result held to a baseline, as `plimsoll check --json` tells it.

use std::path::Path;

use serde::Deserialize;

use super::JSON;
use crate::load::typed;
use plimsoll_base::input::InputError;

/// What a check has left.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckData {
    /// Name of the scenario.
    pub scenario: String,
    /// Whether some figure is not as it must be.
    pub fails: bool,
    /// Whether everything happened as it did for the baseline.
    pub same_digest: bool,
    /// Whether the scenario is as it was.
    pub same_scenario: bool,
    /// Every figure the baseline holds.
    pub figures: Vec<Checked>,
    /// What happened and is not in the baseline.
    pub not_held: Vec<String>,
}

/// A figure beside its baseline.
#[derive(Clone, Debug, Deserialize)]
pub struct Checked {
    /// Its path.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Which way is good: `higher`, `lower`, `neither`.
    pub better: String,
    /// What it was.
    pub baseline: f64,
    /// What it is; none where the result has no such figure.
    pub result: Option<f64>,
    /// By how much it may differ.
    pub tolerance: f64,
    /// `same`, `allowed`, `better`, `worse`, `changed` or `missing`.
    pub standing: String,
    /// Whether that is not as it must be.
    pub fails: bool,
}

impl CheckData {
    /// Reads the result in a folder.
    pub fn open(folder: &Path) -> Result<CheckData, InputError> {
        typed(folder, JSON)
    }
}
