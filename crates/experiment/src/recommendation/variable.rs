//! Decision variables: the settings that a search may choose, and the values of each.

use std::str::FromStr;

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::Scenario;

use crate::sizing::setting::OPTION;
use crate::sizing::{Coupling, SettingValue, VariedSetting};

/// Most values of a variable: more are taken for a mistake.
const MOST_VALUES: u64 = 1 << 32;

/// Setting to choose, as a person names it: `PATH=FROM..TO`, `PATH=FROM..TO:STEP` or `PATH=A,B,C`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VariableRequest {
    /// Dotted path of the scenario, in which `*` stands for every key or item.
    pub pattern: String,
    /// Values that it may have.
    pub domain: Domain,
}

/// Values that a variable may have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Domain {
    /// Numbers in equal steps, both ends included.
    Range {
        /// The least.
        from: SettingValue,
        /// The most.
        to: SettingValue,
        /// Difference between neighbours; default: 1 for whole numbers, else the third significant digit.
        step: Option<SettingValue>,
    },
    /// Listed values, any TOML; at least one.
    Listed(Vec<String>),
}

impl FromStr for VariableRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<VariableRequest, String> {
        let usage = || "expected PATH=FROM..TO, PATH=FROM..TO:STEP or PATH=A,B,C".to_string();
        let (pattern, values) = text.split_once('=').ok_or_else(usage)?;
        let (pattern, values) = (pattern.trim().to_string(), values.trim());
        if pattern.is_empty() || values.is_empty() {
            return Err(usage());
        }
        let Some((from, rest)) = values.split_once("..") else {
            let listed: Vec<String> = values.split(',').map(|value| value.trim().to_string()).collect();
            if listed.iter().any(String::is_empty) {
                return Err(usage());
            }
            return Ok(VariableRequest { pattern, domain: Domain::Listed(listed) });
        };
        let (to, step) = rest.split_once(':').map_or((rest, None), |(to, step)| (to, Some(step)));
        let (from, to): (SettingValue, SettingValue) = (from.parse()?, to.parse()?);
        if to < from {
            return Err(format!("found {from}..{to}, expected the lesser number first"));
        }
        let step = step.map(str::parse).transpose()?;
        Ok(VariableRequest { pattern, domain: Domain::Range { from, to, step } })
    }
}

/// Setting to choose, with its values in order: a value is named by its position, from 0.
#[derive(Clone, Debug)]
pub struct DecisionVariable {
    name: String,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// Numbers: those of `setting` from `first` steps on.
    Numbers { setting: VariedSetting, first: u64, count: u64 },
    /// Listed values, and the position of the scenario's own.
    Listed { values: Vec<String>, own: Option<u64> },
}

impl DecisionVariable {
    /// Finds a setting in a scenario. `reads` tells whether the scenario can be read with an assignment.
    ///
    /// # Errors
    ///
    /// Patterns that match nothing; values that the scenario does not take; too many of them.
    pub fn find(
        scenario: &Scenario,
        request: &VariableRequest,
        reads: &dyn Fn(&str) -> Result<(), InputError>,
    ) -> Result<DecisionVariable, InputError> {
        let name = request.pattern.clone();
        let values = match &request.domain {
            Domain::Listed(values) => {
                for value in values {
                    reads(&format!("{name}={value}"))?;
                }
                let own =
                    scenario.setting(&name).map(|own| own.as_str().map_or(own.to_string(), str::to_string));
                let own = values.iter().position(|value| Some(value) == own.as_ref());
                Values::Listed { values: values.clone(), own: own.map(|own| own as u64) }
            }
            Domain::Range { from, to, step } => {
                let patterns = [name.clone()];
                let setting = VariedSetting::find(scenario, &patterns, Coupling::Shared, *step, reads)?;
                let (first, last) = (setting.steps_above(*from), setting.steps_below(*to));
                if last < first || last - first >= MOST_VALUES {
                    let step = setting.step();
                    let message =
                        format!("`{name}` from {from} to {to} by {step}: expected 1 to {MOST_VALUES} values");
                    let problem = Problem::new(Place::key(OPTION), message);
                    return Err(problem.with_help("state a step: PATH=FROM..TO:STEP").into());
                }
                for (path, value) in setting.assignments(setting.value(last)) {
                    reads(&format!("{path}={value}"))?;
                }
                Values::Numbers { first, count: last - first + 1, setting }
            }
        };
        Ok(DecisionVariable { name, values })
    }

    /// Returns the name: the pattern as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of values, at least one.
    pub fn count(&self) -> u64 {
        match &self.values {
            Values::Numbers { count, .. } => *count,
            Values::Listed { values, .. } => values.len() as u64,
        }
    }

    /// Returns whether the values are numbers in equal steps.
    pub fn is_numeric(&self) -> bool {
        matches!(self.values, Values::Numbers { .. })
    }

    /// Returns whether every value is a number, in order or not.
    pub fn has_numbers_only(&self) -> bool {
        self.is_numeric() || (0..self.count()).all(|position| self.sum(position).is_some())
    }

    /// Returns the position of the scenario's own value, or of the nearest one; of a list without it the first.
    pub fn own(&self) -> u64 {
        match &self.values {
            Values::Numbers { setting, first, count } => {
                let own = setting.stands_at().map_or(0, |value| setting.steps_below(value));
                own.saturating_sub(*first).min(count - 1)
            }
            Values::Listed { own, .. } => own.unwrap_or(0),
        }
    }

    /// Returns the value at a position as a person reads it.
    pub fn label(&self, position: u64) -> String {
        match &self.values {
            Values::Numbers { setting, first, .. } => setting.value(first + position).grouped(),
            Values::Listed { values, .. } => values[position as usize].clone(),
        }
    }

    /// Returns the value at a position as files have it.
    pub fn text(&self, position: u64) -> String {
        match &self.values {
            Values::Numbers { setting, first, .. } => setting.value(first + position).to_string(),
            Values::Listed { values, .. } => values[position as usize].clone(),
        }
    }

    /// Returns the sum of the numbers that have the value at a position; `None` of what is no number.
    pub fn sum(&self, position: u64) -> Option<f64> {
        match &self.values {
            Values::Numbers { setting, first, .. } => {
                Some(setting.value(first + position).as_f64() * setting.paths().len() as f64)
            }
            Values::Listed { values, .. } => {
                values[position as usize].parse().ok().filter(|number: &f64| number.is_finite())
            }
        }
    }

    /// Returns what the scenario is assigned for the value at a position: `PATH=VALUE` each.
    pub fn assignments(&self, position: u64) -> Vec<String> {
        match &self.values {
            Values::Numbers { setting, first, .. } => {
                let assignments = setting.assignments(setting.value(first + position)).into_iter();
                assignments.map(|(path, value)| format!("{path}={value}")).collect()
            }
            Values::Listed { values, .. } => vec![format!("{}={}", self.name, values[position as usize])],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_as_people_write_it() {
        let read = |text: &str| text.parse::<VariableRequest>();
        let range = |from: u64, to: u64, step: Option<u64>| Domain::Range {
            from: from.into(),
            to: to.into(),
            step: step.map(SettingValue::from),
        };
        assert_eq!(
            read("a.b = 0..40").unwrap(),
            VariableRequest { pattern: "a.b".into(), domain: range(0, 40, None) }
        );
        assert_eq!(read("a=10..400:10").unwrap().domain, range(10, 400, Some(10)));
        let listed = ["best-fit", "spread"].map(str::to_string).to_vec();
        assert_eq!(read("placement.strategy=best-fit, spread").unwrap().domain, Domain::Listed(listed));
        for wrong in ["", "a", "a=", "=1..2", "a=4..2", "a=1..b", "a=1,,2", "a=-1..2", "a=1..2:x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
