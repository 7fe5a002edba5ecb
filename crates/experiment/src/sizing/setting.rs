//! Settings of a search: the numbers of a scenario that it varies together, and the values that it may try.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::figures::grouped;
use plimsoll_base::units::{parse_scaled, write_scaled};
use plimsoll_sim::scenario::Scenario;

/// The option that names the setting, for problems with it.
pub const OPTION: &str = "--vary";

/// The step of a pattern that stands for every key of a table or item of a list.
const ANY: &str = "*";

/// Most places that patterns may match: each is read again for every value that is tried.
const MOST_PATHS: usize = 1000;

/// A number that a setting may have: exact, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct SettingValue {
    millionths: u64,
}

impl SettingValue {
    const UNITS: u64 = 1_000_000;

    /// The number one.
    pub const ONE: SettingValue = SettingValue { millionths: SettingValue::UNITS };

    /// Returns the value of a number in JSON; `None` of what is no number from 0 to 10¹³ with six decimals.
    fn of(value: &Value) -> Option<SettingValue> {
        value.is_number().then(|| value.to_string().parse().ok())?
    }

    /// Returns whether it has no decimals.
    pub fn is_whole(self) -> bool {
        self.millionths.is_multiple_of(SettingValue::UNITS)
    }

    /// Returns it as a float: for charts, and to be counted with.
    pub fn as_f64(self) -> f64 {
        self.millionths as f64 / SettingValue::UNITS as f64
    }

    /// Returns the value half way to another, rounded down to the last decimal.
    pub fn midpoint(self, other: SettingValue) -> SettingValue {
        SettingValue { millionths: self.millionths.midpoint(other.millionths) }
    }

    /// Returns the value to be read: in groups of three.
    pub fn grouped(self) -> String {
        let text = self.to_string();
        match text.split_once('.') {
            None => grouped(self.millionths / SettingValue::UNITS),
            Some((_, decimals)) => {
                format!("{}.{decimals}", grouped(self.millionths / SettingValue::UNITS))
            }
        }
    }

    /// Returns a step of three significant digits: 0.01 of 1 to 9.99, 1 of 100 to 999.
    fn fine_step(self) -> SettingValue {
        let mut step = 1;
        while self.millionths / step >= 1000 {
            step *= 10;
        }
        SettingValue { millionths: step }
    }

    /// Returns this times `numerator` ÷ `denominator`, rounded up to a multiple of `step`.
    fn scaled(self, numerator: SettingValue, denominator: SettingValue, step: SettingValue) -> SettingValue {
        let product = u128::from(self.millionths) * u128::from(numerator.millionths);
        let steps = product.div_ceil(u128::from(denominator.millionths) * u128::from(step.millionths));
        let millionths = steps * u128::from(step.millionths);
        SettingValue { millionths: u64::try_from(millionths).unwrap_or(u64::MAX) }
    }
}

impl From<u64> for SettingValue {
    /// Converts a whole number; the greatest that there is stands for what is greater.
    fn from(whole: u64) -> SettingValue {
        SettingValue { millionths: whole.saturating_mul(SettingValue::UNITS) }
    }
}

impl FromStr for SettingValue {
    type Err = String;

    fn from_str(text: &str) -> Result<SettingValue, String> {
        let usage = || format!("found `{text}`, expected a number from 0 with at most six decimals");
        let millionths = parse_scaled(text.trim(), u128::from(SettingValue::UNITS)).map_err(|_| usage())?;
        Ok(SettingValue { millionths: u64::try_from(millionths).map_err(|_| usage())? })
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        write_scaled(&mut text, self.millionths, SettingValue::UNITS);
        out.write_str(&String::from_utf8(text).expect("a number is written in digits"))
    }
}

impl Serialize for SettingValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.is_whole() {
            true => serializer.serialize_u64(self.millionths / SettingValue::UNITS),
            false => serializer.serialize_f64(self.as_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for SettingValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SettingValue, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        number.to_string().parse().map_err(serde::de::Error::custom)
    }
}

/// Rule by which several numbers follow the value that is varied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Coupling {
    /// All have the value.
    #[default]
    Shared,
    /// The first has the value; the others keep their proportion to it, rounded up.
    Proportional,
}

/// Numbers of a scenario that a search varies together.
#[derive(Clone, Debug)]
pub struct VariedSetting {
    /// Their paths; at least one.
    paths: Vec<String>,
    /// Value of each in the scenario; `None` for one that is not there.
    stand_at: Vec<Option<SettingValue>>,
    /// True of those that take whole numbers only.
    whole: Vec<bool>,
    coupling: Coupling,
    /// Difference between two neighbouring values of the search.
    step: SettingValue,
}

impl VariedSetting {
    /// Finds the numbers that patterns name in a scenario: dotted paths, in which `*` stands for every key or item. `reads`
    /// tells whether the scenario can be read with an assignment, from which follows what a number that is not there may be.
    ///
    /// # Errors
    ///
    /// Patterns that match nothing, or something else than numbers; a step that whole numbers cannot take; proportions of
    /// what is not there.
    pub fn find(
        scenario: &Scenario,
        patterns: &[String],
        coupling: Coupling,
        step: Option<SettingValue>,
        reads: &dyn Fn(&str) -> Result<(), InputError>,
    ) -> Result<VariedSetting, InputError> {
        let mut paths = Vec::new();
        for pattern in patterns {
            for path in matches(scenario, pattern)? {
                if paths.contains(&path) {
                    return Err(refusal(format!("`{path}` is named twice"), "name each number once"));
                }
                paths.push(path);
            }
        }
        let stand_at = paths.iter().map(|path| number(scenario, path)).collect::<Result<Vec<_>, _>>()?;
        let mut whole = Vec::new();
        for (path, value) in paths.iter().zip(&stand_at) {
            whole.push(takes_whole_numbers_only(scenario, path, *value, reads)?);
        }
        let first = stand_at[0].unwrap_or(SettingValue::ONE);
        let finest = if whole.contains(&true) { SettingValue::ONE } else { first.fine_step() };
        let setting = VariedSetting { paths, stand_at, whole, coupling, step: step.unwrap_or(finest) };
        setting.check()?;
        Ok(setting)
    }

    fn check(&self) -> Result<(), InputError> {
        if self.step == SettingValue::default() {
            return Err(Problem::new(Place::key("--step"), "found 0, expected more").into());
        }
        let takes_step = |whole: &bool| !*whole || self.step.is_whole();
        if self.coupling == Coupling::Shared && !self.whole.iter().all(takes_step) {
            let message = format!("found {}, but `{}` takes whole numbers", self.step, self.paths[0]);
            return Err(Problem::new(Place::key("--step"), message).into());
        }
        let has_proportion = |value: &Option<SettingValue>| value.is_some_and(|value| value > 0.into());
        if self.coupling == Coupling::Proportional && !self.stand_at.iter().all(has_proportion) {
            let at = self.stand_at.iter().position(|value| !has_proportion(value)).expect("one has none");
            let message = format!("`{}` is 0 or not there, which has no proportion to keep", self.paths[at]);
            return Err(refusal(message, "leave it out, or give it a value in the scenario"));
        }
        Ok(())
    }

    /// Returns the paths of the numbers; at least one.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Returns the difference between two neighbouring values of the search.
    pub fn step(&self) -> SettingValue {
        self.step
    }

    /// Returns what the first number has in the scenario, if it is there.
    pub fn stands_at(&self) -> Option<SettingValue> {
        self.stand_at[0]
    }

    /// Returns the value after so many steps; the greatest that there is stands for what is greater.
    pub fn value(&self, steps: u64) -> SettingValue {
        SettingValue { millionths: self.step.millionths.saturating_mul(steps) }
    }

    /// Returns the number of steps to the greatest value that is at most `value`.
    pub fn steps_below(&self, value: SettingValue) -> u64 {
        value.millionths / self.step.millionths
    }

    /// Returns the number of steps to the least value that is at least `value`.
    pub fn steps_above(&self, value: SettingValue) -> u64 {
        value.millionths.div_ceil(self.step.millionths)
    }

    /// Returns every number with what it has where the setting has `value`.
    pub fn assignments(&self, value: SettingValue) -> Vec<(&str, SettingValue)> {
        let of = |at: usize| {
            let value = match (self.coupling, self.stand_at[at], self.stand_at[0]) {
                (Coupling::Proportional, Some(own), Some(first)) => {
                    let step =
                        if self.whole[at] { SettingValue::ONE } else { SettingValue { millionths: 1 } };
                    own.scaled(value, first, step)
                }
                _ => value,
            };
            (self.paths[at].as_str(), value)
        };
        (0..self.paths.len()).map(of).collect()
    }
}

fn refusal(message: String, help: &str) -> InputError {
    Problem::new(Place::key(OPTION), message).with_help(help).into()
}

/// Returns an error of reading a scenario with an assignment, which names the option that a person typed for it.
pub(crate) fn under_option(error: InputError, option: &str, assignment: &str) -> InputError {
    let as_set = Place::key(&format!("--set {assignment}"));
    let as_typed = Place::key(&format!("{option} {assignment}"));
    let renamed = error.0.into_iter().map(|problem| match problem.place == as_set {
        true => Problem { place: as_typed.clone(), ..problem },
        false => problem,
    });
    InputError(renamed.collect())
}

/// Returns the paths that a pattern matches, in the order of the scenario; a path without `*` is itself, there or not.
fn matches(scenario: &Scenario, pattern: &str) -> Result<Vec<String>, InputError> {
    let resolved = scenario.resolved();
    let steps: Vec<&str> = pattern.split('.').map(str::trim).collect();
    if !steps.contains(&ANY) {
        return Ok(vec![pattern.to_string()]);
    }
    let mut found = vec![(String::new(), &resolved)];
    for step in steps {
        found = found.iter().flat_map(|(path, value)| below(path, value, step)).collect();
    }
    found.retain(|(_, value)| !value.is_null());
    match found.len() {
        0 => Err(refusal(
            format!("`{pattern}` matches nothing in the scenario"),
            "`plimsoll run SCENARIO --dry-run --json` shows every key with its value",
        )),
        many if many > MOST_PATHS => Err(refusal(
            format!("`{pattern}` matches {many} places, expected at most {MOST_PATHS}"),
            "name fewer",
        )),
        _ => Ok(found.into_iter().map(|(path, _)| path).collect()),
    }
}

/// Returns the values a step below a value, with their paths.
fn below<'a>(path: &str, value: &'a Value, step: &str) -> Vec<(String, &'a Value)> {
    let longer = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    match value {
        Value::Object(table) if step == ANY => {
            table.iter().map(|(key, value)| (longer(key), value)).collect()
        }
        Value::Array(items) if step == ANY => {
            items.iter().enumerate().map(|(at, value)| (longer(&at.to_string()), value)).collect()
        }
        Value::Object(table) => table.get(step).map(|value| (longer(step), value)).into_iter().collect(),
        Value::Array(items) => {
            let item = step.parse::<usize>().ok().and_then(|at| items.get(at));
            item.map(|value| (longer(step), value)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the number at a path; `None` where there is none.
fn number(scenario: &Scenario, path: &str) -> Result<Option<SettingValue>, InputError> {
    if path == "seed" {
        return Err(refusal(
            "a seed is nothing to size".to_string(),
            "name a setting, such as zones.0.hosts.0.count",
        ));
    }
    let Some(value) = scenario.setting(path) else { return Ok(None) };
    SettingValue::of(&value).map(Some).ok_or_else(|| {
        refusal(
            format!(
                "`{path}` is {value}, expected a number that is not negative, with six decimals at the most"
            ),
            "a sweep runs over settings of any kind: `plimsoll sweep`",
        )
    })
}

/// Returns whether a place of a scenario takes whole numbers only: it is not read with a decimal.
fn takes_whole_numbers_only(
    scenario: &Scenario,
    path: &str,
    stands_at: Option<SettingValue>,
    reads: &dyn Fn(&str) -> Result<(), InputError>,
) -> Result<bool, InputError> {
    match stands_at {
        Some(value) if !value.is_whole() => Ok(false),
        // Money is shown without decimals where it is whole, and takes them.
        Some(value) => {
            let is_shown_whole = scenario.setting(path).is_some_and(|value| value.is_u64());
            Ok(is_shown_whole && reads(&format!("{path}={value}.5")).is_err())
        }
        None => {
            reads(&format!("{path}=1"))?;
            Ok(reads(&format!("{path}=1.5")).is_err())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> SettingValue {
        text.parse().unwrap()
    }

    #[test]
    fn a_value_is_read_and_written_as_it_is() {
        for text in ["0", "1", "0.25", "1234567", "120.5", "0.000001"] {
            assert_eq!(value(text).to_string(), text);
            let json = serde_json::to_string(&value(text)).unwrap();
            assert_eq!(serde_json::from_str::<SettingValue>(&json).unwrap(), value(text), "{json}");
        }
        assert_eq!(value("1234567.5").grouped(), "1,234,567.5");
        for wrong in ["", "-1", "a", "0.0000001", "1e99"] {
            assert!(wrong.parse::<SettingValue>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fine_step_leaves_three_digits() {
        for (text, step) in [("1", "0.01"), ("9.99", "0.01"), ("120", "1"), ("2500", "10"), ("0.5", "0.001")]
        {
            assert_eq!(value(text).fine_step(), value(step), "{text}");
        }
        assert_eq!(SettingValue::default().fine_step(), value("0.000001"));
    }

    #[test]
    fn proportions_are_kept_and_rounded_up() {
        // 30 of 10 and 15: the second has 45; 3 of 7 to 8: 3 × 8 ÷ 7 is 3.43, which is 4 whole ones.
        assert_eq!(SettingValue::scaled(15.into(), 30.into(), 10.into(), SettingValue::ONE), 45.into());
        assert_eq!(SettingValue::scaled(3.into(), 8.into(), 7.into(), SettingValue::ONE), 4.into());
        let fine = SettingValue::scaled(3.into(), 8.into(), 7.into(), value("0.000001"));
        assert_eq!(fine.to_string(), "3.428572");
    }
}
