//! Rate of demand over a day: a cosine around its mean, known near where it was computed last.

use plimsoll_base::units::{Duration, NS_PER_DAY, Time};

/// Room for the rounding of rates, in parts of the mean rate; a rate is computed to less than a thousandth of it.
const ROUNDING: f64 = 1e-12;

/// Rate over a day, relative to its mean.
#[derive(Clone, Copy, Debug)]
pub struct DayRate {
    /// Rate at the peak, 1 to 2.
    peak_to_mean: f64,
    /// Time of day of the peak.
    peak_at: Duration,
    /// Time at which the rate was computed last, and the rate.
    known: (Time, f64),
}

impl DayRate {
    /// Returns the rate with so high a peak, at a time of day.
    pub fn new(peak_to_mean: f64, peak_at: Duration) -> DayRate {
        let mut rate = DayRate { peak_to_mean, peak_at, known: (Time::ZERO, 0.0) };
        rate.known.1 = rate.at(Time::ZERO);
        rate
    }

    /// Returns the rate at the peak.
    pub fn peak(&self) -> f64 {
        self.peak_to_mean
    }

    /// Returns the rate at a time.
    fn at(&self, time: Time) -> f64 {
        let since_peak = (time.0 % NS_PER_DAY + NS_PER_DAY - self.peak_at.0) % NS_PER_DAY;
        let angle = std::f64::consts::TAU * (since_peak as f64 / NS_PER_DAY as f64);
        1.0 + (self.peak_to_mean - 1.0) * libm::cos(angle)
    }

    /// Returns whether the rate at a time is at least `level`. A cosine takes longer than all else of a draw, and the rate changes
    /// slowly: it is computed only where what it was last, and the most that it can have changed since, do not decide.
    #[inline]
    pub fn is_at_least(&mut self, time: Time, level: f64) -> bool {
        let (then, rate) = self.known;
        let steepest = (self.peak_to_mean - 1.0) * std::f64::consts::TAU / NS_PER_DAY as f64;
        let change = steepest * time.0.abs_diff(then.0) as f64 + ROUNDING;
        if level <= rate - change {
            return true;
        }
        if level > rate + change {
            return false;
        }
        self.known = (time, self.at(time));
        level <= self.known.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::NS_PER_S;

    #[test]
    fn what_decides_is_the_rate_of_the_moment_however_far_apart_the_moments() {
        let mut draws = Seed(3).stream(Purpose::Arrival, 0);
        for peak_to_mean in [1.0, 1.3, 2.0] {
            let mut rate = DayRate::new(peak_to_mean, Duration(14 * 3600 * NS_PER_S));
            let (mut now, mut computed) = (Time::ZERO, 0);
            for draw in 0..200_000_u64 {
                // Gaps from a tenth of a second to a day, most of them short.
                let longest =
                    [NS_PER_S / 10, NS_PER_S, 3600 * NS_PER_S, NS_PER_DAY][(draw % 97 % 4) as usize];
                now = Time(now.0 + draws.below(longest));
                // Every tenth level is the rate itself, or next to it.
                let exact = rate.at(now);
                let near = [exact, exact.next_up(), exact.next_down()][(draw % 3) as usize];
                let level = if draw % 10 == 0 { near } else { draws.unit() * peak_to_mean };
                let before = rate.known.0;
                assert_eq!(rate.is_at_least(now, level), level <= exact, "{level} at {now:?}");
                computed += u64::from(rate.known.0 != before);
            }
            assert!(computed < 200_000 / 2, "{computed} cosines for 200,000 draws");
        }
    }
}
