//! Calls by the minute, which show the availability of the service over time. Counted as differences of the ledger, so that
//! a call costs nothing more.

use serde::{Deserialize, Serialize};

use crate::cloud::observe::ledger::Ledger;
use plimsoll_base::units::{Duration, Time};

/// A minute of the run.
const MINUTE: Duration = Duration::from_seconds(60);

/// Calls that ended in a minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Minute {
    /// Beginning; the minute ends, exclusively, 60 s later, or with the run.
    pub began: Time,
    /// Calls with an outcome \[calls\].
    pub calls: u64,
    /// Calls of these that a fault of the service refused \[calls\].
    pub failed: u64,
}

/// Minute in progress, and the counts of the ledger when it began.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Minutes {
    began: Time,
    calls: u64,
    failed: u64,
}

impl Minutes {
    /// Begins the first minute at `now`.
    pub fn begin(now: Time, ledger: &Ledger) -> Minutes {
        let (calls, failed) = ledger.served();
        Minutes { began: now, calls, failed }
    }

    /// Returns the end of the minute in progress.
    pub fn end(&self) -> Time {
        self.began.after(MINUTE)
    }

    /// Ends the minute, or the part of it before the end of the run; begins the next one. Returns the minute that ended.
    pub fn turn(&mut self, ledger: &Ledger) -> Minute {
        let before = *self;
        *self = Minutes::begin(before.end(), ledger);
        Minute { began: before.began, calls: self.calls - before.calls, failed: self.failed - before.failed }
    }
}
