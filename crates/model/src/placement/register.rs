//! Register of strategies: names, entries, and the strategy of a scenario.

use super::config::StrategyConfig;
pub use super::entry::{Parameter, ParameterKind, Parameters, StrategyEntry};
pub use super::strategies::REGISTER;
use super::strategies::callable;
use super::strategy::Strategy;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem, did_you_mean};

/// Returns the names of all strategies.
pub fn names() -> impl Iterator<Item = &'static str> {
    REGISTER.iter().map(|entry| entry.name)
}

/// Returns the entry of a name.
pub fn entry(name: &str) -> Option<&'static StrategyEntry> {
    REGISTER.iter().copied().find(|entry| entry.name == name)
}

/// Returns the exact rule of a strategy by its name; nothing for one that a program hands over.
pub fn rule(name: &str) -> &'static str {
    let other = if name == callable::NAME { callable::RULE } else { "" };
    entry(name).map_or(other, |entry| entry.rule)
}

/// Builds the strategy of a scenario. Problems are placed at `placement.strategy` and below.
pub fn build(config: &StrategyConfig, seed: Seed) -> Result<Strategy, Vec<Problem>> {
    if config.name == callable::NAME {
        return callable::build(config);
    }
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
    let mut values = Parameters::default();
    for parameter in entry.parameters {
        problems
            .extend(values.read(parameter, config.parameters.get(parameter.name)).err().unwrap_or_default());
    }
    if problems.is_empty() { Ok((entry.build)(&values, seed)) } else { Err(problems) }
}
