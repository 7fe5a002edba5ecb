//! A token bucket that refills continuously, exact in integers.
//!
//! Its level is counted in 10⁻¹² tokens: a rate in thousandths of a token a second is a whole number of them a
//! nanosecond, so nothing is ever rounded.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Duration, Time};

/// Units of a level in one token.
const UNITS_PER_TOKEN: u64 = 1_000_000_000_000;

/// Size and rate of a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limit {
    /// The most it holds \[tokens\], at most [`Limit::MOST_TOKENS`].
    pub bucket: u64,
    /// Rate of refill \[tokens per 1,000 s\].
    pub milli_per_s: u64,
}

impl Limit {
    /// The largest bucket: its level fits in 64 bits.
    pub const MOST_TOKENS: u64 = u64::MAX / UNITS_PER_TOKEN;

    #[inline]
    fn full(self) -> u64 {
        self.bucket.checked_mul(UNITS_PER_TOKEN).expect("a bucket is larger than Limit::MOST_TOKENS")
    }
}

/// Content of a token bucket. Many buckets share a limit, so the caller keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TokenBucket {
    /// Level at `filled` \[10⁻¹² tokens\].
    level: u64,
    filled: Time,
}

impl TokenBucket {
    /// Returns a full bucket.
    pub fn full(limit: Limit) -> TokenBucket {
        TokenBucket { level: limit.full(), filled: Time::ZERO }
    }

    /// Takes so many tokens, or returns the time until there are enough, if no other request takes any:
    /// `Duration(u64::MAX)` where there never are.
    #[inline]
    pub fn try_take(&mut self, limit: Limit, now: Time, tokens: u64) -> Result<(), Duration> {
        match self.shortage(limit, now, tokens) {
            None => {
                self.take(tokens);
                Ok(())
            }
            Some(delay) => Err(delay),
        }
    }

    /// Takes tokens of which there was no [`TokenBucket::shortage`] just now.
    #[inline]
    pub fn take(&mut self, tokens: u64) {
        let taken = tokens.checked_mul(UNITS_PER_TOKEN).and_then(|units| self.level.checked_sub(units));
        self.level = taken.expect("more tokens are taken than there are");
    }

    /// Fills it up to `now` and returns the time until there are so many tokens; `None` if there are.
    #[inline]
    pub fn shortage(&mut self, limit: Limit, now: Time, tokens: u64) -> Option<Duration> {
        self.level = self.level_at(limit, now);
        self.filled = now;
        let wanted = u128::from(tokens) * u128::from(UNITS_PER_TOKEN);
        let missing = wanted.checked_sub(u128::from(self.level)).filter(|units| *units > 0)?;
        if tokens > limit.bucket || limit.milli_per_s == 0 {
            return Some(Duration(u64::MAX));
        }
        Some(Duration(u64::try_from(missing.div_ceil(u128::from(limit.milli_per_s))).unwrap_or(u64::MAX)))
    }

    /// Returns the whole tokens in it at `now`.
    pub fn tokens(&self, limit: Limit, now: Time) -> u64 {
        self.level_at(limit, now) / UNITS_PER_TOKEN
    }

    #[inline]
    fn level_at(&self, limit: Limit, now: Time) -> u64 {
        let inflow = now.since(self.filled).0.saturating_mul(limit.milli_per_s);
        limit.full().min(self.level.saturating_add(inflow))
    }
}

#[cfg(test)]
mod tests;
