//! `[[pools]]` of a scenario: instances that are kept ready for jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::workload::directory::Directory;
use crate::workload::launch_policy::{LaunchPolicy, OnRefusal};
use crate::workload::settings::Settings;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{AccountId, TypeId, ZoneId};

/// The most instances of a pool: each is a launch of its own at the start.
const MAX_SIZE: u32 = 1_000_000;

/// `[[pools]]`: instances that are kept ready for jobs. A job takes one and the pool orders another, so that `size` are always
/// ready or coming up, less the jobs that wait.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobPoolConfig {
    /// Name, which jobs refer to.
    pub name: String,
    /// Instance types, in the order in which they are tried.
    pub types: Vec<String>,
    /// Zones; the next instance goes to the one with fewest of the pool, and elsewhere where that is refused. Default: the
    /// cloud chooses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Instances that are ready or coming up while no job waits \[instances\].
    pub size: u32,
    /// State of an instance that is ready.
    #[serde(default)]
    pub state: ReadyState,
    /// The account; default the name of the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// State of an instance that is ready for use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadyState {
    /// Running: used at once, and paid for.
    #[default]
    Running,
    /// Stopped, once it has come up: it has to start, and only its volumes are paid for.
    Stopped,
    /// Hibernated, likewise.
    Hibernated,
}

/// Pool with every name resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct JobPool {
    /// Name.
    pub name: String,
    /// Account of its instances.
    pub account: AccountId,
    /// Type that is tried first.
    pub kind: TypeId,
    /// Zones that it spreads over; empty: the cloud chooses.
    pub zones: Vec<ZoneId>,
    /// Instances that are ready or coming up while no job waits \[instances\].
    pub size: u32,
    /// State of an instance that is ready.
    pub state: ReadyState,
    /// Policy of its launches: it tries for ever.
    pub policy: LaunchPolicy,
}

impl JobPoolConfig {
    /// Returns the pool, or everything that is wrong with it. `key` is the dotted path of its table.
    pub fn resolve(&self, key: &str, directory: &mut Directory) -> Result<JobPool, Vec<Problem>> {
        let mut settings = Settings::at(key);
        if self.name.is_empty() || self.name.contains(['.', '|']) {
            settings.wrong("name", format!("`{}`", self.name), "a name, not empty and without `.` and `|`");
        }
        if !(1..=MAX_SIZE).contains(&self.size) {
            settings.wrong("size", self.size, "1 to 1,000,000 instances");
        }
        let kinds = types(&self.types, &mut settings, directory);
        let zones = zones(&self.zones, &mut settings, directory);
        let account = directory.account(self.account.as_ref().unwrap_or(&self.name));
        settings.finish(|| JobPool {
            name: self.name.clone(),
            account,
            kind: kinds[0],
            policy: LaunchPolicy {
                on_refusal: Some(OnRefusal::for_ever(kinds[1..].to_vec(), zones.clone())),
                ..LaunchPolicy::default()
            },
            zones,
            size: self.size,
            state: self.state,
        })
    }
}

/// Returns the types of a list, at least one, each once.
pub fn types(names: &[String], settings: &mut Settings, directory: &mut Directory) -> Vec<TypeId> {
    if names.is_empty() {
        settings.wrong("types", "no type", "at least one instance type");
    }
    let mut kinds = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let path = settings.path(&format!("types.{i}"));
        match directory.named_type(name, || Place::key(&path)) {
            Ok(kind) if kinds.contains(&kind) => {
                settings.wrong(&format!("types.{i}"), format!("`{name}` again"), "each type once");
            }
            Ok(kind) => kinds.push(kind),
            Err(problem) => settings.add(problem),
        }
    }
    kinds
}

/// Returns the zones of a list, each once.
pub fn zones(names: &[String], settings: &mut Settings, directory: &mut Directory) -> Vec<ZoneId> {
    let mut zones = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let path = settings.path(&format!("zones.{i}"));
        match directory.zone(name, || Place::key(&path)) {
            Ok(zone) if zones.contains(&zone) => {
                settings.wrong(&format!("zones.{i}"), format!("`{name}` again"), "each zone once");
            }
            Ok(zone) => zones.push(zone),
            Err(problem) => settings.add(problem),
        }
    }
    zones
}

/// Returns the pools of a scenario, or everything that is wrong with them. `jobs` are the pools that jobs name, each with the
/// key that does so.
pub fn resolve(
    configs: &[JobPoolConfig],
    jobs: &[(String, String)],
    directory: &mut Directory,
) -> Result<Vec<JobPool>, Vec<Problem>> {
    let (mut pools, mut problems, mut met) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (i, config) in configs.iter().enumerate() {
        match config.resolve(&format!("pools.{i}"), directory) {
            Ok(pool) => pools.push(pool),
            Err(wrong) => problems.extend(wrong),
        }
        if !met.insert(config.name.as_str()) {
            let message = format!("found `{}` again, expected a name of its own", config.name);
            problems.push(Problem::new(Place::key(&format!("pools.{i}.name")), message));
        }
    }
    for (key, name) in jobs.iter().filter(|(_, name)| !met.contains(name.as_str())) {
        let mut problem = Problem::new(Place::key(key), format!("found `{name}`, expected one of [[pools]]"));
        problem.help = did_you_mean(name, met.iter().copied());
        problems.push(problem);
    }
    if problems.is_empty() { Ok(pools) } else { Err(problems) }
}
