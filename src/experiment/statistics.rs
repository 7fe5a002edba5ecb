//! The statistics of experiments: means with their intervals, paired or not, and where a series settles.
//!
//! Sums are taken in the order of the values, so that a result is the same wherever it is computed; quantiles of
//! the normal and Student's distribution are rounded to `QUANTILE_STEP`, beyond which C libraries differ.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// Quantiles are multiples of it.
const QUANTILE_STEP: f64 = 1e-9;

/// From where to where something lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval that reaches `half_width` to both sides.
    pub fn around(centre: f64, half_width: f64) -> Interval {
        Interval { low: centre - half_width, high: centre + half_width }
    }

    /// Half of its length.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether a value lies in it, its ends included.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The mean of at least one value; of equal values exactly that value.
pub fn mean(values: &[f64]) -> f64 {
    let first = values[0];
    first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64
}

/// The variance of the population that at least two values are a sample of.
pub fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    squares.sum::<f64>() / (values.len() - 1) as f64
}

/// The interval of the mean of independent values that are about normal (Student 1908); `None` of fewer than
/// two. For paired replications the values are the differences of each pair: what both have in common, such as
/// the demand of a seed, cancels (Law, Simulation Modeling and Analysis, 5th ed., section 10.2.1).
pub fn student_t(values: &[f64], confidence: f64) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let standard_error = (variance(values) / n).sqrt();
    Some(Interval::around(mean(values), t_quantile(two_sided(confidence), n - 1.0) * standard_error))
}

/// The interval of the chance of success, of which `successes` in `trials` independent trials are a sample
/// (Wilson 1927). It is never beyond 0 or 1 and holds where nothing, or all, succeeded. Of no trials: 0 to 1.
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Interval {
    if trials == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, share) = (trials as f64, successes as f64 / trials as f64);
    let z = normal_quantile(two_sided(confidence));
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half_width = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let Interval { low, high } = Interval::around(centre, half_width);
    // Where all or nothing succeeded an end is exactly 1 or 0, which rounding misses.
    Interval {
        low: if successes == 0 { 0.0 } else { low.max(0.0) },
        high: if successes == trials { 1.0 } else { high.min(1.0) },
    }
}

/// The confidence that each of `family` intervals needs so that all hold together with `confidence`, whatever
/// their dependence (Bonferroni; Dunn 1961).
pub fn bonferroni(confidence: f64, family: usize) -> f64 {
    1.0 - (1.0 - confidence) / family.max(1) as f64
}

/// Pearson's correlation of two samples of one length; `None` where either does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    assert_eq!(a.len(), b.len(), "a correlation is of pairs");
    if a.len() < 2 {
        return None;
    }
    let (mean_a, mean_b) = (mean(a), mean(b));
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    let covariance = products.sum::<f64>() / (a.len() - 1) as f64;
    let scale = (variance(a) * variance(b)).sqrt();
    (scale > 0.0).then(|| (covariance / scale).clamp(-1.0, 1.0))
}

/// The interval of a quantile of whatever distribution the values come from, between two of them (David and
/// Nagaraja, Order Statistics, 3rd ed., section 7.1). It holds with at least `confidence`; `None` where there are
/// too few values for it.
pub fn quantile_interval(values: &[f64], quantile: f64, confidence: f64) -> Option<Interval> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as u64;
    // So many of the values lie below the quantile.
    let below = Binomial::new(quantile, n).ok()?;
    let tail = (1.0 - confidence) / 2.0;
    // Counted from 1: the greatest `low` with P(below < low) ≤ tail, the least `high` with P(below ≥ high) ≤ tail.
    let low = (1..=n).rev().find(|low| below.cdf(low - 1) <= tail)?;
    let high = (1..=n).find(|high| 1.0 - below.cdf(high - 1) <= tail)?;
    Some(Interval { low: sorted[low as usize - 1], high: sorted[high as usize - 1] })
}

/// Values that MSER-5 takes together.
const BATCH: usize = 5;

/// How many of the first values of a series are better left out, so that the mean of the rest is least uncertain:
/// MSER-5 (White, Cobb and Spratt, "A comparison of five steady-state truncation heuristics for simulation",
/// Winter Simulation Conference 2000). `None` where that is more than half of them, by which rule the series has not
/// settled, or where it has fewer than ten batches of five.
pub fn mser5(series: &[f64]) -> Option<usize> {
    let batches: Vec<f64> = series.chunks_exact(BATCH).map(mean).collect();
    let n = batches.len();
    if n < 10 {
        return None;
    }
    // From the end: mean and sum of squared deviations of the rest (Welford), and its marginal standard error.
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (count, value) in (1..).zip(batches.iter().rev()) {
        let deviation = value - mean;
        mean += deviation / f64::from(count);
        squares += deviation * (value - mean);
        let statistic = squares / (f64::from(count) * f64::from(count));
        // The few last batches vary too little to tell. Of equals the shortest warm-up is taken.
        if count >= BATCH as i32 && statistic <= best.0 {
            best = (statistic, n - count as usize);
        }
    }
    (best.1 <= n / 2).then_some(best.1 * BATCH)
}

/// The probability below the upper end of a two-sided interval.
fn two_sided(confidence: f64) -> f64 {
    1.0 - (1.0 - confidence) / 2.0
}

fn t_quantile(probability: f64, freedom: f64) -> f64 {
    let distribution = StudentsT::new(0.0, 1.0, freedom).expect("there is at least one degree of freedom");
    rounded(distribution.inverse_cdf(probability))
}

fn normal_quantile(probability: f64) -> f64 {
    rounded(Normal::standard().inverse_cdf(probability))
}

fn rounded(quantile: f64) -> f64 {
    (quantile / QUANTILE_STEP).round() * QUANTILE_STEP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    fn assert_near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
    }

    #[test]
    fn quantiles_are_those_of_r() {
        // qt(p, df)
        for (probability, freedom, expected) in [
            (0.975, 1.0, 12.706_204_736_2),
            (0.975, 9.0, 2.262_157_162_8),
            (0.995, 29.0, 2.756_385_903_7),
            (0.9995, 4.0, 8.610_301_581_4),
            (0.975, 199.0, 1.971_956_544_2),
        ] {
            assert_near(t_quantile(probability, freedom), expected, 2e-8);
        }
        // qnorm(p)
        assert_near(normal_quantile(0.975), 1.959_963_984_5, 1e-8);
        assert_near(normal_quantile(0.9995), 3.290_526_731_5, 1e-8);
    }

    #[test]
    fn the_paired_interval_is_that_of_student_s_own_example() {
        // Student (1908), table of Cushny and Peebles: hours of sleep gained by ten patients; R's data set `sleep`.
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        let interval = student_t(&differences, 0.95).unwrap();
        assert_near(mean(&differences), -1.58, 1e-12);
        assert_near(interval.low, -2.459_885_8, 1e-6);
        assert_near(interval.high, -0.700_114_2, 1e-6);
        assert_near(correlation(&first, &second).unwrap(), 0.795_170_2, 1e-6);
        assert_eq!(student_t(&[1.0], 0.95), None);
    }

    #[test]
    fn wilson_s_intervals_are_those_of_newcombe() {
        // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
        for (successes, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = wilson(successes, trials, 0.95);
            assert_near(interval.low, low, 5e-5);
            assert_near(interval.high, high, 5e-5);
        }
        assert_eq!(wilson(20, 20, 0.95).high, 1.0);
        assert_eq!(wilson(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn together_intervals_are_wider() {
        assert_near(bonferroni(0.95, 10), 0.995, 1e-12);
        assert_eq!(bonferroni(0.95, 1), 0.95);
        assert_near(t_quantile(two_sided(bonferroni(0.95, 10)), 9.0), 3.689_662_4, 1e-6);
    }

    #[test]
    fn the_interval_of_a_median_lies_between_the_ranks_of_the_tables() {
        // Conover, Practical Nonparametric Statistics: ranks of the 95 % interval of the median.
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33)] {
            let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
            let interval = quantile_interval(&values, 0.5, 0.95).unwrap();
            assert_eq!(interval, Interval { low: f64::from(low), high: f64::from(high) }, "{n}");
        }
        assert_eq!(quantile_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5, 0.95), None, "too few for 95 %");
        assert_eq!(quantile_interval(&[], 0.5, 0.95), None);
    }

    #[test]
    fn equal_values_have_no_spread() {
        let values = [0.1; 7];
        assert_eq!((mean(&values), variance(&values)), (0.1, 0.0));
        assert_eq!(correlation(&values, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
    }

    /// MSER-5 by its definition: every truncation, every sum anew.
    fn plain_mser5(series: &[f64]) -> Option<usize> {
        let batches: Vec<f64> = series.chunks_exact(5).map(|batch| batch.iter().sum::<f64>() / 5.0).collect();
        let statistic = |cut: usize| {
            let rest = &batches[cut..];
            let n = rest.len() as f64;
            let mean = rest.iter().sum::<f64>() / n;
            rest.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n * n)
        };
        let cuts = 0..=batches.len() - 5;
        let best = cuts.min_by(|a, b| statistic(*a).total_cmp(&statistic(*b)))?;
        (best <= batches.len() / 2).then_some(best * 5)
    }

    #[test]
    fn mser5_cuts_where_its_definition_does() {
        let mut settled = 0;
        for seed in 0..200 {
            let mut stream = Seed(seed).stream(Purpose::Mix, 0);
            let settles_after = 20 + 10 * (seed as usize % 10);
            let series: Vec<f64> = (0..300)
                .map(|i| 100.0 * (1.0 - i as f64 / settles_after as f64).max(0.0) + 10.0 * stream.unit())
                .collect();
            let cut = mser5(&series);
            assert_eq!(cut, plain_mser5(&series), "seed {seed}");
            settled += usize::from(cut.is_some_and(|cut| cut.abs_diff(settles_after) <= 20));
        }
        assert!(settled > 150, "only {settled} of 200 cut where the series settles");
        let ramp: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(mser5(&ramp), None, "what grows to the end has not settled");
        assert_eq!(mser5(&[1.0; 300]), Some(0));
        assert_eq!(mser5(&[1.0; 49]), None, "too short to tell");
    }
}
