//! Use of something with a limit over time.

use serde::{Deserialize, Serialize};

use super::UseOverTime;
use crate::persist;
use crate::units::Time;

/// Amount taken out of a limit. Mean and peak are those of the window that [`Level::begin_window`] opens.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Level {
    /// Greatest amount that can be taken; `None` for no limit.
    limit: Option<u64>,
    usage: UseOverTime,
}

persist! { Level {
    values: [usage],
    derived: [limit],
} }

impl Level {
    /// Returns a level at 0; a limit of `None` is no limit.
    #[inline]
    pub fn new(limit: Option<u64>) -> Level {
        Level { limit, usage: UseOverTime::default() }
    }

    /// Returns the amount that is left: 0 too where a limit was lowered below what is taken.
    #[inline]
    pub fn left(&self) -> u64 {
        self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.used()))
    }

    /// Takes an amount. It counts towards the peak once [`Level::note`] confirms it. Panics when there is not enough:
    /// callers compare [`Level::left`] first and call [`Level::exhaust`].
    #[inline]
    pub fn take(&mut self, now: Time, amount: u64) {
        assert!(amount <= self.left(), "{amount} is taken where {} is left", self.left());
        self.usage.take_many(now, amount);
    }

    /// Gives an amount back. Panics when less is taken.
    #[inline]
    pub fn give_back(&mut self, now: Time, amount: u64) {
        self.usage.give_back_many(now, amount);
    }

    /// Confirms what has been taken: a request that was undone leaves no trace in the peak.
    #[inline]
    pub fn note(&mut self) {
        self.usage.note();
    }

    /// Notes that a request found too little left.
    #[inline]
    pub fn exhaust(&mut self, now: Time) {
        self.usage.exhaust(now);
    }

    /// Begins a window with what is taken now.
    #[inline]
    pub fn begin_window(&mut self, now: Time) {
        self.usage.begin_window(now);
    }

    /// Returns the greatest amount that can be taken; `None` for no limit.
    #[inline]
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Returns the amount taken now.
    #[inline]
    pub fn used(&self) -> u64 {
        self.usage.used()
    }

    /// Returns the greatest amount taken at once in the window.
    #[inline]
    pub fn peak(&self) -> u64 {
        self.usage.peak()
    }

    /// Returns the integral of use over the window's time up to `now` \[unit · ns\].
    #[inline]
    pub fn integral(&self, now: Time) -> u128 {
        self.usage.integral(now)
    }

    /// Returns the mean use over the window's time up to `now`; the current use when no time has passed.
    #[inline]
    pub fn mean(&self, now: Time) -> f64 {
        self.usage.mean(now)
    }

    /// Returns the first time that a request found too little left, counted from the start of the scenario.
    #[inline]
    pub fn exhausted_at(&self) -> Option<Time> {
        self.usage.exhausted_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_the_limit() {
        let mut level = Level::new(Some(100));
        level.take(Time(0), 20);
        level.note();
        level.give_back(Time(5), 10);
        assert_eq!((level.used(), level.left(), level.peak()), (10, 90, 20));
        assert_eq!(Level::new(None).left(), u64::MAX);
    }

    #[test]
    #[should_panic(expected = "101 is taken where 100 is left")]
    fn taking_more_than_there_is_is_a_bug() {
        Level::new(Some(100)).take(Time(0), 101);
    }
}
