//! What the register knows of a strategy, and how a scenario gets one from it.

use std::collections::BTreeMap;

use super::config::StrategyConfig;
pub use super::strategies::REGISTER;
use super::strategy::Strategy;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem, did_you_mean};

/// One strategy.
pub struct Entry {
    /// Its name in scenarios.
    pub name: &'static str,
    /// Which host it takes, exactly; every tie goes to the lowest id.
    pub rule: &'static str,
    /// Its parameters, with what they mean and their default.
    pub parameters: &'static [Parameter],
    /// Makes it, from parameters that have been checked.
    pub build: fn(&Parameters, Seed) -> Strategy,
}

/// A whole-number parameter of a strategy.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// Its value where a scenario gives none.
    pub default: u64,
    /// Its least and greatest value.
    pub range: (u64, u64),
}

/// The parameters of a strategy, each with a value in its range.
pub struct Parameters(BTreeMap<&'static str, u64>);

impl Parameters {
    /// The value of a parameter that the entry names.
    pub fn get(&self, name: &str) -> u64 {
        self.0[name]
    }
}

/// The names of all strategies.
pub fn names() -> impl Iterator<Item = &'static str> {
    REGISTER.iter().map(|entry| entry.name)
}

/// The entry of a name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    REGISTER.iter().copied().find(|entry| entry.name == name)
}

/// Makes the strategy of a scenario. Problems are placed at `placement.strategy` and below.
pub fn build(config: &StrategyConfig, seed: Seed) -> Result<Strategy, Vec<Problem>> {
    let place = Place::key("placement.strategy");
    let Some(entry) = entry(&config.name) else {
        let mut problem = Problem::new(place, format!("unknown strategy `{}`", config.name));
        problem.help = did_you_mean(&config.name, names());
        return Err(vec![problem]);
    };
    let mut problems = Vec::new();
    for name in config.parameters.keys() {
        if entry.parameters.iter().all(|parameter| parameter.name != name) {
            let place = Place::key(&format!("placement.strategy.{name}"));
            let mut problem =
                Problem::new(place, format!("strategy `{}` has no parameter `{name}`", entry.name));
            problem.help = did_you_mean(name, entry.parameters.iter().map(|parameter| parameter.name));
            problems.push(problem);
        }
    }
    let mut values = BTreeMap::new();
    for parameter in entry.parameters {
        match parameter.read(config.parameters.get(parameter.name)) {
            Ok(value) => _ = values.insert(parameter.name, value),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok((entry.build)(&Parameters(values), seed)) } else { Err(problems) }
}

impl Parameter {
    fn read(&self, given: Option<&toml::Value>) -> Result<u64, Problem> {
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
