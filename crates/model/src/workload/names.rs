//! Names and their numbers, in the order of first use.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers for names, from 0.
#[derive(Clone, Default, Debug)]
pub struct Names {
    list: Vec<String>,
    numbers: FxHashMap<String, u32>,
}

/// Serialized as the list of names.
impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
        let mut names = Names::default();
        for name in Vec::<String>::deserialize(deserializer)? {
            names.number(&name);
        }
        Ok(names)
    }
}

impl Names {
    /// Returns all names so far, by number.
    pub fn list(&self) -> &[String] {
        &self.list
    }

    /// Returns the number of a name that was used before.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Returns the number of a name, a new one on first use.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = u32::try_from(self.list.len()).expect("fewer than 2³² names fit in memory");
        self.list.push(name.to_string());
        self.numbers.insert(name.to_string(), number);
        number
    }
}
