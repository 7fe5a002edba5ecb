//! Targets of a search: a metric on one side, a number on the other; and their status by an estimate.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::figures::Figures;
use crate::metric::{self, RATIO};
use crate::statistics::Interval;
use plimsoll_base::input::{InputError, Place, Problem};

/// The option that names a target, for problems with it.
pub const OPTION: &str = "--until";

/// A metric that is to be on one side of a number.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Path of the metric.
    pub metric: String,
    /// Side of the number.
    pub relation: Relation,
    /// The number, in the unit of the metric.
    pub value: f64,
}

/// Side of a number on which a metric is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
}

/// Every relation as it may be written; those of two signs first, so that `>=` is not read as `>`.
const SIGNS: [(&str, Relation); 6] = [
    (">=", Relation::AtLeast),
    ("≥", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("≤", Relation::AtMost),
    (">", Relation::Above),
    ("<", Relation::Below),
];

/// Status of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetStatus {
    /// The target holds, to the confidence asked for.
    Holds,
    /// The target does not hold, to the confidence asked for.
    Fails,
    /// The runs do not decide, or the metric has no value.
    NotShown,
}

impl TargetStatus {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            TargetStatus::Holds => "holds",
            TargetStatus::Fails => "fails",
            TargetStatus::NotShown => "not-shown",
        }
    }
}

impl Relation {
    /// Returns the sign.
    pub fn sign(self) -> &'static str {
        match self {
            Relation::AtLeast => ">=",
            Relation::Above => ">",
            Relation::AtMost => "<=",
            Relation::Below => "<",
        }
    }

    /// Returns whether greater values of the metric are nearer to the target.
    pub fn wants_more(self) -> bool {
        matches!(self, Relation::AtLeast | Relation::Above)
    }

    fn holds(self, found: f64, value: f64) -> bool {
        match self {
            Relation::AtLeast => found >= value,
            Relation::Above => found > value,
            Relation::AtMost => found <= value,
            Relation::Below => found < value,
        }
    }
}

impl Target {
    /// Reads `launch.success_ratio >= 0.9999`; the number may be in percent.
    pub fn parse(text: &str) -> Result<Target, String> {
        let usage = || "expected METRIC >= NUMBER, or with >, <= or <".to_string();
        let first = SIGNS.iter().filter_map(|(sign, relation)| Some((text.find(sign)?, *sign, *relation)));
        // Of signs that begin at one place, the longer is first in the list.
        let (at, sign, relation) = first.min_by_key(|(at, ..)| *at).ok_or_else(usage)?;
        let metric = text[..at].trim();
        let number = text[at + sign.len()..].trim();
        let value = match number.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
            None => number.parse(),
        };
        let value = value.ok().filter(|value| value.is_finite());
        match value {
            Some(value) if !metric.is_empty() => Ok(Target { metric: metric.to_string(), relation, value }),
            _ => Err(usage()),
        }
    }

    /// Refuses, before anything runs, targets that no run can have: unknown metrics, shares beyond 1, times that exist only
    /// when something ran out.
    pub fn check(&self) -> Result<(), InputError> {
        let place = Place::key(OPTION);
        metric::check(&self.metric, &place)?;
        if metric::is_first_time(&self.metric) {
            let message = format!("`{}` has a value only where something ran out", self.metric);
            let problem = Problem::new(place, message);
            return Err(problem.with_help("ask for what was refused instead: `launch.failed <= 0`").into());
        }
        if metric::unit(&self.metric) == RATIO && !self.is_possible_of_a_share() {
            let problem =
                Problem::new(place, format!("no run can have `{self}`: it is a share, from 0 to 1"));
            return Err(problem.with_help("say `0.99` or `99%` for 99 of 100").into());
        }
        Ok(())
    }

    fn is_possible_of_a_share(&self) -> bool {
        [0.0, 1.0].into_iter().any(|end| self.relation.holds(end, self.value))
    }

    /// Returns whether only the extreme value of a share meets the target, which a sample of random runs never shows.
    pub fn asks_for_certainty(&self) -> bool {
        let utmost = if self.relation.wants_more() { 1.0 } else { 0.0 };
        metric::unit(&self.metric) == RATIO && self.value == utmost
    }

    /// Returns whether one value of the metric meets the target.
    pub fn is_met_by(&self, found: f64) -> bool {
        self.relation.holds(found, self.value)
    }

    /// Returns the number of runs that meet the target each by itself.
    pub fn runs_that_meet(&self, figures: &[Figures]) -> usize {
        let values = figures.iter().filter_map(|figures| figures.get(&self.metric));
        values.filter(|value| self.is_met_by(*value)).count()
    }

    /// Returns the status by an interval that holds the metric with the confidence asked for.
    pub fn judge(&self, interval: Interval) -> TargetStatus {
        let (near, far) = match self.relation.wants_more() {
            true => (interval.high, interval.low),
            false => (interval.low, interval.high),
        };
        if self.relation.holds(far, self.value) {
            TargetStatus::Holds
        } else if self.relation.holds(near, self.value) {
            TargetStatus::NotShown
        } else {
            TargetStatus::Fails
        }
    }
}

impl fmt::Display for Target {
    /// Writes the target as [`Target::parse`] reads it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.metric, self.relation.sign(), self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    #[test]
    fn a_target_is_read_as_people_write_it() {
        for (text, shown) in [
            ("launch.success_ratio >= 0.9999", "launch.success_ratio >= 0.9999"),
            ("launch.success_ratio≥99.5%", "launch.success_ratio >= 0.995"),
            ("latency_s.launch.p99<60", "latency_s.launch.p99 < 60"),
            ("launch.failed <= 0", "launch.failed <= 0"),
            ("a > 1", "a > 1"),
        ] {
            assert_eq!(target(text).to_string(), shown);
        }
        for wrong in ["", "launch.failed", ">= 3", "a >= b", "a == 3", "a >= inf", "a >= 1 >= 2"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_no_run_can_have_is_refused_with_the_way_out() {
        let told = |text: &str| target(text).check().unwrap_err().to_string();
        assert!(told("launch.sucess_ratio >= 0.9").contains("did you mean `launch.success_ratio`"));
        assert!(told("launch.success_ratio >= 99").contains("it is a share, from 0 to 1"));
        assert!(told("launch.success_ratio > 1").contains("it is a share"));
        assert!(told("launch.success_ratio < 0").contains("it is a share"));
        assert!(told("network.public.exhausted_at_s >= 5").contains("only where something ran out"));
        for sound in ["launch.success_ratio >= 1", "latency_s.launch.p99 < 60", "launch.failed <= 0"] {
            assert_eq!(target(sound).check(), Ok(()), "{sound}");
        }
        assert!(target("launch.success_ratio >= 1").asks_for_certainty());
        assert!(!target("launch.failed <= 0").asks_for_certainty());
    }

    #[test]
    fn an_interval_holds_fails_or_cannot_tell() {
        let judged = |text: &str, low, high| target(text).judge(Interval { low, high });
        for (text, low, high, expected) in [
            ("a >= 0.9", 0.9, 0.95, TargetStatus::Holds),
            ("a >= 0.9", 0.89, 0.95, TargetStatus::NotShown),
            ("a >= 0.9", 0.8, 0.89, TargetStatus::Fails),
            ("a > 0.9", 0.9, 0.9, TargetStatus::Fails),
            ("a <= 3", 2.0, 3.0, TargetStatus::Holds),
            ("a <= 3", 2.0, 4.0, TargetStatus::NotShown),
            ("a < 3", 3.0, 4.0, TargetStatus::Fails),
        ] {
            assert_eq!(judged(text, low, high), expected, "{text} in {low} to {high}");
        }
    }
}
