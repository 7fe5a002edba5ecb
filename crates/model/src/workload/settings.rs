//! Collects the problems of one table of settings, so that all are reported at once.

use std::fmt::Display;

use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::Duration;

/// The checks of one table of a scenario; `key` is its dotted path.
pub struct Settings<'a> {
    key: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Settings<'a> {
    /// Returns the settings of the table at `key`.
    pub fn at(key: &'a str) -> Settings<'a> {
        Settings { key, problems: Vec::new() }
    }

    /// Returns the dotted path of a field of the table.
    pub fn path(&self, field: &str) -> String {
        if self.key.is_empty() { field.to_string() } else { format!("{}.{field}", self.key) }
    }

    /// Notes that `found` in `field` is not what was `expected`.
    pub fn wrong(&mut self, field: &str, found: impl Display, expected: &str) {
        self.add(self.problem(field, found, expected));
    }

    /// Returns the problem that [`Settings::wrong`] notes, to add help to it.
    pub fn problem(&self, field: &str, found: impl Display, expected: &str) -> Problem {
        let place = Place::key(&self.path(field));
        Problem::new(place, format!("found {found}, expected {expected}"))
    }

    /// Notes a problem found elsewhere.
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Takes the value of `result`, or notes its problems.
    pub fn take<T>(&mut self, result: Result<T, Vec<Problem>>) -> Option<T> {
        result.map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// Checks that a number is finite and above zero.
    pub fn positive(&mut self, field: &str, value: f64) {
        if !(value.is_finite() && value > 0.0) {
            self.wrong(field, value, "a number above 0");
        }
    }

    /// Checks that a duration is above zero.
    pub fn lasting(&mut self, field: &str, value: Duration) {
        if value == Duration::ZERO {
            self.wrong(field, value, "more than no time");
        }
    }

    /// Checks that numbers are finite and not negative, and at least one of them above zero.
    pub fn weights<'w>(&mut self, field: &str, weights: impl IntoIterator<Item = &'w f64>) -> bool {
        let mut total = 0.0;
        for &weight in weights {
            if !(weight.is_finite() && weight >= 0.0) {
                self.wrong(field, weight, "weights of 0 or more");
                return false;
            }
            total += weight;
        }
        if total == 0.0 {
            self.wrong(field, "weights that add up to 0", "at least one above 0");
        } else if !total.is_finite() {
            self.wrong(field, "weights whose sum is no number", "smaller ones: only their ratios count");
        }
        total > 0.0 && total.is_finite()
    }

    /// Returns the problems of settings of which a part is missing. There may be none: then what they refer to is itself
    /// wrong, which is reported in its own place.
    pub fn give_up<T>(self) -> Result<T, Vec<Problem>> {
        Err(self.problems)
    }

    /// Returns the value built from settings that were all right, or everything that was wrong.
    pub fn finish<T>(self, build: impl FnOnce() -> T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() { Ok(build()) } else { Err(self.problems) }
    }
}
