//! `sizing.json`: the answer, and the curve that was learned on the way.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::JSON;
use crate::load::{json, typed};
use crate::manifest;
use plimsoll_base::input::InputError;

/// What a sizing has left.
#[derive(Clone, Debug, Deserialize)]
pub struct SizingData {
    /// Name of the scenario.
    pub scenario: String,
    /// The first seed.
    pub seed: u64,
    /// Path of the setting.
    pub setting: String,
    /// What was to hold.
    pub target: Target,
    /// How sure what is said of each value is, 0 to 1.
    pub confidence: f64,
    /// The smallest value that will do, if any does.
    pub answer: Option<u64>,
    /// Whether more of the setting never led away from the target.
    pub monotone: bool,
    /// The values looked at, least first.
    pub points: Vec<Point>,
    /// What was asked.
    pub question_in_words: String,
    /// What came out.
    pub answer_in_words: String,
    /// What is to be known, in sentences.
    pub notes: Vec<String>,
    /// `manifest.json`.
    #[serde(skip)]
    pub manifest: Value,
}

/// What was to hold.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// Path of the metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// `>=`, `>`, `<=` or `<`.
    pub relation: String,
    /// The number, in that unit.
    pub value: f64,
}

/// A value that was looked at.
#[derive(Clone, Debug, Deserialize)]
pub struct Point {
    /// The value.
    pub value: u64,
    /// Whether all its runs are alike.
    pub exact: bool,
    /// Mean of the metric over the runs, if all have one.
    pub mean: Option<f64>,
    /// Where it lies.
    pub interval: Option<(f64, f64)>,
    /// `holds`, `fails` or `not-shown`.
    pub target: String,
    /// Hosts there are.
    pub hosts: Option<u64>,
    /// Hosts that any packing of what ran needs.
    pub hosts_lower_bound: Option<u64>,
    /// Digest of each run.
    pub digests: Vec<String>,
}

impl SizingData {
    /// Reads the result in a folder.
    pub fn open(folder: &Path) -> Result<SizingData, InputError> {
        let sizing: SizingData = typed(folder, JSON)?;
        Ok(SizingData { manifest: json(folder, manifest::FILE)?, ..sizing })
    }
}
