//! Client object of an SDK: its retry quota and its rate limiter, which all its calls share.

use serde::{Deserialize, Serialize};

use super::rate_limiter::RateLimiter;
use super::sdk::{FIRST_ATTEMPT_REFUND, FULL_QUOTA, RetrySort, SdkRules};
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{Duration, Time};

/// State of a client object.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct SdkClient {
    /// Tokens of the retry quota.
    tokens: u32,
    limiter: Option<RateLimiter>,
}

/// Decision of a client after a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterFailure {
    /// Another attempt after a delay, which cost so many tokens.
    Again {
        /// Delay.
        delay: Duration,
        /// Cost \[tokens\].
        cost: u32,
    },
    /// The end: no such failure is tried again, or it was the last attempt.
    GivesUp,
    /// The end, because the retry quota has too few tokens left.
    OutOfQuota,
}

impl SdkClient {
    /// Returns a client that is made at a time.
    pub fn new(rules: &SdkRules, made: Time) -> SdkClient {
        let limiter = rules.limiter.map(|start| RateLimiter::new(start, made));
        SdkClient { tokens: FULL_QUOTA, limiter }
    }

    /// Returns the tokens left in the retry quota.
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// Lets an attempt go out, or returns the time after which to ask again.
    pub fn send(&mut self, now: Time) -> Result<(), Duration> {
        self.limiter.as_mut().map_or(Ok(()), |limiter| limiter.acquire(now))
    }

    /// Takes in that a call has succeeded, at its first attempt or after a retry that cost so many tokens.
    pub fn succeeded(&mut self, now: Time, cost: Option<u32>) {
        if let Some(limiter) = &mut self.limiter {
            limiter.note_answer(now, false);
        }
        self.tokens = (self.tokens + cost.unwrap_or(FIRST_ATTEMPT_REFUND)).min(FULL_QUOTA);
    }

    /// Takes in that an attempt has failed, the `attempt`-th (from 1) of at most `attempts`. `draw` is 64 random bits.
    pub fn failed(
        &mut self,
        rules: &SdkRules,
        now: Time,
        (attempt, attempts): (u32, u32),
        failure: Failure,
        draw: u64,
    ) -> AfterFailure {
        let sort = RetrySort::of(failure);
        if let Some(limiter) = &mut self.limiter {
            limiter.note_answer(now, sort == Some(RetrySort::Throttled));
        }
        let Some(sort) = sort else { return AfterFailure::GivesUp };
        let Some(delay) = rules.delay(attempts, attempt, sort, draw) else { return AfterFailure::GivesUp };
        let cost = rules.costs.map_or(0, |costs| costs[sort as usize]);
        let Some(left) = self.tokens.checked_sub(cost) else { return AfterFailure::OutOfQuota };
        self.tokens = left;
        AfterFailure::Again { delay, cost }
    }
}

#[cfg(test)]
mod tests;
