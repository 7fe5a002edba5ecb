//! A token bucket that refills continuously, exact in integers.
//!
//! Its level is counted in 10⁻¹² tokens: a rate in thousandths of a token a second is a whole number of them a
//! nanosecond, so nothing is ever rounded.

use serde::{Deserialize, Serialize};

use crate::units::{Duration, Time};

/// Units of a level in one token.
const UNITS_PER_TOKEN: u128 = 1_000_000_000_000;

/// Size and rate of a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limit {
    /// The most it holds \[tokens\].
    pub bucket: u64,
    /// What flows in \[tokens per 1,000 s\].
    pub milli_per_s: u64,
}

/// A bucket of tokens, full at the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenBucket {
    limit: Limit,
    /// What it held at `filled` \[10⁻¹² tokens\].
    level: u128,
    filled: Time,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(limit: Limit) -> TokenBucket {
        TokenBucket { limit, level: u128::from(limit.bucket) * UNITS_PER_TOKEN, filled: Time::ZERO }
    }

    /// Takes so many tokens, or tells how long it takes until there are enough, if nobody else takes any:
    /// `Duration(u64::MAX)` where there never are.
    #[inline]
    pub fn try_take(&mut self, now: Time, tokens: u64) -> Result<(), Duration> {
        match self.shortage(now, tokens) {
            None => {
                self.level -= u128::from(tokens) * UNITS_PER_TOKEN;
                Ok(())
            }
            Some(delay) => Err(delay),
        }
    }

    /// How long it takes until there are so many tokens; `None` where there are.
    #[inline]
    pub fn shortage(&mut self, now: Time, tokens: u64) -> Option<Duration> {
        let (full, rate) =
            (u128::from(self.limit.bucket) * UNITS_PER_TOKEN, u128::from(self.limit.milli_per_s));
        self.level = full.min(self.level + u128::from(now.since(self.filled).0) * rate);
        self.filled = now;
        let missing =
            (u128::from(tokens) * UNITS_PER_TOKEN).checked_sub(self.level).filter(|units| *units > 0)?;
        if tokens > self.limit.bucket || rate == 0 {
            return Some(Duration(u64::MAX));
        }
        Some(Duration(u64::try_from(missing.div_ceil(rate)).unwrap_or(u64::MAX)))
    }

    /// Whole tokens in it at `now`.
    pub fn tokens(&self, now: Time) -> u64 {
        let (full, rate) =
            (u128::from(self.limit.bucket) * UNITS_PER_TOKEN, u128::from(self.limit.milli_per_s));
        let level = full.min(self.level + u128::from(now.since(self.filled).0) * rate);
        (level / UNITS_PER_TOKEN) as u64
    }
}
