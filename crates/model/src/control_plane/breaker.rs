//! A circuit breaker: after so many failures in a row calls are refused for a while, then one is let through to
//! try (Nygard, Release It!, 2nd ed., section 5.2).

use serde::{Deserialize, Serialize};

use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// A circuit breaker around calls to something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Breaker {
    /// Failures in a row that open it; at least 1.
    failures: u32,
    open_for: Duration,
    state: State,
    counts: BreakerCounts,
}

persist! { Breaker { values: [state, counts], derived: [failures, open_for] } }

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum State {
    /// Calls pass; so many have failed in a row.
    Closed(u32),
    /// Calls are refused up to this moment.
    Open(Time),
    /// A trial is on its way; other calls are refused.
    HalfOpen,
}

/// Answer of a breaker to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BreakerVerdict {
    /// The call passes.
    Pass,
    /// The call passes as a trial: its result closes or opens the breaker.
    Trial,
    /// The call is refused.
    Refused,
}

/// Counts of a breaker in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct BreakerCounts {
    /// Calls that passed, trials included.
    pub passed: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Number of times that it opened, again after a trial included.
    pub opened: u64,
    /// Number of times that it closed again.
    pub closed: u64,
}

impl Breaker {
    /// Returns a closed breaker that opens for `open_for` after so many failures in a row (at least 1).
    pub fn new(failures: u32, open_for: Duration) -> Breaker {
        assert!(failures > 0, "a breaker that opens after no failure lets nothing through");
        Breaker { failures, open_for, state: State::Closed(0), counts: BreakerCounts::default() }
    }

    /// Asks for a call to pass. The caller reports the result of a call that passed.
    #[inline]
    pub fn ask(&mut self, now: Time) -> BreakerVerdict {
        let verdict = match self.state {
            State::Closed(_) => BreakerVerdict::Pass,
            State::Open(until) if now >= until => {
                self.state = State::HalfOpen;
                BreakerVerdict::Trial
            }
            State::Open(_) | State::HalfOpen => BreakerVerdict::Refused,
        };
        match verdict {
            BreakerVerdict::Pass | BreakerVerdict::Trial => self.counts.passed += 1,
            BreakerVerdict::Refused => self.counts.refused += 1,
        }
        verdict
    }

    /// Takes in the success of a call that passed as `verdict`. A call from before the breaker opened has no effect.
    pub fn succeeded(&mut self, verdict: BreakerVerdict) {
        match (self.state, verdict) {
            (State::Closed(_), _) => self.state = State::Closed(0),
            (State::HalfOpen, BreakerVerdict::Trial) => {
                self.state = State::Closed(0);
                self.counts.closed += 1;
            }
            _ => {}
        }
    }

    /// Takes in the failure of a call that passed as `verdict`. A call from before the breaker opened has no effect.
    pub fn failed(&mut self, now: Time, verdict: BreakerVerdict) {
        match (self.state, verdict) {
            (State::Closed(before), _) if before + 1 < self.failures => {
                self.state = State::Closed(before + 1)
            }
            (State::Closed(_), _) | (State::HalfOpen, BreakerVerdict::Trial) => {
                self.state = State::Open(now.after(self.open_for));
                self.counts.opened += 1;
            }
            _ => {}
        }
    }

    /// Counts begin anew.
    pub fn begin_window(&mut self) {
        self.counts = BreakerCounts::default();
    }

    /// Returns its counts in the window.
    pub fn counts(&self) -> BreakerCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
