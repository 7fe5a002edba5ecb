//! Plan of a sweep: every run with its values and seed, and the hashes of all files it reads. It is JSON and needs
//! no engine: any machine with the same files can do any of its runs; with other files it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Value;

use super::config::{SeedsConfig, SweepConfig};
use super::design::{self, DesignPoint};
use super::refusals::Refusals;
use crate::estimate::{check_fits, estimated_bytes};
use plimsoll_base::disk;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::strict_file::StrictFile;
use plimsoll_sim::scenario::{FILE_KEYS, Overrides, Scenario};

/// The schema of this version.
const SCHEMA: &str = "plimsoll/plan/1";

/// Digits of the name of a run: 128 bits.
const ID_DIGITS: usize = 32;

/// The most runs of a sweep.
const MOST_RUNS: usize = 10_000_000;

/// A plan. Files are named from the folder of the sweep file on, so that a plan made elsewhere is the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    schema: String,
    /// Version of plimsoll that made it, and does it.
    pub version: String,
    /// Name of the sweep.
    pub name: String,
    /// Folder of the sweep file, seen from that of the plan; the only thing that depends on where the plan is.
    folder: PathBuf,
    /// The scenario file.
    pub scenario: Input,
    /// Name in the scenario.
    pub scenario_name: String,
    /// Every file that some run reads.
    pub inputs: Vec<Input>,
    /// The keys that are varied.
    pub axes: Vec<String>,
    /// The runs in order; the seeds change fastest.
    pub runs: Vec<PlannedRun>,
}

/// A file with its content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Name, relative to the folder of the sweep file.
    pub file: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRun {
    /// Name of the run, a hash of everything that its result depends on: equal names, equal results.
    pub id: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// The value of every axis.
    pub values: DesignPoint,
    /// The files it reads, by their number in the plan.
    inputs: Vec<usize>,
}

impl Plan {
    /// Plans a sweep and checks every run. Inputs are read to the end, for their hashes.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once: values that the scenario refuses, at their line in the sweep file and with the
    /// runs they are in; files that cannot be read.
    pub fn make(sweep: &StrictFile<SweepConfig>) -> Result<Plan, InputError> {
        let config = &sweep.value;
        let folder = sweep.path().parent().unwrap_or(Path::new(""));
        let scenario_file = folder.join(&config.scenario);
        let base = Scenario::read(&scenario_file, &Overrides::default())
            .map_err(|error| named_in(error, sweep, &scenario_file))?;
        let axes: Vec<String> = config.axes.iter().map(|axis| axis.path.clone()).collect();
        let samples = config.samples.unwrap_or_default();
        let resolved = config.resolved_axes();
        let (points, seeds_each) = (design::count(&resolved, samples), config.seeds.count());
        let runs = points.saturating_mul(seeds_each);
        if runs > MOST_RUNS {
            let key = if seeds_each > MOST_RUNS { "seeds" } else { "axes" };
            let found = format!("makes {runs} runs, {points} points × {seeds_each} seeds");
            let problem = Problem::new(Place::key(key), format!("{found}, expected at most {MOST_RUNS}"));
            return Err(sweep.locate(vec![problem]));
        }
        let points = design::points(&resolved, config.design, samples, Seed(config.design_seed));
        let seeds = seeds(&config.seeds, base.seed);
        let files = files_of_points(sweep, &scenario_file, &axes, &points, seeds.len())?;
        let hashed = hash_all(files.iter().flatten())?;
        let scenario = Input { file: disk::relative(folder, &scenario_file), sha256: hash(&scenario_file)? };
        let inputs: Vec<Input> = hashed
            .iter()
            .map(|(file, sha256)| Input { file: disk::relative(folder, file), sha256: sha256.clone() })
            .collect();
        let number = |file: &PathBuf| hashed.keys().position(|known| known == file).expect("all were hashed");
        let mut plan = Plan {
            schema: SCHEMA.to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            name: config.name.clone(),
            folder: PathBuf::new(),
            scenario,
            scenario_name: base.name.clone(),
            inputs,
            axes,
            runs: Vec::with_capacity(points.len() * seeds.len()),
        };
        for (point, files) in points.iter().zip(&files) {
            let inputs: Vec<usize> = files.iter().map(number).collect();
            for seed in &seeds {
                let id = plan.id(*seed, point, &inputs);
                plan.runs.push(PlannedRun { id, seed: *seed, values: point.clone(), inputs: inputs.clone() });
            }
        }
        Ok(plan)
    }

    /// Reads a plan and returns the folder of its sweep file with it.
    pub fn read(path: &Path) -> Result<(Plan, PathBuf), InputError> {
        let refuse = |message: String| {
            let problem = Problem::new(Place::file(path), message);
            problem.with_help("`plimsoll sweep plan SWEEP -o PLAN` makes a plan")
        };
        let text =
            std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let plan: Plan =
            serde_json::from_str(&text).map_err(|error| refuse(format!("is no plan: {error}")))?;
        if plan.schema != SCHEMA {
            return Err(refuse(format!("found schema {:?}, expected {SCHEMA:?}", plan.schema)).into());
        }
        let (made, here) = (&plan.version, env!("CARGO_PKG_VERSION"));
        if made != here {
            let problem = Problem::new(Place::file(path), format!("made by plimsoll {made}, this is {here}"));
            return Err(problem.with_help("results of different versions do not mix: plan anew").into());
        }
        if let Some(message) = plan.contradiction() {
            return Err(refuse(format!("is no plan: {message}")).into());
        }
        let folder = path.parent().unwrap_or(Path::new("")).join(&plan.folder);
        Ok((plan, folder))
    }

    /// Returns a contradiction within a plan of the right form, if there is one.
    fn contradiction(&self) -> Option<String> {
        if self.runs.is_empty() || self.axes.is_empty() {
            return Some(format!("it has {} runs and {} axes", self.runs.len(), self.axes.len()));
        }
        let points = self.runs.len() / self.seeds().len();
        if points * self.seeds().len() != self.runs.len() {
            return Some(format!("{} runs are no multiple of {} seeds", self.runs.len(), self.seeds().len()));
        }
        self.runs.iter().enumerate().find_map(|(number, run)| {
            if run.values.len() != self.axes.len() {
                let (values, axes) = (run.values.len(), self.axes.len());
                return Some(format!("run {number} has {values} values, where there are {axes} axes"));
            }
            if let Some(input) = run.inputs.iter().find(|input| **input >= self.inputs.len()) {
                return Some(format!(
                    "run {number} reads input {input}, where there are {}",
                    self.inputs.len()
                ));
            }
            let id = self.id(run.seed, &run.values, &run.inputs);
            (id != run.id).then(|| format!("run {number} is named {:?}, and would be {id}", run.id))
        })
    }

    /// Returns the plan as the text of a file at `place`; the sweep file is in `folder`.
    pub fn to_json(&self, place: &Path, folder: &Path) -> String {
        let parent = place.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let located = Plan { folder: disk::relative(parent, folder), ..self.clone() };
        serde_json::to_string_pretty(&located).expect("a plan is plain data") + "\n"
    }

    /// Returns whether two plans are the same, apart from their folders.
    pub fn is_same_as(&self, other: &Plan) -> bool {
        let anywhere = |plan: &Plan| Plan { folder: PathBuf::new(), ..plan.clone() };
        anywhere(self) == anywhere(other)
    }

    /// Returns the scenario of a run. `folder` is that of the sweep file.
    pub fn scenario(&self, folder: &Path, run: &PlannedRun) -> Result<Scenario, InputError> {
        let overrides = Overrides {
            set: assignments(folder, &self.axes, &run.values),
            seed: Some(run.seed),
            ..Overrides::default()
        };
        Scenario::read(&folder.join(&self.scenario.file), &overrides)
    }

    /// Returns the values an axis takes, each once, in the order of their first run.
    pub fn values_of(&self, axis: usize) -> Vec<&Value> {
        let mut seen = BTreeSet::new();
        let values = self.runs.iter().map(|run| &run.values[axis]);
        values.filter(|value| seen.insert(value.to_string())).collect()
    }

    /// Returns the seeds of every point, in order.
    pub fn seeds(&self) -> Vec<u64> {
        let mut seeds = Vec::new();
        for run in &self.runs {
            // They change fastest: with the first one the second point begins.
            if seeds.first() == Some(&run.seed) {
                break;
            }
            seeds.push(run.seed);
        }
        seeds
    }

    /// Estimates the memory that the largest of some runs takes \[bytes\]; refuses one that cannot run in the free memory.
    /// `folder` is that of the sweep file.
    pub fn most_bytes(&self, folder: &Path, runs: &[usize], free: Option<u64>) -> Result<u64, InputError> {
        // Seeds change no size.
        let mut points: Vec<&PlannedRun> = runs.iter().map(|run| &self.runs[*run]).collect();
        points.dedup_by(|a, b| a.values == b.values);
        let bytes: Vec<u64> = points
            .into_par_iter()
            .map(|run| {
                let scenario = self.scenario(folder, run)?;
                free.map_or(Ok(()), |free| check_fits(&scenario, free))?;
                estimated_bytes(&scenario)
            })
            .collect::<Result<_, InputError>>()?;
        Ok(bytes.into_iter().max().unwrap_or(1))
    }

    /// Refuses files that are not those the plan was made with.
    pub fn check_inputs<'a>(
        &self,
        folder: &Path,
        runs: impl IntoIterator<Item = &'a PlannedRun>,
    ) -> Result<(), InputError> {
        let mut numbers: Vec<usize> = runs.into_iter().flat_map(|run| run.inputs.iter().copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let inputs = numbers.into_iter().filter_map(|number| self.inputs.get(number));
        let check = |input: &Input| {
            let file = folder.join(&input.file);
            let found = hash(&file)?;
            if found == input.sha256 {
                return Ok(());
            }
            let (found, expected) = (&found[..16], input.sha256.get(..16).unwrap_or(&input.sha256));
            let message =
                format!("not the file the plan was made with: SHA-256 {found}…, expected {expected}…");
            let problem = Problem::new(Place::file(&file), message);
            Err(InputError::from(problem.with_help("bring the same files here, or plan anew")))
        };
        let problems: Vec<Problem> = [&self.scenario]
            .into_iter()
            .chain(inputs)
            .filter_map(|input| check(input).err())
            .flat_map(|e| e.0)
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(InputError(problems)) }
    }

    /// Returns the name of a run: a hash of the version, the files it reads, its values and its seed.
    fn id(&self, seed: u64, values: &DesignPoint, inputs: &[usize]) -> String {
        let inputs: Vec<&Input> = inputs.iter().map(|number| &self.inputs[*number]).collect();
        let settings: Vec<(&String, &Value)> = self.axes.iter().zip(values).collect();
        let all = serde_json::to_string(&(&self.version, &self.scenario.sha256, inputs, settings, seed));
        hex(&Sha256::digest(all.expect("values are plain data")))[..ID_DIGITS].to_string()
    }
}

/// Returns the seeds of every point; `first` is the scenario's.
fn seeds(config: &SeedsConfig, first: u64) -> Vec<u64> {
    match config {
        SeedsConfig::Count(count) => (0..u64::from(*count)).map(|i| first.wrapping_add(i)).collect(),
        SeedsConfig::List(seeds) => seeds.clone(),
    }
}

/// Reads the scenario of every point, and returns the files of each.
fn files_of_points(
    sweep: &StrictFile<SweepConfig>,
    scenario_file: &Path,
    axes: &[String],
    points: &[DesignPoint],
    seeds: usize,
) -> Result<Vec<Vec<PathBuf>>, InputError> {
    let folder = sweep.path().parent().unwrap_or(Path::new(""));
    let read = |point: &DesignPoint| {
        let set = assignments(folder, axes, point);
        let read = Scenario::read(
            scenario_file,
            &Overrides { set: set.clone(), seed: None, ..Overrides::default() },
        );
        read.map(|scenario| scenario.files()).map_err(|error| (set, error))
    };
    let all: Vec<_> = points.par_iter().map(read).collect();
    let mut refusals = Refusals::new(&sweep.value);
    let mut files = Vec::with_capacity(points.len());
    for (number, (read, point)) in all.into_iter().zip(points).enumerate() {
        match read {
            Ok(of_point) => files.push(of_point),
            Err((set, error)) => refusals.add(number * seeds, point, &set, error),
        }
    }
    let problems = refusals.problems();
    if problems.is_empty() { Ok(files) } else { Err(sweep.locate(problems)) }
}

/// Returns the assignments of every axis as `--set` takes them; files are relative to `folder`.
fn assignments(folder: &Path, axes: &[String], values: &DesignPoint) -> Vec<String> {
    let one = |(path, value): (&String, &Value)| {
        let key = path.rsplit('.').next().unwrap_or(path);
        format!("{path}={}", anchored(folder, key, value.clone()))
    };
    axes.iter().zip(values).map(one).collect()
}

/// Returns the value of a key with every file in it joined to `folder`.
fn anchored(folder: &Path, key: &str, value: Value) -> Value {
    match value {
        Value::String(file) if FILE_KEYS.contains(&key) => {
            Value::String(folder.join(file).to_string_lossy().into_owned())
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| anchored(folder, "", item)).collect())
        }
        Value::Table(table) => {
            let entries = table.into_iter();
            Value::Table(entries.map(|(key, value)| (key.clone(), anchored(folder, &key, value))).collect())
        }
        leaf => leaf,
    }
}

/// Reports a missing scenario as a problem of the sweep file.
fn named_in(error: InputError, sweep: &StrictFile<SweepConfig>, scenario_file: &Path) -> InputError {
    if scenario_file.exists() {
        return error;
    }
    let message = format!("{} cannot be found", scenario_file.display());
    let problem = Problem::new(Place::key("scenario"), message);
    sweep.locate(vec![problem.with_help("it is seen from the folder of the sweep file")])
}

/// Returns the hash of every file, each read once.
fn hash_all<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<BTreeMap<PathBuf, String>, InputError> {
    let mut hashed = BTreeMap::new();
    for file in files {
        if !hashed.contains_key(file) {
            hashed.insert(file.clone(), hash(file)?);
        }
    }
    Ok(hashed)
}

/// Returns the SHA-256 of a file, in hexadecimal.
fn hash(path: &Path) -> Result<String, InputError> {
    let hash = || {
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(path)?, &mut hasher)?;
        Ok::<_, io::Error>(hex(&hasher.finalize()))
    };
    hash().map_err(|error| Problem::new(Place::file(path), format!("cannot be read: {error}")).into())
}

/// Returns bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
