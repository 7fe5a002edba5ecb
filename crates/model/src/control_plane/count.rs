//! Limits: a number, or none.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The word for no limit, with which a key overrides a limit of the preset.
const UNLIMITED: &str = "unlimited";

/// Greatest number; `None` for no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count(pub Option<u32>);

impl Count {
    /// No limit.
    pub const UNLIMITED: Count = Count(None);

    /// Returns true if there is no limit.
    pub fn is_unlimited(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(count) => serializer.serialize_u32(count),
            None => serializer.serialize_str(UNLIMITED),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Count;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "a whole number from 0 to {}, or \"{UNLIMITED}\"", u32::MAX)
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Count, E> {
                let count = u32::try_from(value);
                count
                    .map(|count| Count(Some(count)))
                    .map_err(|_| Error::invalid_value(serde::de::Unexpected::Signed(value), &self))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Count, E> {
                let count = u32::try_from(value);
                count
                    .map(|count| Count(Some(count)))
                    .map_err(|_| Error::invalid_value(serde::de::Unexpected::Unsigned(value), &self))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Count, E> {
                match word {
                    UNLIMITED => Ok(Count::UNLIMITED),
                    _ => Err(Error::invalid_value(serde::de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Count {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "const": UNLIMITED },
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_number_or_the_word_for_no_limit() {
        let read = |text: &str| serde_json::from_str::<Count>(text).map_err(|error| error.to_string());
        assert_eq!(read("5"), Ok(Count(Some(5))));
        assert_eq!(read("\"unlimited\""), Ok(Count::UNLIMITED));
        for wrong in ["-1", "4294967296", "\"many\"", "1.5"] {
            assert!(read(wrong).unwrap_err().contains("or \"unlimited\""), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&[Count(Some(5)), Count(None)]).unwrap(), "[5,\"unlimited\"]");
    }
}
