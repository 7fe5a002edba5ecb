//! `[placement]` of a scenario: the strategy, by name or as a table with parameters, and what `provisions`
//! reads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::provisions::{CapacityReservationConfig, CreatedGroupConfig, DedicatedHostConfig, GroupConfig};

/// `[placement]`: which host takes an instance, and what constrains it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementConfig {
    /// Name of the strategy (`plimsoll list strategies`), or a table with its name and parameters;
    /// default `spread`.
    #[serde(default)]
    pub strategy: StrategyConfig,
    /// Placement groups that launches may join by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupConfig>,
    /// Rules of the groups that calls make.
    #[serde(default, skip_serializing_if = "is_default")]
    pub created_groups: CreatedGroupConfig,
    /// Hosts that accounts have allocated as dedicated hosts from time zero on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dedicated_hosts: Vec<DedicatedHostConfig>,
    /// Room that is held for instances of a type, and paid for while nobody uses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_reservations: Vec<CapacityReservationConfig>,
}

fn is_default<T: Default + PartialEq>(table: &T) -> bool {
    *table == T::default()
}

/// A strategy by name, with the parameters it is given.
#[derive(Clone, PartialEq, Debug)]
pub struct StrategyConfig {
    /// Name in the register of strategies.
    pub name: String,
    /// Parameters by name; which ones there are is the strategy's to say.
    pub parameters: BTreeMap<String, toml::Value>,
}

impl StrategyConfig {
    /// A strategy without parameters.
    pub fn named(name: &str) -> StrategyConfig {
        StrategyConfig { name: name.to_string(), parameters: BTreeMap::new() }
    }
}

impl Default for StrategyConfig {
    /// The design document's default.
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
                Ok(StrategyConfig { name, parameters })
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
