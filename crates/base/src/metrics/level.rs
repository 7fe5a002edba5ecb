//! How much of something with a limit is taken over time: now, at most, on average, and when it ran out.

use serde::{Deserialize, Serialize};

use crate::persist;
use crate::units::Time;

/// An amount taken out of a limit. Mean and peak are those of the window that [`Level::begin_window`] opens.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Level {
    /// The most that can be taken; `None` for no limit.
    limit: Option<u64>,
    /// Taken now.
    used: u64,
    /// Most taken in the window.
    peak: u64,
    /// When `used` last changed.
    changed: Time,
    /// When the window began.
    began: Time,
    /// Sum of use over the window's time up to `changed` \[unit · ns\].
    integral: u128,
    /// When a request first found too little left, in the window or before it.
    exhausted: Option<Time>,
}

persist! { Level {
    values: [used, peak, changed, began, integral, exhausted],
    made: [limit],
} }

impl Level {
    /// Nothing taken out of so much; `None` for no limit.
    pub fn new(limit: Option<u64>) -> Level {
        Level { limit, ..Level::default() }
    }

    /// What is left to take: nothing, too, where a limit was lowered below what is taken.
    pub fn left(&self) -> u64 {
        self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.used))
    }

    /// So much is taken. It counts towards the peak once [`Level::note`] is told that it is kept. Panics
    /// when there is not enough: callers look at [`Level::left`] and tell [`Level::exhaust`].
    pub fn take(&mut self, now: Time, amount: u64) {
        assert!(amount <= self.left(), "{amount} is taken where {} is left", self.left());
        self.advance(now);
        self.used = self.used.checked_add(amount).expect("an amount taken overflows 64 bits");
    }

    /// So much is given back. Panics when less is taken.
    pub fn give_back(&mut self, now: Time, amount: u64) {
        self.advance(now);
        self.used = self.used.checked_sub(amount).expect("more is given back than was taken");
    }

    /// What has been taken is kept: a request that was undone left no trace in the peak.
    pub fn note(&mut self) {
        self.peak = self.peak.max(self.used);
    }

    /// A request found too little left.
    pub fn exhaust(&mut self, now: Time) {
        self.exhausted.get_or_insert(now);
    }

    /// Statistics begin anew from what is taken now.
    pub fn begin_window(&mut self, now: Time) {
        *self = Level { peak: self.used, changed: now, began: now, integral: 0, ..*self };
    }

    fn advance(&mut self, now: Time) {
        self.integral = self.integral(now);
        self.changed = now;
    }

    /// The most that can be taken; `None` for no limit.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Taken now.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Most taken at once in the window.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Sum of use over the window's time up to `now` \[unit · ns\].
    pub fn integral(&self, now: Time) -> u128 {
        self.integral + u128::from(self.used) * u128::from(now.since(self.changed).0)
    }

    /// Mean use over the window's time up to `now`; what is taken at this moment when no time has passed.
    pub fn mean(&self, now: Time) -> f64 {
        match now.since(self.began).0 {
            0 => self.used as f64,
            length => self.integral(now) as f64 / length as f64,
        }
    }

    /// When a request first found too little left, counted from the start of the scenario.
    pub fn exhausted_at(&self) -> Option<Time> {
        self.exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::NS_PER_S;

    fn at(seconds: u64) -> Time {
        Time(seconds * NS_PER_S)
    }

    #[test]
    fn mean_and_peak_are_the_windows() {
        let mut level = Level::new(Some(100));
        level.take(at(0), 20);
        level.note();
        level.give_back(at(5), 10);
        level.exhaust(at(6));
        level.begin_window(at(10));
        assert_eq!((level.used(), level.peak(), level.mean(at(10))), (10, 10, 10.0));
        level.take(at(12), 10);
        level.note();
        level.take(at(12), 80);
        assert_eq!(level.left(), 0);
        level.give_back(at(12), 80);
        level.exhaust(at(12));
        level.give_back(at(13), 10);
        // 10 for 2 s, 20 for 1 s, 10 for 7 s.
        assert_eq!(level.integral(at(20)), 110 * u128::from(NS_PER_S));
        assert_eq!((level.peak(), level.mean(at(20))), (20, 11.0));
        assert_eq!((level.exhausted_at(), level.left()), (Some(at(6)), 90));
        assert_eq!(Level::new(None).left(), u64::MAX);
    }

    #[test]
    #[should_panic(expected = "101 is taken where 100 is left")]
    fn taking_more_than_there_is_is_a_bug() {
        Level::new(Some(100)).take(at(0), 101);
    }
}
