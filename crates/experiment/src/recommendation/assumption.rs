//! Assumptions: settings that are not chosen, and are known only to lie in an interval.

use std::str::FromStr;

use crate::sizing::SettingValue;

/// The option that names an assumption, for problems with it.
pub const OPTION: &str = "--assume";

/// Most assumptions: each doubles the number of futures.
pub const MOST: usize = 4;

/// Setting that lies somewhere in an interval: `PATH=LOW..HIGH`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assumption {
    /// Dotted path of the scenario.
    pub path: String,
    /// Lower end.
    pub low: SettingValue,
    /// Upper end.
    pub high: SettingValue,
}

impl FromStr for Assumption {
    type Err = String;

    fn from_str(text: &str) -> Result<Assumption, String> {
        let usage = || "expected PATH=LOW..HIGH, such as workload.scale=0.9..1.3".to_string();
        let (path, interval) = text.split_once('=').ok_or_else(usage)?;
        let (low, high) = interval.split_once("..").ok_or_else(usage)?;
        let (low, high): (SettingValue, SettingValue) = (low.parse()?, high.parse()?);
        match low < high && !path.trim().is_empty() {
            true => Ok(Assumption { path: path.trim().to_string(), low, high }),
            false => Err(usage()),
        }
    }
}

/// Future: a value for each assumption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Future {
    /// Name, to be read: `PATH = VALUE` each, or `as stated`.
    pub name: String,
    /// Assignments to the scenario: `PATH=VALUE` each.
    pub assignments: Vec<String>,
}

impl Future {
    /// Returns the futures: the middle of all intervals first, then every combination of their ends, low before high. Without
    /// an assumption, one.
    pub fn all(assumptions: &[Assumption]) -> Vec<Future> {
        let middle = assumptions.iter().map(|assumption| assumption.low.midpoint(assumption.high));
        let mut all = vec![Future::of(assumptions, middle)];
        if assumptions.is_empty() {
            return all;
        }
        for corner in 0..1_usize << assumptions.len() {
            // The first assumption changes slowest.
            let is_high = |number: usize| corner >> (assumptions.len() - 1 - number) & 1 == 1;
            let ends = assumptions.iter().enumerate();
            let ends = ends.map(|(number, a)| if is_high(number) { a.high } else { a.low });
            all.push(Future::of(assumptions, ends));
        }
        all
    }

    fn of(assumptions: &[Assumption], values: impl Iterator<Item = SettingValue>) -> Future {
        let pairs: Vec<(&str, SettingValue)> =
            assumptions.iter().map(|assumption| assumption.path.as_str()).zip(values).collect();
        let named: Vec<String> = pairs.iter().map(|(path, value)| format!("{path} = {value}")).collect();
        let name = if named.is_empty() { "as stated".to_string() } else { named.join(", ") };
        Future { name, assignments: pairs.iter().map(|(path, value)| format!("{path}={value}")).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_comes_first_then_every_corner() {
        let names = |texts: &[&str]| -> Vec<String> {
            let assumptions: Vec<Assumption> = texts.iter().map(|text| text.parse().unwrap()).collect();
            Future::all(&assumptions).into_iter().map(|future| future.name).collect()
        };
        assert_eq!(names(&[]), ["as stated"]);
        assert_eq!(names(&["a=0.9..1.3"]), ["a = 1.1", "a = 0.9", "a = 1.3"]);
        let expected = ["a = 2, b = 6", "a = 1, b = 5", "a = 1, b = 7", "a = 3, b = 5", "a = 3, b = 7"];
        assert_eq!(names(&["a=1..3", "b=5..7"]), expected);
        for wrong in ["a", "a=1", "a=2..1", "a=1..1", "=1..2", "a=x..2"] {
            assert!(wrong.parse::<Assumption>().is_err(), "{wrong}");
        }
    }
}
