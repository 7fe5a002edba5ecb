//! `[[workload.calls]]` of a scenario: its keys, and their validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::operations::{MakeCall, REGISTER, Template};
use super::{CallSource, Next};
use crate::draw::AliasTable;
use crate::operation::Operation;
use crate::workload::arrivals::ArrivalSource;
use crate::workload::call::{Modification, Query, Tag};
use crate::workload::directory::{DEFAULT_ACCOUNT, Directory};
use crate::workload::process::{ProcessConfig, Timetable};
use crate::workload::profile::{DemandLayer, Intensity, Thinning};
use crate::workload::resource_call::VolumeSpec;
use crate::workload::settings::Settings;
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{AccountId, ZoneId};

/// The most instances of one call: as many as a page of `describe` holds.
const MAX_COUNT: u32 = *Query::PAGE_SIZES.end();

/// The most accounts of one source: their ids are held in memory.
const MAX_ACCOUNTS: u32 = 1_000_000;

/// A stream of calls to the API, each about instances that are drawn when it is answered, or about no named
/// resource. If the account has no instance, the call fails with `InvalidInstanceID.NotFound`; an instance whose
/// state does not allow the call refuses it.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallConfig {
    /// Name, also of the volumes and addresses that its calls make; default `calls-N`, N from 0 in file order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Arrival process of the calls.
    pub process: ProcessConfig,
    /// Operations and their weights: relative frequencies, 0 or more. Possible are `describe`, `start`, `stop`,
    /// `hibernate`, `reboot`, `terminate`, `modify` (which removes termination protection), `create-tags`,
    /// `delete-tags`, `create-volume` and `allocate-address`.
    pub operations: BTreeMap<String, f64>,
    /// Number of accounts of its own, each call from one drawn uniformly: `NAME-0`, `NAME-1` …; with one account its
    /// name is `default`. Left out: the accounts of `accounts_of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u32>,
    /// Names of `[[workload.arrivals]]`: each call is from one of their accounts, drawn uniformly. Left out: of all
    /// of them; where there are none, from `default`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts_of: Vec<String>,
    /// Instances that a call is about, 1 to 1,000: different existing ones of the caller, the first drawn
    /// uniformly; fewer where it has fewer. Each has its own answer.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
    /// Scope and pages of `describe`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub describe: DescribeConfig,
    /// Tags that `create-tags` adds to instances and `delete-tags` removes from them; left out: a tag of the source's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The volumes that `create-volume` makes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub volume: VolumeConfig,
}

/// Scope and pages of calls of `describe`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DescribeConfig {
    /// Instances that a call asks for; default `instance`.
    pub by: Scope,
    /// Instances a page, 5 to 1,000, where a call asks for the account's; left out: all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// Instances that a call of `describe` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// For `count` instances.
    #[default]
    Instance,
    /// For all instances of the account.
    Account,
}

/// A volume that a call makes.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VolumeConfig {
    /// Its zone; left out: one of all zones, drawn uniformly for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Volume type; default gp3.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<VolumeType>,
    /// Size \[GiB\]; default 8.
    pub size_gib: u32,
    /// Provisioned \[IOPS\]; default: the least of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\]; default: the least of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput_mibps: Option<u32>,
}

impl Default for VolumeConfig {
    fn default() -> VolumeConfig {
        VolumeConfig { zone: None, kind: None, size_gib: 8, iops: None, throughput_mibps: None }
    }
}

fn one() -> u32 {
    1
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

fn is_default<T: Default + PartialEq>(table: &T) -> bool {
    *table == T::default()
}

impl CallConfig {
    /// Returns its name, or the one that stands for it by its place in the list.
    pub fn name_or_number(&self, number: u16) -> String {
        self.name.clone().unwrap_or_else(|| format!("calls-{number}"))
    }

    /// Returns the source of calls, or everything that is wrong. `layer` has its place in the list, `key` is its dotted path,
    /// `arrivals` the names of all arrival processes and `sources` those that could be made of them.
    pub fn compile(
        &self,
        layer: DemandLayer,
        key: &str,
        seed: Seed,
        intensity: Option<&Intensity>,
        (arrivals, sources): (&[String], &[ArrivalSource]),
        directory: &mut Directory,
    ) -> Result<CallSource, Vec<Problem>> {
        let mut settings = Settings::at(key);
        let name = self.name_or_number(layer.source);
        let stream = |purpose| seed.stream(purpose, layer.entity());
        let process = self.process.compile(&settings.path("process"), stream(Purpose::CallArrival));
        let process = settings.take(process);
        let makes = self.makes(&mut settings);
        let usable = settings.weights("operations", self.operations.values());
        let accounts = self.callers(&name, &mut settings, arrivals, sources, directory);
        let template = self.template(&name, &mut settings, directory);
        let (Some(process), true, Some(&account)) = (process, usable, accounts.first()) else {
            return settings.give_up();
        };
        let weights: Vec<f64> = self.operations.values().copied().collect();
        settings.finish(|| {
            let mut source = CallSource {
                timetable: Timetable::new(
                    process,
                    intensity.map(|intensity| Thinning::new(intensity, layer, Purpose::CallThinning, seed)),
                ),
                makes,
                operation: AliasTable::new(&weights),
                accounts,
                mix_stream: stream(Purpose::CallMix),
                target_stream: stream(Purpose::CallTarget),
                template,
                next: Next { operation: 0, account, target: 0 },
            };
            source.draw_next();
            source
        })
    }

    /// Returns the makers of the calls of each operation, in the order of `operations`.
    fn makes(&self, settings: &mut Settings) -> Vec<MakeCall> {
        let mut makes = Vec::new();
        for word in self.operations.keys() {
            match REGISTER.iter().find(|(operation, _)| operation.name() == word) {
                Some((_, make)) => makes.push(*make),
                None => settings.add(impossible(&settings.path(&format!("operations.{word}")), word)),
            }
        }
        makes
    }

    /// Returns the accounts that calls come from; none where something is wrong, here or in the arrivals whose accounts they
    /// are.
    fn callers(
        &self,
        name: &str,
        settings: &mut Settings,
        arrivals: &[String],
        sources: &[ArrivalSource],
        directory: &mut Directory,
    ) -> Vec<AccountId> {
        for (i, of) in self.accounts_of.iter().enumerate().filter(|(_, of)| !arrivals.contains(of)) {
            let expected = "the name of one of [[workload.arrivals]]";
            let mut problem = settings.problem(&format!("accounts_of.{i}"), format!("`{of}`"), expected);
            problem.help = did_you_mean(of, arrivals.iter().map(String::as_str));
            settings.add(problem);
        }
        match self.accounts {
            Some(number) if !(1..=MAX_ACCOUNTS).contains(&number) => {
                settings.wrong("accounts", number, "1 to 1,000,000");
                Vec::new()
            }
            Some(number) if !self.accounts_of.is_empty() => {
                settings.wrong("accounts", number, "either `accounts` or `accounts_of`");
                Vec::new()
            }
            Some(number) => directory.synthetic_accounts(name, number),
            None if arrivals.is_empty() => vec![directory.account(DEFAULT_ACCOUNT)],
            None => {
                let is_meant =
                    |name: &str| self.accounts_of.is_empty() || self.accounts_of.iter().any(|of| of == name);
                let sources = sources.iter().filter(|source| is_meant(source.name()));
                let mut accounts: Vec<AccountId> =
                    sources.flat_map(ArrivalSource::accounts).copied().collect();
                accounts.sort_unstable();
                accounts.dedup();
                accounts
            }
        }
    }

    /// Returns what all calls have in common.
    fn template(&self, name: &str, settings: &mut Settings, directory: &mut Directory) -> Template {
        if !(1..=MAX_COUNT).contains(&self.count) {
            settings.wrong("count", self.count, "1 to 1,000");
        }
        let DescribeConfig { by, page_size } = self.describe;
        match (page_size, by) {
            // "You cannot specify this parameter and the instance IDs parameter in the same request"
            // (`DescribeInstances`, "MaxResults").
            (Some(size), Scope::Instance) => {
                settings.wrong("describe.page_size", size, "`by = \"account\"` with it");
            }
            (Some(size), Scope::Account) if !Query::PAGE_SIZES.contains(&size) => {
                settings.wrong("describe.page_size", size, "5 to 1,000");
            }
            _ => {}
        }
        let tag = |(key, value): (&String, &String)| Tag { key: key.clone(), value: value.clone() };
        let mut tags: Vec<Tag> = self.tags.iter().map(tag).collect();
        if tags.is_empty() {
            tags.push(Tag { key: name.to_string(), value: String::new() });
        }
        let VolumeConfig { kind, size_gib, iops, throughput_mibps, .. } = self.volume;
        Template {
            count: self.count,
            describes_account: by == Scope::Account,
            page_size,
            change: Modification { protected: Some(false), ..Modification::default() }.into(),
            tag_keys: tags.iter().map(|tag| tag.key.clone()).collect(),
            tags: tags.into(),
            volume: directory.handles.volume(name),
            spec: VolumeSpec { kind, size_gib: Some(size_gib), iops, throughput_mibps },
            zones: self.zones(settings, directory),
            address: directory.handles.address(name),
        }
    }

    /// Returns the zones of the volumes.
    fn zones(&self, settings: &mut Settings, directory: &mut Directory) -> Vec<ZoneId> {
        let Some(name) = &self.volume.zone else {
            return (0..directory.zones().len() as u16).map(ZoneId).collect();
        };
        let key = settings.path("volume.zone");
        let zone = directory.zone(name, || Place::key(&key));
        zone.map_err(|problem| settings.add(problem)).into_iter().collect()
    }
}

/// Returns the problem of a word that is no operation, or one that cannot be called like this.
fn impossible(key: &str, word: &str) -> Problem {
    let possible = || REGISTER.iter().map(|(operation, _)| operation.name());
    let expected = "expected operations that name nothing";
    match Operation::named(word) {
        Some(Operation::Launch) => {
            Problem::new(Place::key(key), format!("found `{word}`, {expected} and launch nothing"))
                .with_help("launches come from [[workload.arrivals]]")
        }
        Some(_) => {
            let possible: Vec<String> = possible().map(|name| format!("`{name}`")).collect();
            let found = format!("found `{word}`, which is about something by its name, {expected}");
            Problem::new(Place::key(key), found)
                .with_help(format!("possible: {}; a trace can call the others", possible.join(", ")))
        }
        None => {
            let mut problem = Problem::new(Place::key(key), format!("found `{word}`, {expected}"));
            problem.help = did_you_mean(word, possible());
            problem
        }
    }
}
