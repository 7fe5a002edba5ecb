//! Rate limiter of the mode `adaptive`: after a throttle a client sends at a rate of its own, which falls with every further
//! throttle and rises again along a cubic curve (botocore 1.44.8, `retries/adaptive.py`, `throttling.py` and `bucket.py`;
//! @smithy/core 3.41.1, `DefaultRateLimiter`).
//!
//! The packages reckon in floating point, and so does this; roots are those of `libm`, the same on every machine.

use serde::{Deserialize, Serialize};

use super::sdk::LimiterStart;
use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// State of the limiter of a client.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct RateLimiter {
    /// True from the first throttle on.
    is_on: bool,
    tokens: f64,
    /// Rate at which tokens come \[tokens/s\].
    rate: f64,
    most_tokens: f64,
    /// Time of the last tokens \[s\]; `None` before the first answer where they only come from then on.
    filled: Option<f64>,
    measured: MeasuredRate,
    /// Rate at the last throttle \[calls/s\].
    rate_before: f64,
    /// Time of the last throttle \[s\].
    throttled: f64,
}

/// Rate of calls, smoothed over half seconds.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct MeasuredRate {
    calls: u32,
    /// Beginning of the half second in which it was last computed \[s\].
    since: f64,
    per_s: f64,
}

/// Least rate \[tokens/s\].
const LEAST_RATE: f64 = 0.5;

/// Share of the rate that is left after a throttle.
const BETA: f64 = 0.7;

/// Steepness of the cubic curve.
const SCALE: f64 = 0.4;

/// Weight of the latest half second in the measured rate.
const SMOOTHING: f64 = 0.8;

fn seconds(at: Time) -> f64 {
    at.0 as f64 / NS_PER_S as f64
}

impl RateLimiter {
    /// Returns the limiter of a client that is made at a time.
    pub fn new(start: LimiterStart, made: Time) -> RateLimiter {
        let made = seconds(made);
        let (rate, filled) = match start {
            LimiterStart::WithClient => (1.0, Some(made)),
            LimiterStart::FirstAnswer => (LEAST_RATE, None),
        };
        RateLimiter {
            is_on: false,
            tokens: 0.0,
            rate,
            most_tokens: 1.0,
            filled,
            measured: MeasuredRate { calls: 0, since: libm::floor(made), per_s: 0.0 },
            rate_before: 0.0,
            throttled: made,
        }
    }

    /// Takes a token for an attempt, or returns the time after which to ask again.
    pub fn acquire(&mut self, now: Time) -> Result<(), Duration> {
        if !self.is_on {
            return Ok(());
        }
        self.fill(seconds(now));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.rate;
        Err(Duration((libm::ceil(wait * NS_PER_S as f64) as u64).max(1)))
    }

    /// Takes an answer in.
    pub fn note_answer(&mut self, now: Time, is_throttle: bool) {
        let now = seconds(now);
        let measured = self.measured.note(now);
        let rate = if is_throttle {
            self.rate_before = if self.is_on { measured.min(self.rate) } else { measured };
            self.throttled = now;
            self.is_on = true;
            self.rate_before * BETA
        } else {
            let until_level = libm::cbrt(self.rate_before * (1.0 - BETA) / SCALE);
            let past = now - self.throttled - until_level;
            SCALE * past * past * past + self.rate_before
        };
        self.fill(now);
        let rate = rate.min(2.0 * measured);
        self.rate = rate.max(LEAST_RATE);
        self.most_tokens = rate.max(1.0);
        self.tokens = self.tokens.min(self.most_tokens);
    }

    fn fill(&mut self, now: f64) {
        if let Some(filled) = self.filled {
            self.tokens = self.most_tokens.min(self.tokens + (now - filled) * self.rate);
        }
        self.filled = Some(now);
    }
}

impl MeasuredRate {
    /// Counts an answer. Returns the rate \[calls/s\].
    fn note(&mut self, now: f64) -> f64 {
        let half_second = libm::floor(now * 2.0) / 2.0;
        self.calls += 1;
        if half_second > self.since {
            let latest = f64::from(self.calls) / (half_second - self.since);
            self.per_s = latest * SMOOTHING + self.per_s * (1.0 - SMOOTHING);
            (self.calls, self.since) = (0, half_second);
        }
        self.per_s
    }
}
