//! A histogram of durations that is cheap while everything takes no time.

use hdrhistogram::Histogram;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::Duration;

/// Durations to three significant digits \[ns\].
#[derive(Clone, Debug, Default)]
pub struct Durations {
    /// Those of no length, which are counted apart.
    zeros: u64,
    others: Option<Histogram<u64>>,
}

/// As how often each value was recorded: the same buckets, and so the same percentiles.
impl Serialize for Durations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let recorded = self.others.iter().flat_map(Histogram::iter_recorded);
        let counts: Vec<(u64, u64)> =
            recorded.map(|value| (value.value_iterated_to(), value.count_since_last_iteration())).collect();
        (self.zeros, counts).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Durations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Durations, D::Error> {
        let (zeros, counts) = <(u64, Vec<(u64, u64)>)>::deserialize(deserializer)?;
        let mut durations = Durations { zeros, others: None };
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
            self.record_long(duration);
        }
    }

    fn record_long(&mut self, duration: Duration) {
        let histogram = self.others.get_or_insert_with(empty);
        histogram.record(duration.0).expect("the histogram grows to any duration");
    }

    /// Durations taken in.
    pub fn count(&self) -> u64 {
        self.zeros + self.others.as_ref().map_or(0, Histogram::len)
    }

    /// All of them.
    pub fn histogram(&self) -> Histogram<u64> {
        let mut all = self.others.clone().unwrap_or_else(empty);
        all.record_n(0, self.zeros).expect("zero is in every histogram");
        all
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new(3).expect("three significant digits are allowed")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
