//! A histogram of durations that is cheap to write: a single count while all durations are zero, and otherwise small
//! counts that lie close together, so that frequent ones stay in the processor's cache.

use hdrhistogram::Histogram;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::Duration;

/// Durations to three significant digits \[ns\].
#[derive(Clone, Debug, Default)]
pub struct Durations {
    /// Number of durations of length 0, which are counted apart.
    zeros: u64,
    /// Counts of each [`bucket`] that the histogram does not have yet.
    recent: Vec<u8>,
    others: Option<Histogram<u64>>,
}

/// Significant digits.
const DIGITS: u8 = 3;

/// Buckets of an octave, all equally wide: with so many, HdrHistogram resolves three digits.
const PER_OCTAVE: u64 = 1 << 10;

/// Written as the count of each recorded value: the same buckets, and so the same percentiles.
impl Serialize for Durations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let others = self.others();
        let recorded = others.iter().flat_map(Histogram::iter_recorded);
        let counts: Vec<(u64, u64)> =
            recorded.map(|value| (value.value_iterated_to(), value.count_since_last_iteration())).collect();
        (self.zeros, counts).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Durations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Durations, D::Error> {
        let (zeros, counts) = <(u64, Vec<(u64, u64)>)>::deserialize(deserializer)?;
        let mut durations = Durations { zeros, ..Durations::default() };
        for (value, count) in counts {
            let histogram = durations.others.get_or_insert_with(empty);
            histogram.record_n(value, count).map_err(D::Error::custom)?;
        }
        Ok(durations)
    }
}

impl Durations {
    /// Takes in one duration.
    #[inline]
    pub fn record(&mut self, duration: Duration) {
        if duration == Duration::ZERO {
            self.zeros += 1;
        } else {
            let bucket = bucket(duration.0);
            match self.recent.get_mut(bucket) {
                Some(count) if *count < u8::MAX => *count += 1,
                _ => self.make_room(bucket),
            }
        }
    }

    /// Takes in a duration of a bucket that has no place yet, or whose count is full.
    #[cold]
    fn make_room(&mut self, bucket: usize) {
        if bucket >= self.recent.len() {
            self.recent.resize((bucket + 1).next_multiple_of(PER_OCTAVE as usize), 0);
        } else {
            let count = std::mem::take(&mut self.recent[bucket]);
            take_in(self.others.get_or_insert_with(empty), bucket, count);
        }
        self.recent[bucket] += 1;
    }

    /// Returns the histogram of all durations above zero; `None` if there are none.
    fn others(&self) -> Option<Histogram<u64>> {
        let mut others = self.others.clone();
        for (bucket, count) in self.recent.iter().enumerate().filter(|(_, count)| **count > 0) {
            take_in(others.get_or_insert_with(empty), bucket, *count);
        }
        others
    }

    /// Takes in all durations of another histogram.
    pub fn add(&mut self, other: &Durations) {
        self.zeros += other.zeros;
        if let Some(others) = other.others() {
            self.others.get_or_insert_with(empty).add(&others).expect("the histogram grows to any duration");
        }
    }

    /// Returns the number of durations taken in.
    pub fn count(&self) -> u64 {
        let recent: u64 = self.recent.iter().copied().map(u64::from).sum();
        self.zeros + recent + self.others.as_ref().map_or(0, Histogram::len)
    }

    /// Returns the histogram of all durations.
    pub fn histogram(&self) -> Histogram<u64> {
        let mut all = self.others().unwrap_or_else(empty);
        all.record_n(0, self.zeros).expect("zero is in every histogram");
        all
    }
}

fn take_in(histogram: &mut Histogram<u64>, bucket: usize, count: u8) {
    histogram.record_n(least(bucket), u64::from(count)).expect("the histogram grows to any duration");
}

/// Returns the bucket of a duration \[ns\], as HdrHistogram cuts them: its leading eleven binary digits in the order of size.
#[inline]
fn bucket(ns: u64) -> usize {
    let octave = PER_OCTAVE.leading_zeros().saturating_sub(ns.leading_zeros());
    (u64::from(octave) * PER_OCTAVE + (ns >> octave)) as usize
}

/// Returns the shortest duration of a bucket \[ns\].
fn least(bucket: usize) -> u64 {
    let octave = (bucket as u64 / PER_OCTAVE).saturating_sub(1);
    (bucket as u64 - octave * PER_OCTAVE) << octave
}

fn empty() -> Histogram<u64> {
    Histogram::new(DIGITS).expect("three significant digits are allowed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    #[test]
    fn zeros_count_like_others() {
        let mut durations = Durations::default();
        for ns in [0, 0, 0, 5_000_000_000] {
            durations.record(Duration(ns));
        }
        let histogram = durations.histogram();
        assert_eq!((durations.count(), histogram.len()), (4, 4));
        assert_eq!(histogram.value_at_quantile(0.5), 0);
        assert!(histogram.value_at_quantile(1.0) >= 4_990_000_000);
    }

    #[test]
    fn it_is_the_histogram_of_the_library() {
        let mut random = Seed(7).stream(Purpose::Mix, 0);
        let (mut durations, mut plain) = (Durations::default(), empty());
        let edges = (0..63).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let others = std::iter::repeat_with(|| random.bits() >> (1 + random.below(63))).take(2_000);
        for (taken, ns) in (1..).zip(edges.chain(others)) {
            durations.record(Duration(ns));
            plain.record(ns).unwrap();
            assert_eq!(durations.count(), taken);
            if taken % 100 == 0 {
                assert!(durations.histogram() == plain, "{taken} were taken in");
                durations = postcard::from_bytes(&postcard::to_allocvec(&durations).unwrap()).unwrap();
            }
        }
        assert!(durations.histogram() == plain, "all were taken in");
    }

    #[test]
    fn two_histograms_add_up_to_that_of_both() {
        let (mut one, mut other, mut both) = <(Durations, Durations, Durations)>::default();
        for ns in [0, 5, 3_000_000, 3_000_000] {
            one.record(Duration(ns));
            other.record(Duration(7 * ns));
            [ns, 7 * ns].into_iter().for_each(|ns| both.record(Duration(ns)));
        }
        one.add(&other);
        assert_eq!(one.count(), 8);
        assert!(one.histogram() == both.histogram());
    }

    #[test]
    fn a_full_count_goes_into_the_histogram() {
        let mut durations = Durations::default();
        let often = 2 * u64::from(u8::MAX) + 3;
        (0..often).for_each(|_| durations.record(Duration(3_000_000)));
        durations.record(Duration(5));
        assert!(durations.others.is_some(), "the counts have been full");
        let histogram = durations.histogram();
        assert_eq!((histogram.count_at(3_000_000), histogram.count_at(5)), (often, 1));
        assert_eq!(durations.count(), often + 1);
    }
}
