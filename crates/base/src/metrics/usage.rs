//! Use of something countable over time, and the first time that it ran out.

use serde::{Deserialize, Serialize};

use super::TimeWeighted;
use crate::units::Time;

/// Number in use over time. Mean and peak are those of the window that [`UseOverTime::begin_window`] opens.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UseOverTime {
    used: TimeWeighted,
    /// First time that a request found too little left, in the window or before it.
    exhausted: Option<Time>,
}

impl UseOverTime {
    /// Takes one more. It counts towards the peak once [`UseOverTime::note`] confirms it.
    #[inline]
    pub fn take(&mut self, now: Time) {
        self.take_many(now, 1);
    }

    /// Takes so many more.
    #[inline]
    pub fn take_many(&mut self, now: Time, count: u64) {
        self.used.add(now, count);
    }

    /// Confirms what has been taken: a request that was undone leaves no trace in the peak.
    #[inline]
    pub fn note(&mut self) {
        self.used.note_peak();
    }

    /// Gives one back. Panics when none is in use.
    #[inline]
    pub fn give_back(&mut self, now: Time) {
        self.give_back_many(now, 1);
    }

    /// Gives so many back. Panics when fewer are in use.
    #[inline]
    pub fn give_back_many(&mut self, now: Time, count: u64) {
        self.used.subtract(now, count);
    }

    /// Notes that a request found too little left.
    #[inline]
    pub fn exhaust(&mut self, now: Time) {
        self.exhausted.get_or_insert(now);
    }

    /// Begins a window with what is in use now.
    pub fn begin_window(&mut self, now: Time) {
        self.used.begin_window(now);
    }

    /// Returns the number in use now.
    #[inline]
    pub fn used(&self) -> u64 {
        self.used.value()
    }

    /// Returns the greatest number in use at once in the window.
    pub fn peak(&self) -> u64 {
        self.used.peak()
    }

    /// Returns the integral of use over the window's time up to `now` \[unit · ns\].
    pub fn integral(&self, now: Time) -> u128 {
        self.used.integral(now)
    }

    /// Returns the mean use over the window's time up to `now`; the current use when no time has passed.
    pub fn mean(&self, now: Time) -> f64 {
        self.used.mean(now)
    }

    /// Returns the first time that a request found too little left, counted from the start of the scenario.
    pub fn exhausted_at(&self) -> Option<Time> {
        self.exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_exhaustion_outlasts_the_window() {
        let mut usage = UseOverTime::default();
        usage.take(Time(0));
        usage.note();
        usage.exhaust(Time(6));
        usage.begin_window(Time(10));
        usage.take_many(Time(12), 2);
        usage.exhaust(Time(12));
        usage.give_back(Time(12));
        usage.note();
        assert_eq!((usage.used(), usage.peak(), usage.exhausted_at()), (2, 2, Some(Time(6))));
    }
}
