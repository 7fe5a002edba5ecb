//! Entries of the register of strategies: name, rule, parameters, and how to build the strategy.

use std::collections::BTreeMap;

use super::strategy::Strategy;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem};

/// Entry of a strategy in the register.
pub struct StrategyEntry {
    /// Name in scenarios.
    pub name: &'static str,
    /// Exact rule of selection; every tie goes to the lowest id.
    pub rule: &'static str,
    /// Parameters, with meaning and default.
    pub parameters: &'static [Parameter],
    /// Builds the strategy from parameters that have been checked.
    pub build: fn(&Parameters, Seed) -> Strategy,
}

/// Whole-number parameter of a strategy.
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// Meaning, with its unit.
    pub meaning: &'static str,
    /// Value where a scenario gives none.
    pub default: u64,
    /// Least and greatest value.
    pub range: (u64, u64),
}

/// Parameters of a strategy, each with a value in its range.
pub struct Parameters(BTreeMap<&'static str, u64>);

impl Parameters {
    /// Takes the values of all parameters of an entry.
    pub(super) fn new(values: BTreeMap<&'static str, u64>) -> Parameters {
        Parameters(values)
    }

    /// Returns the value of a parameter that the entry names.
    pub fn get(&self, name: &str) -> u64 {
        self.0[name]
    }
}

impl Parameter {
    /// Reads the value that a scenario gives, if any.
    pub(super) fn read(&self, given: Option<&toml::Value>) -> Result<u64, Problem> {
        let Some(given) = given else { return Ok(self.default) };
        let (least, greatest) = self.range;
        given
            .as_integer()
            .and_then(|value| u64::try_from(value).ok())
            .filter(|value| (least..=greatest).contains(value))
            .ok_or_else(|| {
                let place = Place::key(&format!("placement.strategy.{}", self.name));
                Problem::new(
                    place,
                    format!("found {given}, expected a whole number from {least} to {greatest}"),
                )
            })
    }
}
