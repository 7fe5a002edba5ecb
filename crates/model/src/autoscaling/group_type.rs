//! Types of a group, and by how much an instance of each counts (EC2 Auto Scaling API reference, `LaunchTemplateOverrides`, botocore
//! 1.44.8, seen 2026-11-30).

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::pools;
use crate::workload::directory::Directory;
use crate::workload::settings::Settings;
use plimsoll_base::units::TypeId;

/// Type of a group: its name, or its name and weight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupTypeConfig {
    /// Name of the type.
    pub name: String,
    /// Number by which an instance of it counts; `None`: 1.
    pub weight: Option<u32>,
}

/// Table of a type with a weight.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WeightedType {
    /// Name of the type.
    name: String,
    /// Number by which an instance of it counts towards the sizes of the group, 1 to 999.
    weight: u32,
}

/// Type of a group, resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupType {
    /// The type.
    pub kind: TypeId,
    /// Number by which an instance of it counts, 1 or more.
    pub weight: u32,
}

/// The greatest weight (`WeightedCapacity`: "Value must be in the range of 1–999").
const MAX_WEIGHT: u32 = 999;

/// Returns the types of a group, or notes what is wrong with them.
pub fn resolve(
    configs: &[GroupTypeConfig],
    settings: &mut Settings,
    directory: &mut Directory,
) -> Vec<GroupType> {
    let names: Vec<String> = configs.iter().map(|config| config.name.clone()).collect();
    let kinds = pools::types(&names, settings, directory);
    let has_weights = configs.iter().any(|config| config.weight.is_some());
    for (i, config) in configs.iter().enumerate() {
        match config.weight {
            None if has_weights => {
                let expected = "a weight for each type, or for none: `{ name = \"…\", weight = 1 }`";
                settings.wrong(&format!("types.{i}"), format!("`{}` without one", config.name), expected);
            }
            Some(weight) if !(1..=MAX_WEIGHT).contains(&weight) => {
                settings.wrong(&format!("types.{i}.weight"), weight, "1 to 999");
            }
            _ => {}
        }
    }
    let weights = configs.iter().map(|config| config.weight.unwrap_or(1));
    kinds.into_iter().zip(weights).map(|(kind, weight)| GroupType { kind, weight }).collect()
}

impl<'de> Deserialize<'de> for GroupTypeConfig {
    // By hand: of an untagged enum serde can only say that "no variant matched".
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GroupTypeConfig, D::Error> {
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = GroupTypeConfig;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the name of an instance type, or a table with its `name` and `weight`")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<GroupTypeConfig, E> {
                Ok(GroupTypeConfig { name: name.to_string(), weight: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GroupTypeConfig, A::Error> {
                let WeightedType { name, weight } =
                    WeightedType::deserialize(MapAccessDeserializer::new(map))?;
                Ok(GroupTypeConfig { name, weight: Some(weight) })
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

impl Serialize for GroupTypeConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.weight {
            None => self.name.serialize(serializer),
            Some(weight) => WeightedType { name: self.name.clone(), weight }.serialize(serializer),
        }
    }
}

impl JsonSchema for GroupTypeConfig {
    fn schema_name() -> Cow<'static, str> {
        "GroupType".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (name, weighted) =
            (generator.subschema_for::<String>(), generator.subschema_for::<WeightedType>());
        json_schema!({ "oneOf": [name, weighted] })
    }
}
