//! Checks of a build: small runs and parts whose answer is known exactly or by a closed form.
//!
//! The tests of the project check far more; these few run anywhere in seconds, with nothing but the
//! program. A new check is a file here and a line in [`REGISTER`].

mod addresses;
mod bills;
mod digests;
mod erlang_b;
mod erlang_c;
mod little;
mod throttles;

use std::fmt::Display;
use std::path::Path;

use crate::cloud::observe::Silent;
use crate::cloud::outcome::Outcome;
use crate::cloud::{Cloud, RunOptions};
use crate::experiment::statistics::{mean, student_t};
use crate::scenario::{Overrides, Scenario};

/// A check.
pub struct Check {
    /// Name.
    pub name: &'static str,
    /// Claim, in one line, with its source.
    pub knows: &'static str,
    /// Function that makes the check.
    pub run: fn() -> Vec<Finding>,
}

/// Every check.
#[rustfmt::skip]
pub const REGISTER: &[Check] = &[
    Check { name: "erlang-b", knows: "one host refuses the share of launches that Erlang's formula B says (Erlang 1917)", run: erlang_b::run },
    Check { name: "erlang-c", knows: "calls wait for the servers of a gateway as long as Erlang's formula C says (Erlang 1917)", run: erlang_c::run },
    Check { name: "little", knows: "instances running on average are launches a second times their lifetime (Little 1961)", run: little::run },
    Check { name: "bills", knows: "a start is billed by the second, for 60 s at the least (EC2 on-demand pricing)", run: bills::run },
    Check { name: "addresses", knows: "five addresses of every subnet are reserved (Amazon VPC user guide, subnet CIDR blocks)", run: addresses::run },
    Check { name: "throttles", knows: "a token bucket lets through what it holds and what flows in, to the nanosecond", run: throttles::run },
    Check { name: "digests", knows: "the same scenario and seed give the same digest, on one thread or two, here or elsewhere", run: digests::run },
];

/// Known value beside the one that this build computes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Name of the quantity.
    pub what: String,
    /// Expected value.
    pub expected: String,
    /// Computed value.
    pub got: String,
    /// True if these agree.
    pub holds: bool,
}

impl Finding {
    /// Returns the finding on two values that must be the same.
    fn exact<T: PartialEq + Display>(what: impl Into<String>, expected: T, got: T) -> Finding {
        let holds = expected == got;
        Finding { what: what.into(), expected: expected.to_string(), got: got.to_string(), holds }
    }

    /// Returns the finding on a mean of replications: its interval of 99.9 % confidence must hold the known value, and be
    /// no wider than a share of it to each side, as a wide one would agree with anything.
    fn mean(what: impl Into<String>, expected: f64, values: &[f64], widest: f64) -> Finding {
        let interval = student_t(values, 0.999);
        let agrees = |interval: &crate::experiment::statistics::Interval| {
            interval.contains(expected) && interval.half_width() <= widest * expected
        };
        let half = interval.map_or(f64::NAN, |interval| interval.half_width());
        Finding {
            what: what.into(),
            expected: format!("{expected:.5}"),
            got: format!("{:.5} ± {half:.5}", mean(values)),
            holds: interval.as_ref().is_some_and(agrees),
        }
    }
}

/// Returns the outcome of a scenario given as text, run with a seed.
fn outcome(text: &str, seed: u64) -> Outcome {
    let scenario = scenario(text, seed);
    let cloud = Cloud::new(&scenario, RunOptions::default());
    let outcome = cloud.and_then(|cloud| cloud.run(&mut Silent));
    outcome.expect("a scenario of a check can be run")
}

fn scenario(text: &str, seed: u64) -> Scenario {
    let overrides = Overrides { set: Vec::new(), seed: Some(seed), ..Overrides::default() };
    let text = format!("name = 'selftest'\n{text}");
    Scenario::parse(Path::new("selftest.toml"), &text, &overrides).expect("a scenario of a check is sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_findings_and_they_hold() {
        for check in REGISTER {
            let findings = (check.run)();
            assert!(!findings.is_empty(), "{} finds nothing", check.name);
            for finding in findings {
                assert!(finding.holds, "{}: {finding:?}", check.name);
            }
        }
    }

    #[test]
    fn names_are_their_own() {
        let mut names: Vec<&str> = REGISTER.iter().map(|check| check.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn what_does_not_agree_is_found() {
        assert!(Finding::exact("", 1, 1).holds && !Finding::exact("", 1, 2).holds);
        let values = [0.99, 1.0, 1.01, 1.0, 1.0];
        assert!(Finding::mean("", 1.0, &values, 0.05).holds);
        assert!(!Finding::mean("", 1.1, &values, 0.05).holds, "it is beside");
        assert!(!Finding::mean("", 1.0, &values, 0.001).holds, "it tells too little");
        assert!(!Finding::mean("", 1.0, &values[..1], 0.05).holds, "one value has no interval");
    }
}
