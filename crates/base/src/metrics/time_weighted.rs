//! A value over simulated time: current value, peak, and time-weighted mean, exact in integers.

use serde::{Deserialize, Serialize};

use crate::units::Time;

/// Time-weighted statistics of one value. Peak, integral and mean are those of the window that
/// [`TimeWeighted::begin_window`] opens.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimeWeighted {
    value: u64,
    /// Greatest value noted in the window.
    peak: u64,
    /// Time of the last change of `value`.
    changed: Time,
    /// Begin of the window.
    began: Time,
    /// Integral of the value over the window's time up to `changed` \[unit · ns\]: 2³² addresses for 584 years need 96
    /// bits.
    integral: u128,
}

impl TimeWeighted {
    /// Increases the value. The new value counts towards the peak once [`TimeWeighted::note_peak`] is called.
    #[inline]
    pub fn add(&mut self, now: Time, amount: u64) {
        self.advance(now);
        self.value = self.value.checked_add(amount).expect("an amount taken overflows 64 bits");
    }

    /// Decreases the value. Panics when the amount is greater than the value.
    #[inline]
    pub fn subtract(&mut self, now: Time, amount: u64) {
        self.advance(now);
        self.value = self.value.checked_sub(amount).expect("more is given back than was taken");
    }

    /// Changes the value, which counts towards the peak at once.
    pub fn set(&mut self, now: Time, value: u64) {
        if value != self.value {
            self.advance(now);
            self.value = value;
            self.note_peak();
        }
    }

    /// Lets the value of this moment count towards the peak.
    #[inline]
    pub fn note_peak(&mut self) {
        self.peak = self.peak.max(self.value);
    }

    /// Begins a window with the value of this moment.
    #[inline]
    pub fn begin_window(&mut self, now: Time) {
        *self = TimeWeighted { value: self.value, peak: self.value, changed: now, began: now, integral: 0 };
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        self.integral = self.integral(now);
        self.changed = now;
    }

    /// Returns the current value.
    #[inline]
    pub fn value(&self) -> u64 {
        self.value
    }

    /// Returns the greatest value noted in the window.
    #[inline]
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Returns the begin of the window.
    #[inline]
    pub fn began(&self) -> Time {
        self.began
    }

    /// Returns the integral of the value over the window's time up to `now` \[unit · ns\].
    #[inline]
    pub fn integral(&self, now: Time) -> u128 {
        self.integral + u128::from(self.value) * u128::from(now.since(self.changed).0)
    }

    /// Returns the mean over the window's time up to `now`; the current value when no time has passed.
    #[inline]
    pub fn mean(&self, now: Time) -> f64 {
        match now.since(self.began).0 {
            0 => self.value as f64,
            length => self.integral(now) as f64 / length as f64,
        }
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
        let mut value = TimeWeighted::default();
        value.add(at(0), 20);
        value.note_peak();
        value.subtract(at(5), 10);
        value.begin_window(at(10));
        assert_eq!((value.value(), value.peak(), value.mean(at(10))), (10, 10, 10.0));
        value.add(at(12), 10);
        value.note_peak();
        value.add(at(12), 80);
        value.subtract(at(12), 80);
        value.subtract(at(13), 10);
        // 10 for 2 s, 20 for 1 s, 10 for 7 s.
        assert_eq!(value.integral(at(20)), 110 * u128::from(NS_PER_S));
        assert_eq!((value.peak(), value.mean(at(20))), (20, 11.0));
    }

    #[test]
    #[should_panic(expected = "more is given back than was taken")]
    fn a_value_is_never_negative() {
        TimeWeighted::default().subtract(at(1), 1);
    }
}
