//! Lengths of queues over time, by samples: enough of them to see whether one grows.

use serde::{Deserialize, Serialize};

use crate::units::Time;

/// Samples of several queues, taken at regular times.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct QueueHistory {
    /// Times, and the time integral of the length of each queue \[ns\].
    samples: Vec<(Time, Vec<u128>)>,
    /// Number of times that every other sample was dropped: one of 2ⁿ is kept.
    halvings: u32,
    /// Samples since the last that was kept.
    skipped: u32,
}

/// Samples of the queues that are kept at the most.
const MAX_SAMPLES: usize = 256;

/// A queue has grown if it is so many times longer at the end than a quarter of the run before.
const GROWTH: f64 = 1.25;

/// A shorter queue than this is negligible.
const SHORT: f64 = 8.0;

impl QueueHistory {
    /// Notes the time integral of the length of each queue \[ns\], which is asked for only where the sample is kept.
    pub fn note(&mut self, now: Time, integrals: impl FnOnce() -> Vec<u128>) {
        self.skipped += 1;
        if self.skipped < 1 << self.halvings {
            return;
        }
        self.skipped = 0;
        if self.samples.len() == MAX_SAMPLES {
            let mut number = 0;
            self.samples.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.halvings += 1;
        }
        self.samples.push((now, integrals()));
    }

    /// Returns true if a queue grew through the second half: over its two quarters on average, and to its end, where it has
    /// this integral \[ns\] and length.
    pub fn grew(&self, queue: usize, now: Time, integral: u128, length: u64) -> bool {
        let Some((first, _)) = self.samples.first() else { return false };
        let whole = now.since(*first).0;
        let at = |quarter: u64| {
            let wanted = Time(first.0 + whole / 4 * quarter);
            self.samples.iter().find(|(at, _)| *at >= wanted).map(|(at, sums)| (*at, sums[queue]))
        };
        let (Some(half), Some(three)) = (at(2), at(3)) else { return false };
        let mean = |from: (Time, u128), to: (Time, u128)| {
            let length = to.0.since(from.0).0.max(1);
            (to.1 - from.1) as f64 / length as f64
        };
        let (third, fourth) = (mean(half, three), mean(three, (now, integral)));
        fourth > SHORT && fourth > GROWTH * third && length as f64 > fourth
    }
}
