//! How much of something countable is used over time: now, at most, on average, and when it ran out.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::Time;

/// A count over time. Mean and peak are those of the window that [`Usage::begin_window`] opens.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// In use now.
    used: u64,
    /// Most in use in the window.
    peak: u64,
    /// When `used` last changed.
    changed: Time,
    /// When the window began.
    began: Time,
    /// Sum of use over the window's time up to `changed` \[ns\]: 2³² addresses for 584 years need 96 bits.
    integral: u128,
    /// When a request first found too little left, in the window or before it.
    exhausted: Option<Time>,
}

impl Usage {
    /// One more is taken. It counts towards the peak once [`Usage::note`] is told that it is kept.
    #[inline]
    pub fn take(&mut self, now: Time) {
        self.take_many(now, 1);
    }

    /// So many more are taken.
    #[inline]
    pub fn take_many(&mut self, now: Time, count: u64) {
        self.advance(now);
        self.used += count;
    }

    /// What has been taken is in use: a request that was undone left no trace in the peak.
    #[inline]
    pub fn note(&mut self) {
        self.peak = self.peak.max(self.used);
    }

    /// One is given back. Panics when none is in use.
    #[inline]
    pub fn give_back(&mut self, now: Time) {
        self.give_back_many(now, 1);
    }

    /// So many are given back. Panics when fewer are in use.
    #[inline]
    pub fn give_back_many(&mut self, now: Time, count: u64) {
        self.advance(now);
        self.used = self.used.checked_sub(count).expect("more is given back than was taken");
    }

    /// A request found too little left.
    #[inline]
    pub fn exhaust(&mut self, now: Time) {
        self.exhausted.get_or_insert(now);
    }

    /// Statistics begin anew from what is in use now.
    pub fn begin_window(&mut self, now: Time) {
        *self = Usage { peak: self.used, changed: now, began: now, integral: 0, ..*self };
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        self.integral += u128::from(self.used) * u128::from(now.since(self.changed).0);
        self.changed = now;
    }

    /// In use now.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Most in use at once in the window.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Sum of use over the window's time up to `now` \[ns\].
    pub fn integral(&self, now: Time) -> u128 {
        self.integral + u128::from(self.used) * u128::from(now.since(self.changed).0)
    }

    /// Mean use over the window's time up to `now`; what is used at this moment when no time has passed.
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
    use plimsoll_base::units::NS_PER_S;

    fn at(seconds: u64) -> Time {
        Time(seconds * NS_PER_S)
    }

    #[test]
    fn mean_and_peak_are_the_windows() {
        let mut usage = Usage::default();
        usage.take(at(0));
        usage.take(at(0));
        usage.note();
        usage.give_back(at(5));
        usage.exhaust(at(6));
        usage.begin_window(at(10));
        assert_eq!((usage.used(), usage.peak(), usage.mean(at(10))), (1, 1, 1.0));
        usage.take(at(12));
        usage.note();
        usage.take(at(12));
        usage.give_back(at(12));
        usage.exhaust(at(12));
        usage.give_back(at(13));
        // 1 for 2 s, 2 for 1 s, 1 for 7 s.
        assert_eq!(usage.integral(at(20)), 11 * u128::from(NS_PER_S));
        assert_eq!((usage.peak(), usage.mean(at(20))), (2, 1.1));
        assert_eq!(usage.exhausted_at(), Some(at(6)));
    }
}
