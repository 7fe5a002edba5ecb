//! Linear trend of a sampled level, and the time at which it meets a limit.

use serde::{Deserialize, Serialize};

/// Batches kept at the most; when there are more, neighbours become one.
const MAX_BATCHES: usize = 40;

/// Least number of batches for a trend.
const MIN_BATCHES: usize = 5;

/// A level sampled at equal steps of time, as the means of batches. Batches are far apart, so that their
/// errors are nearly independent where those of single samples are not.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trend {
    batches: Vec<Batch>,
    /// Samples that fill a batch.
    size: u32,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Batch {
    samples: u32,
    time_s: f64,
    level: f64,
}

/// When a level reaches its limit if it goes on as it did \[s after the start\].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Exhaustion {
    /// By the line itself; `None`: never.
    pub at_s: Option<f64>,
    /// The earliest with 95 % confidence; `None`: never.
    pub earliest_s: Option<f64>,
    /// The latest with 95 % confidence; `None`: never.
    pub latest_s: Option<f64>,
}

impl Trend {
    /// Takes in the level at a time.
    pub fn sample(&mut self, time_s: f64, level: f64) {
        self.size = self.size.max(1);
        if self.batches.last().is_none_or(|last| last.samples >= self.size) {
            if self.batches.len() == MAX_BATCHES {
                self.batches = self.batches.chunks(2).map(merged).collect();
                self.size *= 2;
            }
            self.batches.push(Batch::default());
        }
        let last = self.batches.last_mut().expect("a batch was just added");
        last.samples += 1;
        last.time_s += time_s;
        last.level += level;
    }

    /// Estimates the time at which the level meets `limit`, by least squares through the batches' means with Student's t
    /// for the slope (Draper and Smith 1998, "Applied Regression Analysis", section 1.4). `None` where there are too few.
    pub fn exhaustion(&self, limit: f64) -> Option<Exhaustion> {
        let whole = self.batches.iter().filter(|batch| batch.samples == self.size);
        let points: Vec<(f64, f64)> = whole
            .map(|batch| (batch.time_s / f64::from(batch.samples), batch.level / f64::from(batch.samples)))
            .collect();
        if points.len() < MIN_BATCHES {
            return None;
        }
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (time, level) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|(t, _)| (t - time) * (t - time)).sum();
        let slope = points.iter().map(|(t, y)| (t - time) * (y - level)).sum::<f64>() / spread;
        let residuals = points.iter().map(|(t, y)| y - level - slope * (t - time));
        let variance = residuals.map(|residual| residual * residual).sum::<f64>() / (n - 2.0);
        let half_width = T_975[points.len() - 2 - 1] * (variance / spread).sqrt();
        // The band turns about the mean of the data, where the line is most certain.
        let meets = |slope: f64| (slope > 0.0).then(|| time + (limit - level) / slope);
        Some(Exhaustion {
            at_s: meets(slope),
            earliest_s: meets(slope + half_width),
            latest_s: meets(slope - half_width),
        })
    }
}

fn merged(batches: &[Batch]) -> Batch {
    batches.iter().fold(Batch::default(), |sum, batch| Batch {
        samples: sum.samples + batch.samples,
        time_s: sum.time_s + batch.time_s,
        level: sum.level + batch.level,
    })
}

/// Student's t that 97.5 % lie below, for 1 to 38 degrees of freedom (NIST/SEMATECH e-Handbook, section 1.3.6.7.2). A
/// table: the same bits everywhere.
#[rustfmt::skip]
const T_975: [f64; MAX_BATCHES - 2] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    2.040, 2.037, 2.035, 2.032, 2.030, 2.028, 2.026, 2.024,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    #[test]
    fn a_straight_line_meets_its_limit_where_it_does() {
        let mut trend = Trend::default();
        for hour in 0..1000 {
            trend.sample(f64::from(hour) * 3600.0, 10.0 + 0.01 * f64::from(hour));
        }
        let found = trend.exhaustion(100.0).unwrap();
        for at in [found.at_s, found.earliest_s, found.latest_s] {
            assert!((at.unwrap() - 9000.0 * 3600.0).abs() < 1.0, "{found:?}");
        }
    }

    #[test]
    fn what_does_not_grow_is_never_exhausted() {
        let mut trend = Trend::default();
        (0..100).for_each(|hour| trend.sample(f64::from(hour), 50.0 - f64::from(hour)));
        assert_eq!(trend.exhaustion(100.0).unwrap().at_s, None);
        assert_eq!(Trend::default().exhaustion(1.0), None);
    }

    /// Of 400 noisy lines the band holds the truth about 95 times in a hundred.
    #[test]
    fn the_band_holds_the_truth_as_often_as_it_says() {
        let mut held = 0;
        for seed in 0..400 {
            let mut random = Seed(seed).stream(Purpose::Mix, 0);
            let mut trend = Trend::default();
            for hour in 0..640 {
                let noise = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
                trend.sample(f64::from(hour), 0.02 * f64::from(hour) + noise);
            }
            let found = trend.exhaustion(100.0).unwrap();
            let after = found.earliest_s.is_some_and(|at| at <= 5000.0);
            held += u32::from(after && found.latest_s.is_none_or(|at| at >= 5000.0));
        }
        assert!((364..=392).contains(&held), "{held} of 400");
    }
}
