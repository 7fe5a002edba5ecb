//! Scenario: the configurations of all parts side by side, read from TOML; all problems are reported at once.

pub mod branching;
mod checks;
pub mod config;
mod document;
pub mod edited_text;
pub mod host_kinds;
mod key_path;
pub mod objective;
mod reading;
pub mod step_time;
pub mod strict_file;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::de::DeValue;

use checks::RunSort;
use config::{LifecycleConfig, OutputConfig};
use document::{Document, Node};
use key_path::Step;
use objective::ObjectiveConfig;
use plimsoll_base::catalogue::{InstanceTypeConfig, TypeTable};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::clock::ClockOrigin;
use plimsoll_base::units::{Calendar, Duration};
use plimsoll_model::autoscaling::config::AutoscalingGroupConfig;
use plimsoll_model::billing::BillingConfig;
use plimsoll_model::control_plane::config::ControlPlaneConfig;
use plimsoll_model::control_plane::presets::Preset;
use plimsoll_model::faults::FaultConfig;
use plimsoll_model::fleet::config::ZoneConfig;
use plimsoll_model::headroom::HeadroomConfig;
use plimsoll_model::network::NetworkConfig;
use plimsoll_model::placement::callables::CallableDoor;
use plimsoll_model::placement::config::PlacementConfig;
use plimsoll_model::pools::JobPoolConfig;
use plimsoll_model::quota::QuotaConfig;
use plimsoll_model::storage::{ImageConfig, StorageConfig};
use plimsoll_model::workload::demand::{Demand, WorkloadConfig};
use plimsoll_model::workload::directory::Directory;

/// Experiment: a cloud, a demand and a duration.
///
/// Required keys have a serde default too, which the checks refuse, so that the rest of the file
/// is still read and checked when one is missing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["name", "zones", "workload"]))]
pub struct Scenario {
    /// Name, also of the result folder.
    #[serde(default)]
    pub name: String,
    /// Seed of every random draw; default 42.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Date of time zero, midnight UTC, or date and time with the offset from UTC, such as `2026-03-01T08:00:00+01:00`:
    /// dates are shown beside times, and months are billed by it; default the `trace_origin` if that is a date, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Simulated time; default: until the last event of the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// Time left out of every statistic and bill; default 0s.
    #[serde(default)]
    pub warmup: Duration,
    /// Zones with their hosts, numbered in this order; at least one.
    #[serde(default)]
    pub zones: Vec<ZoneConfig>,
    /// Choice of the host for an instance.
    #[serde(default)]
    pub placement: PlacementConfig,
    /// Instance types that add to the EC2 catalogue, or override its own.
    #[serde(default)]
    pub instance_types: Vec<InstanceTypeConfig>,
    /// Prices that the catalogue does not have.
    #[serde(default)]
    pub billing: BillingConfig,
    /// Addresses; left out: without limit.
    #[serde(default)]
    pub network: NetworkConfig,
    /// Images that are there from the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageConfig>,
    /// Durations of operations on volumes, and storage capacity of the zones; left out: no time, no limit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub storage: StorageConfig,
    /// Host failures, outages, maintenance and retirement; left out: none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub faults: FaultConfig,
    /// Quotas of the accounts; left out: no limits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quotas: QuotaConfig,
    /// Demand: a trace, synthetic arrivals and calls.
    #[serde(default)]
    pub workload: WorkloadConfig,
    /// Auto Scaling groups; left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub autoscaling_groups: Vec<AutoscalingGroupConfig>,
    /// Pools of instances that are kept ready for jobs; left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<JobPoolConfig>,
    /// Durations of the steps of an instance's life.
    #[serde(default)]
    pub lifecycle: LifecycleConfig,
    /// Stages between a call and its effect; left out: no time, no limit.
    #[serde(default)]
    pub control_plane: ControlPlaneConfig,
    /// Samples of the headroom of the fleet; left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<HeadroomConfig>,
    /// Figures that the run is to reach; left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<ObjectiveConfig>,
    /// Contents of the result folder.
    #[serde(default)]
    pub output: OutputConfig,
    /// Source of the scenario, for the place of problems found later.
    #[serde(skip)]
    origin: Option<Origin>,
}

/// Source that a scenario was read from.
#[derive(Clone, Debug)]
struct Origin {
    document: Document,
    /// Files as the scenario names them, by the pointer of their key in the resolved scenario.
    written_files: Vec<(String, String)>,
}

/// Changes to a scenario by the command line.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Each `PATH=VALUE`, in order.
    pub set: Vec<String>,
    /// The seed instead of the scenario's.
    pub seed: Option<u64>,
    /// Rules outside the program, for the strategy `callable`.
    pub callables: Option<CallableDoor>,
}

/// Returns whether a table is empty: it is left out of the resolved scenario and does not change its hash.
fn is_default<T: Default + PartialEq>(table: &T) -> bool {
    *table == T::default()
}

fn default_seed() -> u64 {
    42
}

impl Scenario {
    /// Returns true if no seed changes the demand: all of it is a trace, replayed as it is, and loads of groups without noise.
    pub fn has_certain_demand(&self) -> bool {
        let loads = self.autoscaling_groups.iter().filter_map(|group| group.load.as_ref());
        self.workload.is_certain() && loads.into_iter().all(|load| load.noise == 0.0)
    }

    /// Reads a scenario file. Files it names are relative to its folder, those of `--set` to the current one.
    pub fn read(path: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        Scenario::read_as(path, overrides, RunSort::Whole)
    }

    /// Reads the file of a scenario for clients to call: it needs neither demand nor duration of its own.
    pub fn read_for_clients(path: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        Scenario::read_as(path, overrides, RunSort::ForClients)
    }

    /// Reads the file of a scenario whose run goes on from a checkpoint: it needs no demand of its own where clients made the
    /// checkpoint, but then it needs a duration.
    pub fn read_for_branch(path: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        Scenario::read_as(path, overrides, RunSort::Branch)
    }

    fn read_as(path: &Path, overrides: &Overrides, sort: RunSort) -> Result<Scenario, InputError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new(Place::file(path), format!("cannot be read: {error}"))
                .with_help("name a scenario file; examples are in workloads/scenarios/")
        })?;
        Scenario::parse_as(path, &text, overrides, sort)
    }

    /// Reads the text of a scenario that is, or would be, at `path`.
    pub fn parse(path: &Path, text: &str, overrides: &Overrides) -> Result<Scenario, InputError> {
        Scenario::parse_as(path, text, overrides, RunSort::Whole)
    }

    fn parse_as(
        path: &Path,
        text: &str,
        overrides: &Overrides,
        sort: RunSort,
    ) -> Result<Scenario, InputError> {
        let mut document = Document::parse(path, text).map_err(InputError)?;
        let mut problems = Vec::new();
        for assignment in &overrides.set {
            problems.extend(document.set(assignment).err());
        }
        fill_preset(&mut document);
        document.dates_as_text();
        let folder = path.parent().unwrap_or(Path::new(""));
        let written_files = anchor_files(&mut document, folder);
        let reading = reading::read::<Scenario>(&document);
        problems.extend(reading.problems);
        let Some(mut scenario) = reading.value else { return Err(in_order(problems)) };
        scenario.seed = overrides.seed.unwrap_or(scenario.seed);
        scenario.placement.strategy.callables.clone_from(&overrides.callables);
        let pruned = checks::Pruned { document: &document, tree: &reading.pruned, removed: &reading.removed };
        problems.extend(pruned.locate(checks::check(&scenario, sort)));
        if !problems.is_empty() {
            return Err(in_order(problems));
        }
        scenario.origin = Some(Origin { document, written_files });
        Ok(scenario)
    }

    /// Adds file, line and column to problems that so far only name a key of the scenario.
    pub fn locate(&self, error: InputError) -> InputError {
        let Some(Origin { document, .. }) = &self.origin else { return error };
        let whole = checks::Pruned { document, tree: document.root(), removed: &[] };
        InputError(whole.locate(error.0))
    }

    /// Opens the demand, with the names it may use.
    pub fn demand(&self) -> Result<(Directory, Demand), InputError> {
        let mut directory = self.directory()?;
        let demand = self.demand_of(&mut directory)?;
        Ok((directory, demand))
    }

    /// Returns the names that the demand may use before it is opened: those of zones and subnets.
    pub fn directory(&self) -> Result<Directory, InputError> {
        let types = TypeTable::new(&self.instance_types, &self.billing.shape);
        types.map(|types| checks::directory(self, types)).map_err(|error| self.locate(error))
    }

    /// Opens the demand, which adds its names to those there are.
    pub fn demand_of(&self, directory: &mut Directory) -> Result<Demand, InputError> {
        checks::open_demand(self, directory).map_err(|error| self.locate(error))
    }

    /// Opens the demand of a scenario that clients call, and which may have none of its own.
    pub fn demand_beside_clients(&self, directory: &mut Directory) -> Result<Demand, InputError> {
        match self.workload.is_empty() {
            true => Ok(Demand::none(Seed(self.seed))),
            false => self.demand_of(directory),
        }
    }

    /// Returns the scenario as run: every default filled in, files as they were written.
    pub fn resolved(&self) -> serde_json::Value {
        let mut resolved = serde_json::to_value(self).expect("a scenario is plain data");
        for (pointer, written) in self.origin.iter().flat_map(|origin| &origin.written_files) {
            if let Some(value) = resolved.pointer_mut(pointer) {
                *value = serde_json::Value::from(written.as_str());
            }
        }
        resolved
    }

    /// Returns the value at a dotted path of [`Scenario::resolved`], items of lists by number; `None` where there is none, or
    /// null.
    pub fn setting(&self, path: &str) -> Option<serde_json::Value> {
        let resolved = self.resolved();
        let step = |value: &serde_json::Value, step: &String| match value {
            serde_json::Value::Array(items) => items.get(step.parse::<usize>().ok()?).cloned(),
            table => table.get(step).cloned(),
        };
        let found = key_path::parse(path).iter().try_fold(resolved, |value, name| step(&value, name));
        found.filter(|value| !value.is_null())
    }

    /// Returns the SHA-256 of [`Scenario::resolved`] as compact JSON, in hexadecimal.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.resolved().to_string());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns every file the scenario reads, in the order of its keys.
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(origin) = &self.origin else { return Vec::new() };
        let mut files = Vec::new();
        each_file(origin.document.root(), &mut Vec::new(), &mut |_, value| {
            files.extend(value.get_ref().as_str().map(PathBuf::from));
        });
        files
    }

    /// Returns the calendar of the run; `None` where neither `start` nor `billing.start_date` nor `workload.trace_origin`
    /// names a date. The scenario has been checked.
    pub fn calendar(&self) -> Option<Calendar> {
        if let Some(start) = &self.start {
            return Calendar::starting(start);
        }
        if self.billing.start_date != BillingConfig::default().start_date {
            return Calendar::starting(&self.billing.start_date);
        }
        self.workload.trace_origin.and_then(ClockOrigin::date).and_then(Calendar::starting_at)
    }

    /// Returns the calendar by which months are billed.
    pub fn billing_calendar(&self) -> Calendar {
        self.calendar().unwrap_or_default()
    }

    /// Returns the pools that jobs name, each with the key that does so.
    pub fn pools_of_jobs(&self) -> Vec<(String, String)> {
        let jobs = self.workload.jobs.iter().enumerate();
        jobs.map(|(i, jobs)| (format!("workload.jobs.{i}.pool"), jobs.pool.clone())).collect()
    }

    /// Returns whether the calls of every minute are counted, which the availability of the service needs.
    pub fn counts_minutes(&self) -> bool {
        !self.objectives.is_empty() || self.control_plane.is_modelled()
    }

    /// Returns the simulated time between two samples of the time series.
    pub fn sampling_interval(&self) -> Duration {
        self.output.sampling_interval(self.duration)
    }
}

/// Fills the table of the control plane with the values of its preset. An unknown preset is reported when the
/// scenario is read.
fn fill_preset(document: &mut Document) {
    let way = [Step::Key("control_plane".to_string()), Step::Key("preset".to_string())];
    let named =
        way.iter().try_fold(document.root(), document::child).and_then(|node| node.get_ref().as_str());
    if let Some(preset) = named.and_then(Preset::named) {
        document.fill("control_plane", &format!("preset {}", preset.name()), preset.text());
    }
}

/// Keys whose value is a file, in any table.
pub const FILE_KEYS: [&str; 2] = ["trace", "file"];

/// Makes the files named in the scenario file relative to its folder; returns how each was written.
fn anchor_files(document: &mut Document, folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    each_file(document.root(), &mut Vec::new(), &mut |path, value| {
        if let Some(written) = value.get_ref().as_str().filter(|_| document.in_file(&value.span())) {
            found.push((path.to_vec(), written.to_string()));
        }
    });
    let mut written_files = Vec::new();
    for (path, written) in found {
        if let Some(node) = document::node_mut(document.root_mut(), &path) {
            let anchored = folder.join(&written).to_string_lossy().into_owned();
            *node.get_mut() = DeValue::String(anchored.into());
            written_files.push((json_pointer(&path), written));
        }
    }
    written_files
}

/// Calls `visit` with every value that is a file, and its path.
fn each_file(node: &Node, path: &mut Vec<Step>, visit: &mut dyn FnMut(&[Step], &Node)) {
    for (step, _, value) in document::children(node) {
        let names_file = matches!(&step, Step::Key(key) if FILE_KEYS.contains(&key.as_str()));
        path.push(step);
        if names_file && value.get_ref().is_str() {
            visit(path, value);
        }
        each_file(value, path, visit);
        path.pop();
    }
}

/// Returns the path of a value in the syntax of RFC 6901.
fn json_pointer(path: &[Step]) -> String {
    path.iter()
        .map(|step| match step {
            Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Item(number) => format!("/{number}"),
        })
        .collect()
}

/// Returns the problems in the order of the file, the command line's first.
fn in_order(mut problems: Vec<Problem>) -> InputError {
    problems.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.place.file.clone(), problem.place.line, problem.place.column);
        key(a).cmp(&key(b))
    });
    problems.dedup();
    InputError(problems)
}

#[cfg(test)]
mod tests;
