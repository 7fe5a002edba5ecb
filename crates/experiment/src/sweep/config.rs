//! The sweep file: a scenario, axes over its keys, seeds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Value;

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::strict_file::StrictFile;

/// A sweep file in TOML.
///
/// ```toml
/// name     = "hosts-by-strategy"
/// scenario = "../scenarios/quickstart.toml"   # seen from the folder of this file
/// seeds    = 5                                # or a list
///
/// [[axes]]
/// path   = "placement.strategy"
/// values = ["first-fit", "best-fit"]
///
/// [[axes]]
/// path  = "zones.0.hosts.0.count"
/// range = { from = 900, to = 1100, step = 50 }
/// ```
#[derive(Clone, PartialEq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepConfig {
    /// Name, also of the result folder.
    pub name: String,
    /// The scenario file, seen from the folder of the sweep file.
    pub scenario: PathBuf,
    /// Runs of every point, each with its own seed; default: one, with the scenario's.
    #[serde(default)]
    pub seeds: SeedsConfig,
    /// Design of the axes with `between`.
    #[serde(default)]
    pub design: Sampling,
    /// Points drawn for the axes with `between`.
    pub samples: Option<u32>,
    /// Seed of the points that are drawn; default 42. It has nothing to do with the seeds of the runs.
    #[serde(default = "default_design_seed")]
    pub design_seed: u64,
    /// Axes; at least one. The first axis changes slowest.
    #[serde(default)]
    pub axes: Vec<AxisConfig>,
}

/// Seeds of every point.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number of seeds, or a list of them")]
pub enum SeedsConfig {
    /// Number of seeds, from the scenario's own upwards.
    Count(u32),
    /// Seeds, in order.
    List(Vec<u64>),
}

impl SeedsConfig {
    /// Returns the number of seeds.
    pub fn count(&self) -> usize {
        match self {
            SeedsConfig::Count(count) => *count as usize,
            SeedsConfig::List(seeds) => seeds.len(),
        }
    }
}

impl Default for SeedsConfig {
    fn default() -> SeedsConfig {
        SeedsConfig::Count(1)
    }
}

/// Design of the axes with `between`. Those with `values` or `range` are crossed with it in full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// No axis is drawn: the points are the full grid.
    #[default]
    Grid,
    /// Independent uniform draws.
    Random,
    /// A draw in each of `samples` strata of every axis, the strata paired at random (McKay, Beckman and
    /// Conover, "A comparison of three methods for selecting values of input variables", Technometrics 21, 1979).
    LatinHypercube,
}

/// Axis of a sweep: a key of the scenario, and exactly one of `values`, `range` and `between`.
#[derive(Clone, PartialEq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AxisConfig {
    /// The key by its dotted path, items of lists by number from 0, as with `--set`.
    pub path: String,
    /// List of values, any TOML. Files among them are relative to the folder of the sweep file.
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub values: Option<Vec<Value>>,
    /// Numbers in equal steps.
    pub range: Option<RangeConfig>,
    /// Bounds, both included, of values that are drawn; whole numbers where both are whole.
    #[schemars(with = "Option<[serde_json::Value; 2]>")]
    pub between: Option<[Value; 2]>,
}

/// Numbers in equal steps: `from`, `from + step`, … up to `to`. All whole, or not.
#[derive(Clone, PartialEq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeConfig {
    /// The first.
    #[schemars(with = "serde_json::Value")]
    pub from: Value,
    /// Upper bound; it is one of the values when the steps meet it.
    #[schemars(with = "serde_json::Value")]
    pub to: Value,
    /// The step, above 0.
    #[schemars(with = "serde_json::Value")]
    pub step: Value,
}

/// Values of an axis.
#[derive(Clone, PartialEq, Debug)]
pub enum SweepAxis {
    /// Listed values, in order.
    Listed(Vec<Value>),
    /// Whole numbers drawn from the first to the last.
    Whole(i64, i64),
    /// Numbers drawn from the first to the last.
    Real(f64, f64),
}

/// Most points of one range, and samples of a design: a greater number is taken for a mistake in the file.
const MOST_VALUES: u64 = 1_000_000;

fn default_design_seed() -> u64 {
    42
}

impl SweepConfig {
    /// Reads a sweep file and checks it by itself, without its scenario.
    pub fn read(path: &Path) -> Result<StrictFile<SweepConfig>, InputError> {
        let file: StrictFile<SweepConfig> =
            StrictFile::read(path, "a sweep file; an example is in workloads/sweeps/")?;
        let problems = file.value.check();
        if problems.is_empty() { Ok(file) } else { Err(file.locate(problems)) }
    }

    /// Returns the values of every axis. The configuration has been checked.
    pub fn resolved_axes(&self) -> Vec<SweepAxis> {
        let resolved = self.axes.iter().map(AxisConfig::resolve);
        resolved.map(|axis| axis.expect("the file was checked when it was read")).collect()
    }

    /// Returns everything that is impossible in a file of the right form.
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |key: &str, message: &str| problems.push(Problem::new(Place::key(key), message));
        let usable = |c: char| c.is_alphanumeric() || "-_. +".contains(c);
        if self.name.is_empty() || self.name.starts_with('.') || !self.name.chars().all(usable) {
            add("name", "expected a name that can be a folder's");
        }
        match &self.seeds {
            SeedsConfig::Count(0) => add("seeds", "found 0, expected at least one seed"),
            SeedsConfig::List(seeds) if seeds.is_empty() => {
                add("seeds", "found none, expected at least one seed")
            }
            SeedsConfig::List(seeds) => {
                let mut met = BTreeSet::new();
                for (i, seed) in seeds.iter().enumerate().filter(|(_, seed)| !met.insert(**seed)) {
                    add(&format!("seeds.{i}"), &format!("found {seed} a second time"));
                }
            }
            SeedsConfig::Count(_) => {}
        }
        if self.axes.is_empty() {
            add("axes", "found none, expected something to vary");
        }
        let is_drawn = self.axes.iter().any(|axis| axis.between.is_some());
        match (self.design, self.samples) {
            (Sampling::Grid, Some(_)) => add(
                "samples",
                "a grid has no samples, expected a design that draws: random or latin-hypercube",
            ),
            (Sampling::Random | Sampling::LatinHypercube, _) if !is_drawn => {
                add("design", "no axis has `between`, expected one to draw from");
            }
            (Sampling::Random | Sampling::LatinHypercube, None) => {
                add("design", "expected `samples` beside it")
            }
            (_, Some(samples)) if samples == 0 || u64::from(samples) > MOST_VALUES => {
                add("samples", &format!("found {samples}, expected a number from 1 to {MOST_VALUES}"));
            }
            _ => {}
        }
        for (i, axis) in self.axes.iter().enumerate() {
            if axis.path == "seed" {
                add(&format!("axes.{i}.path"), "seeds are no axis, expected `seeds` of the sweep");
            }
            if self.axes[..i].iter().any(|earlier| earlier.path == axis.path) {
                add(&format!("axes.{i}.path"), &format!("found `{}` a second time", axis.path));
            }
            if axis.between.is_some() && self.design == Sampling::Grid {
                let expected =
                    "a grid draws nothing, expected a `design` that does: random or latin-hypercube";
                add(&format!("axes.{i}.between"), expected);
            }
        }
        let resolved = self.axes.iter().enumerate().filter_map(|(i, axis)| {
            axis.resolve().err().map(|(key, message)| {
                let place = if key.is_empty() { format!("axes.{i}") } else { format!("axes.{i}.{key}") };
                Problem::new(Place::key(&place), message)
            })
        });
        problems.extend(resolved);
        problems
    }
}

impl AxisConfig {
    /// Returns the values of the axis, or the key of the axis that is wrong, with the problem.
    fn resolve(&self) -> Result<SweepAxis, (&'static str, String)> {
        match (&self.values, &self.range, &self.between) {
            (Some(values), None, None) if values.is_empty() => {
                Err(("values", "found none, expected at least one value".to_string()))
            }
            (Some(values), None, None) => Ok(SweepAxis::Listed(values.clone())),
            (None, Some(range), None) => {
                range.values().map(SweepAxis::Listed).map_err(|message| ("range", message))
            }
            (None, None, Some(ends)) => between(ends).map_err(|message| ("between", message)),
            _ => Err(("", "expected exactly one of `values`, `range` and `between`".to_string())),
        }
    }
}

fn between(ends: &[Value; 2]) -> Result<SweepAxis, String> {
    let axis = match ends {
        [Value::Integer(low), Value::Integer(high)] if low <= high => Some(SweepAxis::Whole(*low, *high)),
        [low, high] => match (number(low), number(high)) {
            (Some(low), Some(high)) if low <= high => Some(SweepAxis::Real(low, high)),
            _ => None,
        },
    };
    axis.ok_or_else(|| format!("found {} and {}, expected two numbers, the lower first", ends[0], ends[1]))
}

impl RangeConfig {
    fn values(&self) -> Result<Vec<Value>, String> {
        let RangeConfig { from, to, step } = self;
        let refuse =
            || format!("found from {from} to {to} by {step}, expected numbers that rise, and a step above 0");
        if let (Value::Integer(from), Value::Integer(to), Value::Integer(step)) = (from, to, step) {
            if from > to || *step <= 0 {
                return Err(refuse());
            }
            let steps = to.abs_diff(*from) / step.unsigned_abs();
            check_length(steps)?;
            return Ok((0..=steps as i64).map(|i| Value::Integer(from + i * step)).collect());
        }
        let (Some(from), Some(to), Some(step)) = (number(from), number(to), number(step)) else {
            return Err(refuse());
        };
        // Rounding of the steps must not lose the last value.
        let steps = ((to - from) / step + 1e-9).floor();
        if steps.is_nan() || steps < 0.0 || step <= 0.0 {
            return Err(refuse());
        }
        check_length(steps as u64)?;
        Ok((0..=steps as u64).map(|i| Value::Float(from + i as f64 * step)).collect())
    }
}

fn check_length(steps: u64) -> Result<(), String> {
    if steps < MOST_VALUES {
        return Ok(());
    }
    Err(format!("makes {} values, expected at most {MOST_VALUES}", steps.saturating_add(1)))
}

/// Returns a finite number, whole or not.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SweepConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.toml");
        std::fs::write(&path, format!("name = 'a'\nscenario = 's.toml'\n{text}")).unwrap();
        let start = format!("{}/", folder.path().display());
        let read = SweepConfig::read(&path).map(|file| file.value);
        read.map_err(|error| error.to_string().replace(&start, ""))
    }

    fn listed(range: &str) -> Vec<Value> {
        let config = read(&format!("[[axes]]\npath = 'p'\nrange = {range}")).unwrap();
        match &config.resolved_axes()[..] {
            [SweepAxis::Listed(values)] => values.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_range_holds_both_ends() {
        let whole: Vec<Value> = [900, 950, 1000].map(Value::Integer).to_vec();
        assert_eq!(listed("{ from = 900, to = 1000, step = 50 }"), whole);
        assert_eq!(listed("{ from = 900, to = 1049, step = 50 }"), whole);
        let real = listed("{ from = 0.1, to = 0.7, step = 0.1 }");
        assert_eq!(real.len(), 7, "{real:?}");
        assert_eq!(listed("{ from = 3, to = 3, step = 1 }"), [Value::Integer(3)]);
    }

    #[test]
    fn everything_wrong_is_told_with_its_line() {
        let told = read(
            "seeds = [1, 2, 1]\nsamples = 3\n[[axes]]\npath = 'a'\nvalues = []\n[[axes]]\npath = 'a'\n\
             between = [2, 1]\n[[axes]]\npath = 'seed'\nrange = { from = 1, to = 0, step = 1 }\n[[axes]]\npath = 'b'",
        );
        let told = told.unwrap_err();
        for expected in [
            "sweep.toml:3:16: `seeds.2`: found 1 a second time",
            "sweep.toml:4:11: `samples`: a grid has no samples",
            "sweep.toml:7:10: `axes.0.values`: found none",
            "sweep.toml:9:8: `axes.1.path`: found `a` a second time",
            "sweep.toml:10:11: `axes.1.between`: found 2 and 1, expected two numbers, the lower first",
            "sweep.toml:12:8: `axes.2.path`: seeds are no axis",
            "sweep.toml:13:9: `axes.2.range`: found from 1 to 0 by 1",
            "`axes.3`: expected exactly one of `values`, `range` and `between`",
        ] {
            assert!(told.contains(expected), "{expected}\n{told}");
        }
        let told = read("seed = 3\n[[axes]]\npath = 'a'\nvalues = [1]").unwrap_err();
        assert!(
            told.contains("sweep.toml:3:1: `seed`: unknown key `seed`\n  help: did you mean `seeds`?"),
            "{told}"
        );
        let told = read("seeds = 'x'\n[[axes]]\npath = 'a'\nvalues = [1]").unwrap_err();
        assert!(told.contains("a number of seeds, or a list of them"), "{told}");
        let told = read("design = 'random'\n[[axes]]\npath = 'a'\nvalues = [1]").unwrap_err();
        assert!(told.contains("no axis has `between`"), "{told}");
    }
}
