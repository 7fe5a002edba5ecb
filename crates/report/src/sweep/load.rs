//! `sweep.json` and `runs.csv`: many runs, each with its values on the axes, its seed and its figures.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::JSON;
use crate::load::{broken, each_row, json, open};
use crate::manifest;
use plimsoll_base::input::InputError;
use plimsoll_sim::summary::metrics::METRICS;

/// Name of its table.
const RUNS: &str = super::CSV;

/// What a sweep has left.
#[derive(Clone, Debug, Default)]
pub struct SweepData {
    /// `sweep.json`.
    pub summary: Value,
    /// `manifest.json`; null where there is none.
    pub manifest: Value,
    /// The settings that were varied, in order.
    pub axes: Vec<Axis>,
    /// The figures of every run that has any, in the order of the table.
    pub figures: Vec<Figure>,
    /// Runs there are.
    pub runs: usize,
}

/// A setting that was varied.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// Its path in a scenario.
    pub path: String,
    /// Its value in each run, as written.
    pub words: Vec<String>,
    /// The same as numbers; none where some are not.
    pub numbers: Option<Vec<f64>>,
}

/// A figure of every run.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// Its path.
    pub path: String,
    /// Its unit.
    pub unit: &'static str,
    /// Its value in each run; not a number where a run has none.
    pub values: Vec<f64>,
}

impl SweepData {
    /// Reads the result in a folder.
    pub fn open(folder: &Path) -> Result<SweepData, InputError> {
        let summary = json(folder, JSON)?;
        let path = folder.join(RUNS);
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
        for axis in summary["axes"].as_array().into_iter().flatten() {
            let name = axis["path"].as_str().unwrap_or_default();
            let words = by_name.remove(name).ok_or_else(|| broken(&path, &format!("no column `{name}`")))?;
            let numbers = words.iter().map(|word| word.parse().ok()).collect();
            axes.push(Axis { path: name.to_string(), words, numbers });
        }
        let mut figures = Vec::new();
        for name in names.iter().filter(|name| !OF_RUNS.contains(&name.as_str())) {
            if let Some(cells) = by_name.remove(name.as_str()) {
                let values = cells.iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
                figures.push(Figure { path: name.clone(), unit: unit(name), values });
            }
        }
        let manifest =
            if folder.join(manifest::FILE).exists() { json(folder, manifest::FILE)? } else { Value::Null };
        Ok(SweepData { summary, manifest, axes, figures, runs })
    }

    /// A figure by its path, if some runs have it.
    pub fn figure(&self, path: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.path == path)
    }

    /// Figures that differ between runs.
    pub fn varying(&self) -> impl Iterator<Item = &Figure> {
        let differs = |figure: &&Figure| {
            let mut known = figure.values.iter().filter(|value| !value.is_nan());
            known.next().is_some_and(|first| known.any(|value| value != first))
        };
        self.figures.iter().filter(differs)
    }
}

/// Columns that tell which run it is.
const OF_RUNS: [&str; 4] = ["run", "scenario", "seed", "digest"];

/// The unit of a figure, or of the table it lies in.
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
