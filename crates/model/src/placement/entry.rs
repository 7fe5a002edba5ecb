//! Entries of the register of strategies: name, rule, parameters, and how to build the strategy.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::expression_names::NAMES;
use super::strategy::Strategy;
use crate::expression::Expression;
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

/// Parameter of a strategy.
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// Meaning, with its unit.
    pub meaning: &'static str,
    /// Values that it may have.
    pub kind: ParameterKind,
}

/// Values of a parameter.
pub enum ParameterKind {
    /// Whole number.
    Whole {
        /// Value where a scenario gives none.
        default: u64,
        /// Least and greatest value.
        range: (u64, u64),
    },
    /// Expression over the names of [`NAMES`], or a list of them.
    Expressions {
        /// Expressions where a scenario gives none.
        default: &'static [&'static str],
    },
}

impl ParameterKind {
    /// Returns the default as a scenario writes it.
    pub fn default_text(&self) -> String {
        match self {
            ParameterKind::Whole { default, .. } => default.to_string(),
            ParameterKind::Expressions { default } => format!("{default:?}"),
        }
    }

    /// Returns the values that it may have.
    pub fn range_text(&self) -> String {
        match self {
            ParameterKind::Whole { range: (least, most), .. } => format!("{least} to {most}"),
            ParameterKind::Expressions { .. } => "expressions".to_string(),
        }
    }
}

/// Value of a parameter.
enum Value {
    Whole(u64),
    Expressions(Vec<Arc<Expression>>),
}

/// Parameters of a strategy, each with a value in its range.
#[derive(Default)]
pub struct Parameters(BTreeMap<&'static str, Value>);

impl Parameters {
    /// Reads the value of a parameter from what a scenario gives, if anything.
    pub(super) fn read(
        &mut self,
        parameter: &Parameter,
        given: Option<&toml::Value>,
    ) -> Result<(), Vec<Problem>> {
        let place = format!("placement.strategy.{}", parameter.name);
        let value = match &parameter.kind {
            ParameterKind::Whole { default, range } => read_whole(given, *default, *range, &place)
                .map(Value::Whole)
                .map_err(|problem| vec![problem])?,
            ParameterKind::Expressions { default } => {
                Value::Expressions(read_expressions(given, default, &place)?)
            }
        };
        self.0.insert(parameter.name, value);
        Ok(())
    }

    /// Returns the value of a parameter that the entry names, a whole number.
    pub fn get(&self, name: &str) -> u64 {
        match &self.0[name] {
            Value::Whole(number) => *number,
            Value::Expressions(_) => panic!("parameter `{name}` is an expression"),
        }
    }

    /// Returns the expressions of a parameter that the entry names.
    pub fn expressions(&self, name: &str) -> &[Arc<Expression>] {
        match &self.0[name] {
            Value::Expressions(expressions) => expressions,
            Value::Whole(_) => panic!("parameter `{name}` is a number"),
        }
    }
}

fn read_whole(
    given: Option<&toml::Value>,
    default: u64,
    (least, greatest): (u64, u64),
    place: &str,
) -> Result<u64, Problem> {
    let Some(given) = given else { return Ok(default) };
    given
        .as_integer()
        .and_then(|value| u64::try_from(value).ok())
        .filter(|value| (least..=greatest).contains(value))
        .ok_or_else(|| {
            Problem::new(
                Place::key(place),
                format!("found {given}, expected a whole number from {least} to {greatest}"),
            )
        })
}

/// Reads an expression or a list of one or more.
fn read_expressions(
    given: Option<&toml::Value>,
    default: &[&str],
    place: &str,
) -> Result<Vec<Arc<Expression>>, Vec<Problem>> {
    let expected = |found: &toml::Value, place: &str| {
        let message = format!("found {found}, expected an expression in quotes, or a list of them");
        Problem::new(Place::key(place), message)
            .with_help("`plimsoll list expression` shows what it may contain")
    };
    let mut texts: Vec<(String, &str)> = Vec::new();
    let mut problems = Vec::new();
    match given {
        None => texts.extend(default.iter().map(|text| (place.to_string(), *text))),
        Some(toml::Value::String(text)) => texts.push((place.to_string(), text)),
        Some(toml::Value::Array(list)) if !list.is_empty() => {
            for (i, item) in list.iter().enumerate() {
                let place = format!("{place}.{i}");
                match item.as_str() {
                    Some(text) => texts.push((place, text)),
                    None => problems.push(expected(item, &place)),
                }
            }
        }
        Some(other) => problems.push(expected(other, place)),
    }
    let mut expressions = Vec::new();
    let names: Vec<&str> = NAMES.iter().map(|entry| entry.name).collect();
    for (place, text) in texts {
        match Expression::parse(text, &names) {
            Ok(expression) => expressions.push(Arc::new(expression)),
            Err(error) => {
                let help = error.help.clone().unwrap_or_else(|| {
                    "`plimsoll list expression` shows names, functions and operators".to_string()
                });
                problems.push(Problem::new(Place::key(&place), error.to_string()).with_help(help));
            }
        }
    }
    if problems.is_empty() { Ok(expressions) } else { Err(problems) }
}
