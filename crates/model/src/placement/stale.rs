//! `[placement.stale]`: schedulers that see the fleet out of date.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::Duration;

/// `[placement.stale]`: several schedulers, each with a view of the fleet that is out of date. Launches with requirements beside room
/// (groups, tenancies, hardware, reservations) see the fleet as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaleConfig {
    /// Number of schedulers, 1 to 64, which place in turn.
    pub schedulers: u32,
    /// Time between two refreshes of the view of a scheduler.
    pub delay: Duration,
    /// Hosts that a scheduler tries after the first for an instance, each after a conflict; default 3.
    #[serde(default = "three")]
    pub retries: u32,
}

fn three() -> u32 {
    3
}

const MOST_SCHEDULERS: u32 = 64;

impl StaleConfig {
    /// Returns every problem. `has_history` is true of a strategy that knows more of hosts than a view.
    pub fn validate(&self, has_history: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        let problem =
            |key: &str, message: String| Problem::new(Place::key(&format!("placement.stale{key}")), message);
        if !(1..=MOST_SCHEDULERS).contains(&self.schedulers) {
            let found = self.schedulers;
            problems.push(problem(".schedulers", format!("found {found}, expected 1 to {MOST_SCHEDULERS}")));
        }
        if self.delay.0 == 0 {
            let help = "without `[placement.stale]` every launch sees the fleet as it is";
            problems.push(problem(".delay", "found 0s, expected a time".to_string()).with_help(help));
        }
        if has_history {
            let message = "found a strategy that knows predicted ends, last uses or the launches so far, expected one that places by \
                           what is free: a view has no more";
            problems.push(problem("", message.to_string()));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told() {
        let wrong = StaleConfig { schedulers: 0, delay: Duration(0), retries: 0 };
        let problems: Vec<String> = wrong.validate(true).iter().map(ToString::to_string).collect();
        let starts = [
            "`placement.stale.schedulers`: found 0",
            "`placement.stale.delay`: found 0s",
            "`placement.stale`: found a strategy",
        ];
        assert_eq!(problems.len(), starts.len());
        assert!(
            problems.iter().zip(starts).all(|(problem, start)| problem.starts_with(start)),
            "{problems:?}"
        );
        assert!(StaleConfig { schedulers: 64, delay: Duration(1), retries: 0 }.validate(false).is_empty());
    }
}
