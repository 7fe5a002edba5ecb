//! `[placement]` of a scenario: the strategy, by name or as a table with parameters; placement groups, dedicated hosts
//! and capacity reservations, which `provisions` resolves.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::callables::CallableDoor;
use super::groups::DEFAULT_MAX_PER_ZONE;
use super::prediction::PredictionConfig;
use super::stale::StaleConfig;
use crate::waiting::config::{Preempted, WhenFull};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{Decimal, Duration, NumaNodes, QUANTITIES, Quantity, Resources};

/// `[placement]`: the choice of a host for an instance, and its constraints.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementConfig {
    /// Name of the strategy (`plimsoll list strategies`), or a table with its name and parameters;
    /// default `spread`.
    #[serde(default)]
    pub strategy: StrategyConfig,
    /// NUMA nodes that instances take, on hosts that have several.
    #[serde(default, skip_serializing_if = "is_default")]
    pub numa: NumaConfig,
    /// Predictions of lifetimes, for strategies that place by them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub prediction: PredictionConfig,
    /// Schedulers that see the fleet out of date; default none: every launch sees it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<StaleConfig>,
    /// Treatment of a launch for which no host has room.
    #[serde(default, skip_serializing_if = "WhenFull::is_refuse")]
    pub when_full: WhenFull,
    /// Time after which a launch that waits is refused; default never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait: Option<Duration>,
    /// Fate of an instance whose room a launch of higher priority takes.
    #[serde(default, skip_serializing_if = "Preempted::is_requeue")]
    pub preempted: Preempted,
    /// True if an on-demand launch that finds no room takes that of running spot instances: the fewest on one host, the youngest
    /// first, which have two minutes' notice. The launch itself is refused, waits or tries again as it would without. Default
    /// false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reclaims_spot: bool,
    /// Placement groups that launches may join by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupConfig>,
    /// Rules of the groups that calls make.
    #[serde(default, skip_serializing_if = "is_default")]
    pub created_groups: CreatedGroupConfig,
    /// Hosts that accounts have allocated as dedicated hosts from time zero on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dedicated_hosts: Vec<DedicatedHostConfig>,
    /// Room that is held for instances of a type, and paid for while unused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_reservations: Vec<CapacityReservationConfig>,
}

fn is_default<T: Default + PartialEq>(table: &T) -> bool {
    *table == T::default()
}

/// `[placement.numa]`: NUMA nodes that instances take, where neither their type nor the trace says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumaConfig {
    /// Memory above which an instance takes half of what it asks for from each of two nodes; up to it, it takes one
    /// \[GiB\]. Default: an instance takes two where no node of an empty host is large enough for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_above_gib: Option<Decimal>,
}

impl NumaConfig {
    /// Returns the rule, or the problem of its threshold.
    pub fn resolve(&self) -> Result<NumaRule, Problem> {
        let Quantity { units_per_one, smallest, .. } = QUANTITIES[Resources::MEMORY];
        let read = |threshold: &Decimal| {
            threshold.resource(units_per_one).map_err(|reason| {
                let found = threshold.as_str();
                let message =
                    format!("found {found}, which {reason}; expected 0 or more, in steps of {smallest}");
                Problem::new(Place::key("placement.numa.split_above_gib"), message)
            })
        };
        let split_above_mib = self.split_above_gib.as_ref().map(read).transpose()?;
        Ok(NumaRule { split_above_mib })
    }
}

/// Rule for the NUMA nodes of instances whose type and trace do not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NumaRule {
    /// Memory above which an instance takes two nodes \[MiB\]; `None`: it takes the fewest.
    pub split_above_mib: Option<u32>,
}

impl NumaRule {
    /// Returns the nodes that an instance takes.
    pub fn nodes_of(&self, amounts: &Resources) -> NumaNodes {
        match self.split_above_mib {
            None => NumaNodes::Fewest,
            Some(most) if amounts.memory_mib() > most => NumaNodes::Two,
            Some(_) => NumaNodes::One,
        }
    }
}

/// `[[placement.groups]]`: a placement group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupConfig {
    /// Name by which launches join it; unique in an account.
    pub name: String,
    /// Distribution of its members over racks.
    pub strategy: GroupStrategy,
    /// The account it belongs to; default: every account has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Partitions in each zone, 1 to 7, of a `partition` group; default 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u16>,
    /// True if a `cluster` group takes no other racks than those that hold members, once there are any;
    /// default false: the rest of the zone is the last resort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// The most members of a `spread` group in each zone \[instances\]; default 7, as in EC2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_zone: Option<u32>,
}

/// `[placement.created_groups]`: rules of the groups that calls of `create-placement-group` make.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreatedGroupConfig {
    /// The most members of a `spread` group in each zone \[instances\]; default 7, as in EC2.
    pub max_per_zone: u32,
    /// True if a `cluster` group takes no other racks than those that hold members, once there are any;
    /// default false.
    pub strict: bool,
}

impl Default for CreatedGroupConfig {
    fn default() -> CreatedGroupConfig {
        CreatedGroupConfig { max_per_zone: DEFAULT_MAX_PER_ZONE, strict: false }
    }
}

/// Distribution of the members of a placement group over racks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupStrategy {
    /// Together, in one zone.
    Cluster,
    /// In partitions that share no rack.
    Partition,
    /// Each on a rack of its own.
    Spread,
}

/// `[[placement.dedicated_hosts]]`: hosts that an account has allocated from time zero on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedicatedHostConfig {
    /// The account.
    pub account: String,
    /// Name of the zone.
    pub zone: String,
    /// Number \[hosts\]; default 1.
    #[serde(default = "one")]
    pub count: u32,
    /// Number of their host group in the zone, from 0 in file order; default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
    /// The `sku` of their host groups; default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The family of the instances that they take; default any that their hardware runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The instance type that they take, in place of a family.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// True for hosts that take launches of tenancy `host` without the name of one. Default true, other than in EC2 and
    /// with calls of `allocate-host`: these hosts have no name.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub auto_placement: bool,
    /// True for hosts each of which another one replaces when it fails, and takes its instances; default false.
    #[serde(default, skip_serializing_if = "is_default")]
    pub host_recovery: bool,
}

/// `[[placement.capacity_reservations]]`: room held for instances of one type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityReservationConfig {
    /// Name by which launches target it; unique.
    pub name: String,
    /// The account.
    pub account: String,
    /// Name of the instance type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of the zone.
    pub zone: String,
    /// Number \[instances\]; default 1.
    #[serde(default = "one")]
    pub count: u32,
    /// When it is made, from the beginning of the run on; default 0s.
    #[serde(default)]
    pub from: Duration,
    /// When it ends, from the beginning of the run on; default never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// Launches that use it; default `open`.
    #[serde(default)]
    pub matching: Matching,
    /// Tenancy of its instances, `shared` or `dedicated`; default `shared`.
    #[serde(default)]
    pub tenancy: ReservedTenancy,
}

/// Launches that use a capacity reservation (EC2's `InstanceMatchCriteria`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// Every launch that matches.
    #[default]
    Open,
    /// Launches that name it.
    Targeted,
}

/// The tenancy of a capacity reservation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReservedTenancy {
    /// On hosts of the shared pool.
    #[default]
    Shared,
    /// On the account's own hosts.
    Dedicated,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// A strategy by name, with the parameters it is given.
#[derive(Clone, PartialEq, Debug)]
pub struct StrategyConfig {
    /// Name in the register of strategies.
    pub name: String,
    /// Parameters by name; each strategy has its own.
    pub parameters: BTreeMap<String, toml::Value>,
    /// Rules outside the program, for the strategy `callable`. No file names them: they are handed over.
    pub callables: Option<CallableDoor>,
}

impl StrategyConfig {
    /// Returns a strategy without parameters.
    pub fn named(name: &str) -> StrategyConfig {
        StrategyConfig { name: name.to_string(), parameters: BTreeMap::new(), callables: None }
    }
}

impl Default for StrategyConfig {
    /// Returns `spread`.
    fn default() -> StrategyConfig {
        StrategyConfig::named("spread")
    }
}

impl<'de> Deserialize<'de> for StrategyConfig {
    // By hand: of an untagged enum serde can only say that "no variant matched".
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StrategyConfig, D::Error> {
        #[derive(Deserialize)]
        struct Table {
            name: String,
            #[serde(flatten)]
            parameters: BTreeMap<String, toml::Value>,
        }
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = StrategyConfig;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the name of a strategy, or a table with `name` and its parameters")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<StrategyConfig, E> {
                Ok(StrategyConfig::named(name))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StrategyConfig, A::Error> {
                let Table { name, parameters } = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(StrategyConfig { parameters, ..StrategyConfig::named(&name) })
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

impl Serialize for StrategyConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.parameters.is_empty() {
            return serializer.serialize_str(&self.name);
        }
        let mut table = serializer.serialize_map(Some(1 + self.parameters.len()))?;
        table.serialize_entry("name", &self.name)?;
        for (name, value) in &self.parameters {
            table.serialize_entry(name, value)?;
        }
        table.end()
    }
}

impl JsonSchema for StrategyConfig {
    fn schema_name() -> Cow<'static, str> {
        "Strategy".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "type": "string" },
                { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] }
            ]
        })
    }
}
