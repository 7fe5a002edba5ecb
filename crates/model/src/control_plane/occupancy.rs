//! Number of jobs in a place over time, and the sum of their sojourn times. Little's law makes the integral of the one
//! equal to the other.

use serde::{Deserialize, Serialize};

use plimsoll_base::metrics::TimeWeighted;
use plimsoll_base::units::Time;

/// Number present, with the statistics of the window that [`Occupancy::begin_window`] opens.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Occupancy {
    present: TimeWeighted,
    /// Sum of the sojourn times in the window of those that left \[ns\].
    sojourn_sum: u128,
    /// Sum of the arrival times in the window of those present \[ns\].
    arrival_sum: u128,
}

impl Occupancy {
    /// Counts an arrival.
    #[inline]
    pub fn enter(&mut self, now: Time) {
        self.present.add(now, 1);
        self.present.note_peak();
        self.arrival_sum += u128::from(now.0);
    }

    /// Counts a departure of one that arrived at `entered`. Panics when none is present.
    #[inline]
    pub fn leave(&mut self, now: Time, entered: Time) {
        self.present.subtract(now, 1);
        let entered = entered.max(self.present.began());
        self.arrival_sum -= u128::from(entered.0);
        self.sojourn_sum += u128::from(now.since(entered).0);
    }

    /// Begins a window with those present.
    #[inline]
    pub fn begin_window(&mut self, now: Time) {
        self.present.begin_window(now);
        self.arrival_sum = u128::from(self.present.value()) * u128::from(now.0);
        self.sojourn_sum = 0;
    }

    /// Returns the number present.
    #[inline]
    pub fn present(&self) -> u32 {
        self.present.value() as u32
    }

    /// Returns the greatest number present at once in the window.
    #[inline]
    pub fn peak(&self) -> u32 {
        self.present.peak() as u32
    }

    /// Returns the integral of the number present over the window's time up to `now` \[ns\].
    #[inline]
    pub fn integral(&self, now: Time) -> u128 {
        self.present.integral(now)
    }

    /// Returns the sum of the sojourn times in the window up to `now`, of those present and gone \[ns\].
    #[inline]
    pub fn sojourn_sum(&self, now: Time) -> u128 {
        self.sojourn_sum + u128::from(self.present.value()) * u128::from(now.0) - self.arrival_sum
    }

    /// Returns the mean number present over the window's time up to `now`; the current number when no time has passed.
    #[inline]
    pub fn mean(&self, now: Time) -> f64 {
        self.present.mean(now)
    }

    /// Panics unless Little's law holds to the nanosecond.
    #[inline]
    pub fn assert_little(&self, now: Time) {
        assert_eq!(self.integral(now), self.sojourn_sum(now), "Little's law is broken at {now:?}: {self:?}");
    }
}
