//! The statistics of experiments: means with their intervals, paired or not, and where a series settles.
//!
//! Sums are taken in the order of the values, so that a result is the same wherever it is computed; quantiles of
//! the normal and Student's distribution are rounded to `QUANTILE_STEP`, beyond which C libraries differ.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// Step that quantiles are multiples of.
const QUANTILE_STEP: f64 = 1e-9;

/// Interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Returns the interval that reaches `half_width` to both sides.
    pub fn around(centre: f64, half_width: f64) -> Interval {
        Interval { low: centre - half_width, high: centre + half_width }
    }

    /// Returns half of the length.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Returns whether a value lies in the interval, its ends included.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Returns the mean of at least one value; of equal values exactly that value.
pub fn mean(values: &[f64]) -> f64 {
    let first = values[0];
    first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64
}

/// Returns the variance of the population that at least two values are a sample of.
pub fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    squares.sum::<f64>() / (values.len() - 1) as f64
}

/// Returns the interval of the mean of independent values that are about normal (Student 1908); `None` of fewer than
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

/// Relation of the values of several runs to the demand that they stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DemandSampling {
    /// Each run has demand of its own. The more runs, the better their mean is known.
    Independent,
    /// The demand of each run is drawn from one record of so many blocks. The record says what it says, however many runs there are.
    Resampled {
        /// Blocks of the record, independent of each other.
        blocks: u64,
    },
}

impl DemandSampling {
    /// Returns the interval of the mean over demand of this kind; `None` of fewer than two values, or from fewer than two blocks.
    ///
    /// Of independent runs it is Student's ([`student_t`]). Of resamples the deviation between them estimates that of the record
    /// itself (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 6), and is not divided by their number R,
    /// whose mean adds 1/R to the variance. Among B blocks drawn with replacement it is too small by (B − 1)/B; it is
    /// itself an estimate, with B − 1 degrees of freedom from the record and R − 1 from the draws, whose relative variances add
    /// up (Satterthwaite 1946).
    pub fn interval(self, values: &[f64], confidence: f64) -> Option<Interval> {
        let blocks = match self {
            DemandSampling::Independent => return student_t(values, confidence),
            DemandSampling::Resampled { blocks } => blocks as f64,
        };
        if values.len() < 2 || blocks < 2.0 {
            return None;
        }
        let runs = values.len() as f64;
        let of_record = variance(values) * blocks / (blocks - 1.0);
        let deviation = (of_record * (1.0 + 1.0 / runs)).sqrt();
        let degrees = 1.0 / (1.0 / (blocks - 1.0) + 1.0 / (runs - 1.0));
        Some(Interval::around(mean(values), t_quantile(two_sided(confidence), degrees) * deviation))
    }

    /// Returns the sampling of the differences of runs of both kinds.
    pub fn with(self, other: DemandSampling) -> DemandSampling {
        match (self, other) {
            (DemandSampling::Independent, other) => other,
            (known, DemandSampling::Independent) => known,
            (DemandSampling::Resampled { blocks }, DemandSampling::Resampled { blocks: others }) => {
                DemandSampling::Resampled { blocks: blocks.min(others) }
            }
        }
    }
}

/// Returns the interval of the chance of success, of which `successes` in `trials` independent trials are a sample
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

/// Returns the confidence that each of `family` intervals needs so that all hold together with `confidence`, whatever
/// their dependence (Bonferroni; Dunn 1961).
pub fn bonferroni(confidence: f64, family: usize) -> f64 {
    1.0 - (1.0 - confidence) / family.max(1) as f64
}

/// Returns Pearson's correlation of two samples of one length; `None` where either does not vary.
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

/// Returns the interval of a quantile of whatever distribution the values come from, between two of them (David and
/// Nagaraja, Order Statistics, 3rd ed., section 7.1). It holds with at least `confidence`; `None` where there are
/// too few values for it.
pub fn quantile_interval(values: &[f64], quantile: f64, confidence: f64) -> Option<Interval> {
    let sorted = sorted(values);
    let n = sorted.len() as u64;
    // Distribution of the number of values below the quantile.
    let below = Binomial::new(quantile, n).ok()?;
    let tail = (1.0 - confidence) / 2.0;
    // Counted from 1: the greatest `low` with P(below < low) ≤ tail, the least `high` with P(below ≥ high) ≤ tail.
    let low = (1..=n).rev().find(|low| below.cdf(low - 1) <= tail)?;
    let high = (1..=n).find(|high| 1.0 - below.cdf(high - 1) <= tail)?;
    Some(Interval { low: sorted[low as usize - 1], high: sorted[high as usize - 1] })
}

/// Number of values that must be events before Student's interval is shown, unless all are.
pub const TELLING: usize = 8;

/// Variation of several values, as far as an interval of their mean depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variety {
    /// Values.
    pub values: usize,
    /// Values that are not the usual one.
    pub differing: usize,
    /// Different values.
    pub distinct: usize,
}

impl Variety {
    /// Returns the variety of at least one value, the usual one being that of more than half of them, or else 0.
    pub fn of(values: &[f64]) -> Variety {
        let sorted = sorted(values);
        let longest = sorted.chunk_by(|a, b| a == b).max_by_key(|run| run.len());
        let usual = longest.filter(|run| 2 * run.len() > values.len()).map_or(0.0, |run| run[0]);
        Variety::around(values, usual)
    }

    /// Returns the variety of at least one value, of which `usual` says that nothing happened.
    pub fn around(values: &[f64], usual: f64) -> Variety {
        let differing = values.iter().filter(|value| **value != usual).count();
        let distinct = sorted(values).chunk_by(|a, b| a == b).count();
        Variety { values: values.len(), differing, distinct }
    }

    /// Returns whether Student's interval of their mean holds what it claims. Of rare events it does not: while most values
    /// are equal, the few that differ say too little of those that have not come yet. In 20,000 drawn comparisons of
    /// counts with means of 0.05 to 3, and of crowds, it held the truth in 35 to 98 % where it claimed 95 %; where this
    /// is so, in 92 to 98 %.
    pub fn tells(self) -> bool {
        let all = self.differing == self.values && self.distinct + 1 >= self.values;
        self.distinct > 1 && (all || self.differing >= TELLING)
    }

    /// Returns the number of values that would suffice if the same share of those to come differed; where none differs, as if
    /// one did.
    pub fn needed(self) -> usize {
        (self.values * TELLING).div_ceil(self.differing.max(1)).max(self.values + 1)
    }
}

/// Least number of values whose shape is judged: among fewer there is hardly one that is far off the others.
pub const SHAPED: usize = 20;

/// Largest skewness, and kurtosis above its mean, of values that count as normal \[standard deviations of normal values\].
const SKEWNESS: f64 = 1.28;
const KURTOSIS: f64 = 1.0;

/// Evidence that values come from a distribution that is about normal, which Student's interval supposes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Normality {
    /// Skewness and kurtosis are within what three of four samples of normal values have.
    Plausible,
    /// There are too few values to tell.
    Untold,
    /// A few values are far off the others, or all are to one side.
    Doubtful,
}

impl Normality {
    /// Returns the evidence of values.
    ///
    /// Samples of normal values have a skewness of deviation √(6(n − 2) ÷ ((n + 1)(n + 3))) around 0, and an excess kurtosis of
    /// deviation √(24n(n − 2)(n − 3) ÷ ((n + 1)²(n + 3)(n + 5))) around −6 ÷ (n + 1) (D'Agostino, Belanger and D'Agostino Jr.,
    /// The American Statistician 44, 1990). The bounds are narrow, because what follows from them is a word and no verdict: of
    /// heavy-tailed values hardly a sample passes, of normal ones three of four do.
    pub fn of(values: &[f64]) -> Normality {
        if values.len() < SHAPED {
            return Normality::Untold;
        }
        let n = values.len() as f64;
        let mean = mean(values);
        let moment = |of: fn(f64) -> f64| values.iter().map(|value| of(value - mean)).sum::<f64>() / n;
        let variance = moment(|by| by * by);
        let skewness = moment(|by| by * by * by) / (variance * variance.sqrt());
        let kurtosis = moment(|by| by * by * by * by) / (variance * variance) - 3.0;
        let of_skewness = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
        let of_kurtosis =
            (24.0 * n * (n - 2.0) * (n - 3.0) / ((n + 1.0) * (n + 1.0) * (n + 3.0) * (n + 5.0))).sqrt();
        let is_even = skewness.abs() <= SKEWNESS * of_skewness;
        let is_light = kurtosis <= KURTOSIS * of_kurtosis - 6.0 / (n + 1.0);
        if is_even && is_light { Normality::Plausible } else { Normality::Doubtful }
    }

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Normality::Plausible => "plausible",
            Normality::Untold => "untold",
            Normality::Doubtful => "doubtful",
        }
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Returns the mean of each of `parts` equal stretches of a series; `None` of a series with fewer values.
pub fn means_of_parts(series: &[f64], parts: usize) -> Option<Vec<f64>> {
    let at = |part: usize| part * series.len() / parts;
    (series.len() >= parts).then(|| (0..parts).map(|part| mean(&series[at(part)..at(part + 1)])).collect())
}

/// Returns the part of a run from which on its state no longer drifts. `replications` holds the means of the parts of each of
/// several independent runs, as many parts in each.
///
/// A part of the first half drifts where its difference to the second half of the same run has a mean that Student's
/// interval over the replications keeps away from 0, at a confidence by which all parts of a run that does not drift
/// are taken for settled in `confidence` of all cases (Bonferroni). `None` of fewer than three replications, which do
/// not distinguish drift from chance; the inner `None` where the last part of the first half still drifts.
pub fn settled_from(replications: &[Vec<f64>], confidence: f64) -> Option<Option<usize>> {
    let parts = replications.first().filter(|_| replications.len() >= 3)?.len();
    let half = parts / 2;
    let each = bonferroni(confidence, half);
    let drifts = |part: &usize| {
        let differences: Vec<f64> =
            replications.iter().map(|means| means[*part] - mean(&means[half..])).collect();
        student_t(&differences, each).is_some_and(|interval| !interval.contains(0.0))
    };
    let settled = (0..half).rev().find(drifts).map_or(0, |last| last + 1);
    Some((settled < half).then_some(settled))
}

/// Returns the probability below the upper end of a two-sided interval.
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
    use plimsoll_base::engine::random::{Purpose, Seed, Stream};

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

    /// Returns a day's demand with mean 1: the sum of so many exponential parts, the fewer the more uneven days are.
    fn day(stream: &mut Stream, parts: u32) -> f64 {
        (0..parts).map(|_| -libm::log(stream.unit())).sum::<f64>() / f64::from(parts)
    }

    #[test]
    fn the_interval_of_resamples_holds_what_the_record_is_a_sample_of() {
        const RECORDS: u32 = 2000;
        let mut stream = Seed(11).stream(Purpose::Mix, 0);
        for (parts, days, runs) in [
            (40, 5, 5),
            (40, 7, 3),
            (40, 14, 10),
            (40, 30, 20),
            (4, 7, 3),
            (4, 7, 5),
            (4, 14, 5),
            (4, 14, 20),
            (4, 30, 3),
            (4, 30, 10),
        ] {
            let held = (0..RECORDS).filter(|_| {
                let record: Vec<f64> = (0..days).map(|_| day(&mut stream, parts)).collect();
                let means: Vec<f64> = (0..runs)
                    .map(|_| {
                        (0..days).map(|_| record[stream.below(days) as usize]).sum::<f64>() / days as f64
                    })
                    .collect();
                DemandSampling::Resampled { blocks: days }.interval(&means, 0.95).unwrap().contains(1.0)
            });
            let share = held.count() as f64 / f64::from(RECORDS);
            assert!((0.93..=0.975).contains(&share), "{parts} parts, {days} days, {runs} runs: {share}");
        }
    }

    #[test]
    fn resamples_of_one_record_know_no_more_than_it() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let half_width = |sampling: DemandSampling| sampling.interval(&values, 0.95).unwrap().half_width();
        let resampled = |blocks| half_width(DemandSampling::Resampled { blocks });
        assert!(resampled(1000) > 2.0 * half_width(DemandSampling::Independent));
        assert!(resampled(7) > resampled(1000));
        assert_eq!(DemandSampling::Resampled { blocks: 1 }.interval(&values, 0.95), None);
        let (few, many) = (DemandSampling::Resampled { blocks: 7 }, DemandSampling::Resampled { blocks: 14 });
        assert_eq!(few.with(many), few);
        assert_eq!(DemandSampling::Independent.with(many), many.with(DemandSampling::Independent));
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

    #[test]
    fn few_values_that_differ_do_not_tell() {
        for (values, differing, tells) in [
            (&[1.0][..], 0, false),
            (&[1.0, 1.0], 0, false),
            (&[1.0, 2.0], 2, true),
            (&[0.0, 0.0, 5.0], 1, false),
            (&[1.0, 1.0, 5.0], 1, false),
            (&[0.1, 0.2, 0.3, 0.3], 4, true),
            (&[0.1, 0.2, 0.2, 0.3, 0.3], 5, false),
            (&[0.0, 0.2, 0.3, 0.4], 3, false),
            (&[0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 7, false),
            (&[0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 5.0, 5.0, 7.0, 7.0], 8, true),
        ] {
            let variety = Variety::of(values);
            assert_eq!((variety.differing, variety.tells()), (differing, tells), "{values:?}");
        }
        let pair = Variety::around(&[2.0, 2.0, 5.0], 0.0);
        assert_eq!(
            (pair.differing, pair.tells()),
            (3, true),
            "a usual value that is known is not looked for"
        );
        let needed = |values, differing| Variety { values, differing, distinct: 2 }.needed();
        assert_eq!([needed(10, 2), needed(10, 0), needed(3, 2)], [40, 80, 12]);
    }

    #[test]
    fn the_shape_of_few_values_is_not_told_and_an_outlier_is_seen() {
        let even: Vec<f64> = (0..20).map(|i| f64::from(i) + f64::from(i * i % 7) / 10.0).collect();
        assert_eq!(Normality::of(&even[..19]), Normality::Untold);
        assert_eq!(Normality::of(&even), Normality::Plausible);
        let of_last = |last: f64| Normality::of(&[&even[..19], &[last]].concat());
        assert_eq!([of_last(20.0), of_last(60.0), of_last(-60.0)], {
            use Normality::{Doubtful, Plausible};
            [Plausible, Doubtful, Doubtful]
        });
        let both_sides: Vec<f64> = even.iter().map(|value| (value - 9.5).powi(5)).collect();
        assert_eq!(Normality::of(&both_sides), Normality::Doubtful, "heavy on both sides");
    }

    /// Returns a state that drifts towards its mean and is pushed at random: each value keeps nine tenths of the one before.
    fn drawn(seed: u64, start: f64) -> Vec<f64> {
        let mut stream = Seed(seed).stream(Purpose::Mix, 0);
        let mut value = start;
        let next = |_| {
            value = 0.9 * value + stream.unit() - 0.5;
            value
        };
        (0..400).map(next).collect()
    }

    fn settled(seed: u64, replications: u64, start: impl Fn(&mut f64)) -> Option<usize> {
        let parts: Vec<Vec<f64>> = (0..replications)
            .map(|replication| {
                // Where the state begins in equilibrium: after a long time.
                let mut from = drawn(1_000_000 + 100 * seed + replication, 0.0)[399];
                start(&mut from);
                means_of_parts(&drawn(100 * seed + replication, from), 20).unwrap()
            })
            .collect();
        settled_from(&parts, 0.99).unwrap()
    }

    #[test]
    fn what_is_stationary_is_settled_from_its_start() {
        let at_once = (0..100).filter(|seed| settled(*seed, 3 + seed % 18, |_| {}) == Some(0)).count();
        assert!(at_once >= 95, "{at_once} of 100 stationary runs are settled from their start");
    }

    #[test]
    fn what_begins_far_from_its_mean_settles_when_it_comes_there() {
        // Nine tenths to the 44th power is a hundredth: two parts of twenty values are far from the mean.
        let late = (0..100).filter(|seed| matches!(settled(*seed, 10, |from| *from += 50.0), Some(2..=4)));
        assert!(late.count() >= 97);
        let ramps: Vec<Vec<f64>> = (0..5)
            .map(|seed| (0..20).map(|part| f64::from(part) + f64::from(seed) / 9.0).collect())
            .collect();
        assert_eq!(settled_from(&ramps, 0.99), Some(None), "what grows to the end has not settled");
        assert_eq!(settled_from(&ramps[..2], 0.99), None, "two replications do not tell");
        assert_eq!(settled_from(&[vec![1.0; 20], vec![1.0; 20], vec![1.0; 20]], 0.99), Some(Some(0)));
        assert_eq!(means_of_parts(&[1.0; 19], 20), None);
    }
}
