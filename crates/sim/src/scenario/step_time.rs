//! Times of the steps of an instance's life: the same for all, or drawn for each.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use plimsoll_base::units::{Duration, parse_duration};
use plimsoll_model::workload::distribution::Distribution;

/// Time of a step.
#[derive(Clone, PartialEq, Debug)]
pub enum StepTime {
    /// The same for every instance.
    Fixed(Duration),
    /// Drawn for each instance.
    Drawn(Distribution),
}

impl Default for StepTime {
    fn default() -> StepTime {
        StepTime::Fixed(Duration::ZERO)
    }
}

impl<'de> Deserialize<'de> for StepTime {
    // By hand: of an untagged enum serde can only say that "no variant matched".
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StepTime, D::Error> {
        struct DurationOrTable;
        impl<'de> Visitor<'de> for DurationOrTable {
            type Value = StepTime;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a duration such as \"90s\", or the table of a distribution with its `kind`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<StepTime, E> {
                parse_duration(text).map(StepTime::Fixed).map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StepTime, A::Error> {
                Distribution::deserialize(MapAccessDeserializer::new(map)).map(StepTime::Drawn)
            }
        }
        deserializer.deserialize_any(DurationOrTable)
    }
}

impl Serialize for StepTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            StepTime::Fixed(time) => time.serialize(serializer),
            StepTime::Drawn(distribution) => distribution.serialize(serializer),
        }
    }
}

impl JsonSchema for StepTime {
    fn schema_name() -> Cow<'static, str> {
        "StepTime".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (fixed, drawn) =
            (generator.subschema_for::<Duration>(), generator.subschema_for::<Distribution>());
        json_schema!({ "oneOf": [fixed, drawn] })
    }
}
