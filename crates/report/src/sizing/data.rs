//! `sizing.json`: the answer, and every value that was tried, written and read.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JSON, words};
use crate::load::{json, typed};
use crate::manifest;
use plimsoll_base::input::InputError;
use plimsoll_experiment::Sizing;
use plimsoll_experiment::metric;
use plimsoll_experiment::sizing::{self as experiment, Seek, SettingValue, Target, TargetStatus};

/// The schema of this version.
const SCHEMA: &str = "plimsoll/sizing/1";

/// Result of a sizing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SizingData {
    /// Schema of the file.
    #[serde(default)]
    pub schema: String,
    /// Version of plimsoll.
    #[serde(default)]
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// First seed.
    pub seed: u64,
    /// Path of the setting; of several, as they were given.
    pub setting: String,
    /// Value of the setting in the scenario; of several the first's.
    #[serde(default)]
    pub stands_at: Option<SettingValue>,
    /// True if the largest value was sought, else the smallest.
    #[serde(default)]
    pub largest: bool,
    /// Target of the search.
    pub target: TargetData,
    /// Confidence of the verdict on each value, 0 to 1.
    pub confidence: f64,
    /// Smallest, or largest, value with which the target holds, if any does.
    pub answer: Option<SettingValue>,
    /// Every number with its value at the answer, in the order of the paths.
    #[serde(default)]
    pub settings: Vec<SettingData>,
    /// Outcome of the search: `found`, `holds-at-least`, `holds-at-most`, `out-of-reach` or `still`.
    #[serde(default)]
    pub ending: String,
    /// True if the metric never went the wrong way from one value to the next.
    pub monotone: bool,
    /// Places where the metric went the wrong way.
    #[serde(default)]
    pub reversals: Vec<ReversalData>,
    /// Values that were tried, least first.
    pub points: Vec<PointData>,
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

/// Number that was varied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettingData {
    /// Path of the number.
    pub path: String,
    /// Value of the number.
    pub value: SettingValue,
}

/// Target of a search.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetData {
    /// Path of the metric.
    pub metric: String,
    /// Unit of the metric.
    pub unit: String,
    /// `>=`, `>`, `<=` or `<`.
    pub relation: String,
    /// Number on its right, in that unit.
    pub value: f64,
}

impl TargetData {
    /// Returns the data of a target.
    pub fn of(target: &Target) -> TargetData {
        TargetData {
            metric: target.metric.clone(),
            unit: metric::unit(&target.metric).to_string(),
            relation: target.relation.sign().to_string(),
            value: target.value,
        }
    }
}

/// Place where the metric went the wrong way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReversalData {
    /// Lesser value.
    pub from: SettingValue,
    /// Next value that was tried.
    pub to: SettingValue,
    /// Change of the mean between them.
    pub change: f64,
}

/// Value that was tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PointData {
    /// Value of the setting.
    pub value: SettingValue,
    /// True if all runs are alike.
    pub exact: bool,
    /// Mean of the metric over the runs; `None` where one has none.
    pub mean: Option<f64>,
    /// Interval of the metric; `None` where all random runs have one value, whose spread says nothing.
    pub interval: Option<(f64, f64)>,
    /// Number of runs that meet the target each by itself.
    #[serde(default)]
    pub runs_met: Option<u64>,
    /// Status of the target.
    pub target: TargetStatus,
    /// Number of hosts.
    pub hosts: Option<u64>,
    /// Number of hosts that any packing of what ran needs.
    pub hosts_lower_bound: Option<u64>,
    /// Value of the metric in each run; `None` where one has none.
    #[serde(default)]
    pub values: Option<Vec<f64>>,
    /// Seed of each run.
    #[serde(default)]
    pub seeds: Vec<u64>,
    /// Digest of each run.
    pub digests: Vec<String>,
}

impl PointData {
    /// Returns the number of runs.
    pub fn runs(&self) -> u64 {
        self.digests.len() as u64
    }
}

impl SizingData {
    /// Returns the data of a finished sizing, without a manifest.
    pub fn of(sizing: &Sizing) -> SizingData {
        let plan = &sizing.plan;
        let target = &plan.target;
        let reversals = sizing.reversals.iter();
        let points = sizing.curve.points().iter();
        SizingData {
            schema: SCHEMA.to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            scenario: sizing.scenario.name.clone(),
            seed: sizing.scenario.seed,
            setting: plan.name(),
            stands_at: sizing.setting.stands_at(),
            largest: plan.seek == Seek::Largest,
            target: TargetData::of(target),
            confidence: plan.confidence,
            answer: sizing.result.answer(),
            settings: sizing.result.answer().map_or_else(Vec::new, |answer| SettingData::at(sizing, answer)),
            ending: sizing.result.name(plan.seek).to_string(),
            monotone: sizing.reversals.is_empty(),
            reversals: reversals
                .map(|&experiment::Reversal { from, to, change }| ReversalData { from, to, change })
                .collect(),
            points: points.map(|point| PointData::of(point, target)).collect(),
            question_in_words: words::question(sizing),
            answer_in_words: words::answer(sizing),
            notes: words::notes(sizing),
            manifest: Value::Null,
        }
    }

    /// Reads the result in a folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, or holds something else than plimsoll writes.
    pub fn open(folder: &Path) -> Result<SizingData, InputError> {
        let sizing: SizingData = typed(folder, JSON)?;
        Ok(SizingData { manifest: json(folder, manifest::FILE)?, ..sizing })
    }

    /// Returns whether the number of hosts follows the setting.
    pub fn varies_hosts(&self) -> bool {
        self.points.windows(2).any(|pair| pair[0].hosts != pair[1].hosts)
    }
}

impl SettingData {
    fn at(sizing: &Sizing, value: SettingValue) -> Vec<SettingData> {
        let assignments = sizing.setting.assignments(value).into_iter();
        assignments.map(|(path, value)| SettingData { path: path.to_string(), value }).collect()
    }
}

impl PointData {
    fn of(point: &experiment::CurvePoint, target: &Target) -> PointData {
        let estimate = &point.estimate;
        let (hosts, hosts_lower_bound) = point.hosts().unzip();
        PointData {
            value: point.setting,
            exact: point.certain,
            mean: estimate.mean,
            interval: estimate.interval.map(|interval| (interval.low, interval.high)),
            runs_met: Some(point.runs_that_meet(target) as u64),
            target: estimate.status,
            hosts,
            hosts_lower_bound,
            values: point.values(&target.metric),
            seeds: point.figures.iter().map(|figures| figures.seed).collect(),
            digests: point.figures.iter().map(|figures| figures.digest.clone()).collect(),
        }
    }
}
