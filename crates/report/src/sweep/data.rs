//! `sweep.json`, written and read, and `runs.csv` read back: many runs, each with its values on the axes, its seed and its
//! figures.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{CSV, JSON};
use crate::load::{broken, each_row, json, open, typed};
use crate::manifest;
use crate::warned::{Gathered, GatheredWarning};
use plimsoll_base::input::InputError;
use plimsoll_experiment::sweep::plan::Input;
use plimsoll_experiment::sweep::{FinishedRun, Plan, hex};
use plimsoll_sim::summary::metrics::METRICS;

/// The schema of `sweep.json` of this version.
const SCHEMA: &str = "plimsoll/sweep/1";

/// Digits of the digest over all runs: 128 bits.
const DIGEST_DIGITS: usize = 32;

/// `sweep.json`: the settings that were varied, and the runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SweepSummary {
    /// Schema of the file.
    pub schema: String,
    /// Version of plimsoll.
    pub version: String,
    /// Name of the sweep.
    pub name: String,
    /// Name of the scenario.
    pub scenario: String,
    /// File of the scenario.
    pub scenario_file: Option<Input>,
    /// Files that some run reads.
    pub inputs: Vec<Input>,
    /// Settings that were varied, in order.
    pub axes: Vec<AxisValues>,
    /// Seeds of every point.
    pub seeds: Vec<u64>,
    /// Number of runs.
    pub runs: usize,
    /// Digest over the digests of all runs, in order.
    pub digest: String,
    /// Reasons why the figures of runs may mislead, by kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<GatheredWarning>,
}

/// Setting that was varied, and its values.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AxisValues {
    /// Path in a scenario.
    pub path: String,
    /// Values, in the order in which they first come.
    pub values: Vec<Value>,
}

impl SweepSummary {
    /// Returns the summary of a plan whose runs came to `finished`, in order.
    pub fn of(plan: &Plan, finished: &[FinishedRun]) -> SweepSummary {
        let axes = plan.axes.iter().enumerate().map(|(axis, path)| AxisValues {
            path: path.clone(),
            values: plan.values_of(axis).into_iter().map(crate::json).collect(),
        });
        SweepSummary {
            schema: SCHEMA.to_string(),
            version: plan.version.clone(),
            name: plan.name.clone(),
            scenario: plan.scenario_name.clone(),
            scenario_file: Some(plan.scenario.clone()),
            inputs: plan.inputs.clone(),
            axes: axes.collect(),
            seeds: plan.seeds(),
            runs: plan.runs.len(),
            digest: digest(finished),
            warnings: Gathered::of(finished.iter().map(|run| run.warnings.as_slice())).kinds,
        }
    }
}

/// Returns the digest over the digests of all runs, in order.
fn digest(finished: &[FinishedRun]) -> String {
    let mut hasher = Sha256::new();
    finished.iter().for_each(|run| hasher.update(&run.digest));
    hex(&hasher.finalize())[..DIGEST_DIGITS].to_string()
}

/// Result of a sweep: its summary, and the table of its runs.
#[derive(Clone, Debug, Default)]
pub struct SweepData {
    /// `sweep.json`.
    pub summary: SweepSummary,
    /// `manifest.json`; null where there is none.
    pub manifest: Value,
    /// Settings that were varied, in order.
    pub axes: Vec<AxisColumn>,
    /// Figures that any run has, in the order of the table.
    pub figures: Vec<FigureColumn>,
    /// Number of runs.
    pub runs: usize,
}

/// Setting that was varied, run by run.
#[derive(Clone, PartialEq, Debug)]
pub struct AxisColumn {
    /// Path in a scenario.
    pub path: String,
    /// Value in each run, as written.
    pub words: Vec<String>,
    /// These values as numbers; `None` where some are not.
    pub numbers: Option<Vec<f64>>,
}

/// Figure of every run.
#[derive(Clone, PartialEq, Debug)]
pub struct FigureColumn {
    /// Path.
    pub path: String,
    /// Unit.
    pub unit: &'static str,
    /// Value in each run; not a number where a run has none.
    pub values: Vec<f64>,
}

impl SweepData {
    /// Reads the result in a folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, or holds something else than plimsoll writes.
    pub fn open(folder: &Path) -> Result<SweepData, InputError> {
        let summary: SweepSummary = typed(folder, JSON)?;
        let path = folder.join(CSV);
        let (mut reader, names) = open(&path)?;
        let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        each_row(&path, &mut reader, |row| {
            columns.iter_mut().zip(row).for_each(|(column, cell)| column.push(cell.to_string()));
            Ok(())
        })?;
        let runs = columns.first().map_or(0, Vec::len);
        let mut by_name: BTreeMap<&str, Vec<String>> =
            names.iter().map(String::as_str).zip(columns).collect();
        let mut axes = Vec::new();
        for AxisValues { path: name, .. } in &summary.axes {
            let words = by_name.remove(name.as_str());
            let words = words.ok_or_else(|| broken(&path, &format!("no column `{name}`")))?;
            let numbers = words.iter().map(|word| word.parse().ok()).collect();
            axes.push(AxisColumn { path: name.clone(), words, numbers });
        }
        let mut figures = Vec::new();
        for name in names.iter().filter(|name| !OF_RUNS.contains(&name.as_str())) {
            if let Some(cells) = by_name.remove(name.as_str()) {
                let values = cells.iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
                figures.push(FigureColumn { path: name.clone(), unit: unit(name), values });
            }
        }
        let manifest =
            if folder.join(manifest::FILE).exists() { json(folder, manifest::FILE)? } else { Value::Null };
        Ok(SweepData { summary, manifest, axes, figures, runs })
    }

    /// Returns a figure by its path, if some runs have it.
    pub fn figure(&self, path: &str) -> Option<&FigureColumn> {
        self.figures.iter().find(|figure| figure.path == path)
    }

    /// Returns what the runs warned of, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        Gathered { kinds: self.summary.warnings.clone(), runs: self.runs as u64 }.sentences()
    }

    /// Returns the figures that differ between runs.
    pub fn varying(&self) -> impl Iterator<Item = &FigureColumn> {
        let differs = |figure: &&FigureColumn| {
            let mut known = figure.values.iter().filter(|value| !value.is_nan());
            known.next().is_some_and(|first| known.any(|value| value != first))
        };
        self.figures.iter().filter(differs)
    }
}

/// Columns that identify a run.
const OF_RUNS: [&str; 4] = ["run", "scenario", "seed", "digest"];

/// Returns the unit of a figure, or of the table it lies in.
fn unit(path: &str) -> &'static str {
    let is_in =
        |table: &str| path.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    match METRICS.iter().find(|metric| is_in(metric.path)) {
        Some(metric) if metric.path == path => metric.unit,
        Some(_) if path.ends_with("_s") => "s",
        Some(metric) => metric.unit,
        None => "",
    }
}
