//! Time integrals and peaks of totals that share a clock, exact in integers: one advance of time serves all of them, where
//! a [`TimeWeighted`](super::TimeWeighted) keeps a clock of its own.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::Time;

/// Time integrals and peaks of `N` totals. Means and peaks are those of the window that [`Gauges::begin_window`] opens.
#[derive(Clone, Debug)]
pub struct Gauges<const N: usize> {
    /// Sum of each total over the window's time up to `reached` \[its unit · ns\].
    integrals: [u128; N],
    peaks: [u64; N],
    began: Time,
    reached: Time,
}

impl<const N: usize> Serialize for Gauges<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Gauges { integrals, peaks, began, reached } = self;
        (integrals.as_slice(), peaks.as_slice(), began, reached).serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Gauges<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (integrals, peaks, began, reached) =
            <(Vec<u128>, Vec<u64>, Time, Time)>::deserialize(deserializer)?;
        match (integrals.try_into(), peaks.try_into()) {
            (Ok(integrals), Ok(peaks)) => Ok(Gauges { integrals, peaks, began, reached }),
            _ => Err(D::Error::custom("another number of totals")),
        }
    }
}

impl<const N: usize> Default for Gauges<N> {
    fn default() -> Self {
        Gauges { integrals: [0; N], peaks: [0; N], began: Time::ZERO, reached: Time::ZERO }
    }
}

impl<const N: usize> Gauges<N> {
    /// Advances time to `now`; until then the totals were `values`.
    #[inline]
    pub fn advance(&mut self, now: Time, values: &[u64; N]) {
        let length = u128::from(now.since(self.reached).0);
        if length > 0 {
            for (integral, value) in self.integrals.iter_mut().zip(values) {
                *integral += u128::from(*value) * length;
            }
            self.reached = now;
        }
    }

    /// Notes that the totals changed to `values`.
    #[inline]
    pub fn note(&mut self, values: &[u64; N]) {
        for (peak, value) in self.peaks.iter_mut().zip(values) {
            *peak = (*peak).max(*value);
        }
    }

    /// Notes that one of the totals changed.
    #[inline]
    pub fn note_one(&mut self, total: usize, value: u64) {
        self.peaks[total] = self.peaks[total].max(value);
    }

    /// Begins the statistics anew at `now`, which [`Gauges::advance`] has reached.
    pub fn begin_window(&mut self, now: Time, values: &[u64; N]) {
        assert_eq!(now, self.reached, "a window begins where time has come to");
        *self = Gauges { integrals: [0; N], peaks: *values, began: now, reached: now };
    }

    /// Returns the time that [`Gauges::advance`] has reached.
    pub fn reached(&self) -> Time {
        self.reached
    }

    /// Returns the length of the window so far \[ns\].
    pub fn length_ns(&self) -> u64 {
        self.reached.since(self.began).0
    }

    /// Returns the integral of a total over the window \[its unit · ns\].
    pub fn integral(&self, total: usize) -> u128 {
        self.integrals[total]
    }

    /// Returns its peak in the window.
    pub fn peak(&self, total: usize) -> u64 {
        self.peaks[total]
    }

    /// Returns its mean over the window; 0 for a window without length.
    pub fn mean(&self, total: usize) -> f64 {
        ratio(self.integrals[total], u128::from(self.length_ns()))
    }

    /// Returns the ratio of two totals' means; 0 where the second is never anything.
    pub fn mean_ratio(&self, over: usize, under: usize) -> f64 {
        ratio(self.integrals[over], self.integrals[under])
    }
}

/// Greatest value of the ratio of two totals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PeakRatio {
    over: u64,
    under: u64,
}

impl PeakRatio {
    /// Notes the current ratio. 0 ÷ 0 is no ratio.
    #[inline]
    pub fn note(&mut self, over: u64, under: u64) {
        if u128::from(over) * u128::from(self.under) >= u128::from(self.over) * u128::from(under) && under > 0
        {
            *self = PeakRatio { over, under };
        }
    }

    /// Returns the greatest ratio so far; 0 where there was none.
    pub fn value(&self) -> f64 {
        ratio(u128::from(self.over), u128::from(self.under))
    }
}

fn ratio(over: u128, under: u128) -> f64 {
    if under == 0 { 0.0 } else { over as f64 / under as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_peaks_are_the_windows() {
        let mut gauges = Gauges::<2>::default();
        gauges.note(&[5, 10]);
        gauges.advance(Time(10), &[5, 10]);
        gauges.begin_window(Time(10), &[3, 10]);
        gauges.advance(Time(12), &[3, 10]);
        gauges.note(&[4, 10]);
        gauges.advance(Time(14), &[4, 10]);
        assert_eq!((gauges.integral(0), gauges.peak(0), gauges.length_ns()), (14, 4, 4));
        assert_eq!((gauges.mean(0), gauges.mean_ratio(0, 1)), (3.5, 0.35));
        assert_eq!(Gauges::<1>::default().mean(0), 0.0);
    }

    #[test]
    fn the_peak_of_a_ratio_is_not_the_ratio_of_peaks() {
        let mut peak = PeakRatio::default();
        assert_eq!(peak.value(), 0.0);
        for (over, under) in [(1, 4), (3, 4), (5, 10), (0, 0), (2, 3)] {
            peak.note(over, under);
        }
        assert_eq!(peak.value(), 0.75);
    }
}
