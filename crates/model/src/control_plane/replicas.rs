//! Replicas of a database: asked in turn, each a constant lag behind the primary.

use serde::{Deserialize, Serialize};

use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// The replicas, each with its lag.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replicas {
    lags: Vec<Duration>,
    next: usize,
    counts: ReadCounts,
}

persist! { Replicas { values: [next, counts], derived: [lags] } }

/// Version of a record that a read finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    /// Latest version.
    Fresh,
    /// An earlier version.
    Stale,
    /// Nothing: the record was made less than the lag ago.
    NotYet,
}

/// Counts of reads in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ReadCounts {
    /// Latest versions.
    pub fresh: u64,
    /// Earlier versions.
    pub stale: u64,
    /// Records that had not arrived.
    pub not_yet: u64,
}

impl Replicas {
    /// Returns a replica for each lag.
    pub fn new(lags: Vec<Duration>) -> Replicas {
        Replicas { lags, next: 0, counts: ReadCounts::default() }
    }

    /// Returns the number of replicas.
    pub fn len(&self) -> usize {
        self.lags.len()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.lags.is_empty()
    }

    /// Returns the replica whose turn it is; `None` where there is none.
    #[inline]
    pub fn take_turn(&mut self) -> Option<usize> {
        let last = self.lags.len().checked_sub(1)?;
        // A run that goes on with fewer replicas may stand beyond the last.
        let turn = self.next.min(last);
        self.next = if turn == last { 0 } else { turn + 1 };
        Some(turn)
    }

    /// Returns the moment whose state a replica shows at `now`; nothing from before the start is missing.
    #[inline]
    pub fn shows(&self, replica: usize, now: Time) -> Time {
        Time(now.0.saturating_sub(self.lags[replica].0))
    }

    /// Reads a record that was made at `written` and last changed at `changed`.
    #[inline]
    pub fn read(&mut self, replica: usize, now: Time, written: Time, changed: Time) -> Read {
        let shown = self.shows(replica, now);
        if written > shown {
            self.counts.not_yet += 1;
            Read::NotYet
        } else if changed > shown {
            self.counts.stale += 1;
            Read::Stale
        } else {
            self.counts.fresh += 1;
            Read::Fresh
        }
    }

    /// Counts begin anew.
    pub fn begin_window(&mut self) {
        self.counts = ReadCounts::default();
    }

    /// Returns the counts of reads in the window.
    pub fn counts(&self) -> ReadCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
