//! Delay of a client before it tries again.
//!
//! The four sorts of jitter are those of Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::units::Duration;

/// Random change of a delay.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Jitter {
    /// Not at all: first · multiplier^(attempt − 1), at most the longest.
    None,
    /// Equally likely between nothing and that.
    #[default]
    Full,
    /// Half of that, and equally likely between nothing and the other half.
    Equal,
    /// Equally likely between the first delay and three times the previous one, at most the longest.
    Decorrelated,
}

/// When and how often to try again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Backoff {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Delay before the second attempt.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
    /// Factor from a delay to the next \[thousandths\].
    pub multiplier_milli: u32,
    /// Random change of a delay.
    pub jitter: Jitter,
}

impl Backoff {
    /// Returns the delay after the `attempt`-th attempt (from 1) failed, or `None` where it was the last. `previous` is
    /// the delay before that attempt, zero before the first; `draw` is 64 random bits.
    pub fn delay(&self, attempt: u32, previous: Duration, draw: u64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let exponential = || self.exponential(attempt);
        Some(Duration(match self.jitter {
            Jitter::None => exponential(),
            Jitter::Full => uniform(0, exponential(), draw),
            Jitter::Equal => {
                let longest = exponential();
                uniform(longest - longest / 2, longest, draw)
            }
            Jitter::Decorrelated => {
                let previous = previous.max(self.first).0;
                uniform(self.first.0, previous.saturating_mul(3), draw).min(self.longest.0)
            }
        }))
    }

    /// Returns first · multiplier^(attempt − 1), at most the longest \[ns\]; fractions are cut off at each step.
    fn exponential(&self, attempt: u32) -> u64 {
        let longest = u128::from(self.longest.0);
        let mut delay = u128::from(self.first.0).min(longest);
        for _ in 1..attempt {
            let next = (delay * u128::from(self.multiplier_milli) / 1000).min(longest);
            if next == delay {
                break;
            }
            delay = next;
        }
        delay as u64
    }
}

/// Draws uniformly from `low` to `high`, both included.
fn uniform(low: u64, high: u64, draw: u64) -> u64 {
    let values = u128::from(high - low) + 1;
    low + ((u128::from(draw) * values) >> 64) as u64
}

#[cfg(test)]
mod tests;
