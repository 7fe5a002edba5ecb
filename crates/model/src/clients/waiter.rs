//! Waiters of the SDKs: `describe` again and again until instances are in the state that is waited for.
//!
//! botocore 1.44.8, `data/ec2/2016-11-15/waiters-2.json`: `InstanceRunning` every 15 s, 40 times. @smithy/core 3.41.1,
//! `util-waiter/poller.js`, and @aws-sdk/client-ec2 3.1169.0, `waiters/waitForInstanceRunning.js`: from 15 s to 120 s, for as
//! long as the caller says. Both seen 2026-11-30. Assumed: callers say 10 min, which is botocore's 40 · 15 s, and the Rust SDK
//! does as the JavaScript one.

use crate::lifecycle::State;
use plimsoll_base::units::Duration;

/// Rules of a waiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaiterRules {
    /// Least delay between two polls.
    least: Duration,
    /// Longest delay; between `least` and this it is drawn, up to twice as long with each poll.
    longest: Duration,
    /// Polls in all, the first included.
    polls: u32,
    /// Time in all.
    most: Duration,
}

/// Verdict of a waiter on the states that a poll has shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaiterVerdict {
    /// Success: all instances run.
    Succeeds,
    /// Failure: an instance has left the states that lead there.
    Fails,
    /// Another poll.
    PollsAgain,
}

impl WaiterRules {
    /// Waiters of botocore.
    pub const BOTOCORE: WaiterRules = WaiterRules {
        least: Duration::from_seconds(15),
        longest: Duration::from_seconds(15),
        polls: 40,
        most: Duration(u64::MAX),
    };

    /// Waiters of the SDKs made by Smithy.
    pub const SMITHY: WaiterRules = WaiterRules {
        least: Duration::from_seconds(15),
        longest: Duration::from_seconds(120),
        polls: u32::MAX,
        most: Duration::from_seconds(600),
    };

    /// Time before its end at which a drawn delay stops short.
    const SHORT_OF_THE_END: Duration = Duration(500_000_000);

    /// Returns the delay after the `poll`-th poll (from 1), which ended `elapsed` after the waiter began; `None` where it gives
    /// up. `draw` is 64 random bits.
    pub fn delay(&self, poll: u32, elapsed: Duration, draw: u64) -> Option<Duration> {
        if poll >= self.polls {
            return None;
        }
        let left = Duration(self.most.0.saturating_sub(elapsed.0));
        let doubled = self.least.0.checked_shl(poll - 1).unwrap_or(u64::MAX);
        let delay = if poll > self.doublings() + 1 {
            self.longest
        } else {
            let span = doubled.min(self.longest.0) - self.least.0;
            let drawn = Duration(self.least.0 + ((u128::from(draw) * u128::from(span)) >> 64) as u64);
            let short = Duration(left.0.saturating_sub(WaiterRules::SHORT_OF_THE_END.0));
            if drawn > left { short } else { drawn }
        };
        (delay <= left).then_some(delay)
    }

    /// Returns how often the least delay doubles up to the longest.
    fn doublings(&self) -> u32 {
        (self.longest.0 / self.least.0).ilog2()
    }
}

impl WaiterVerdict {
    /// Returns what a waiter for running instances makes of their states.
    pub fn of(states: impl IntoIterator<Item = State>) -> WaiterVerdict {
        let mut verdict = WaiterVerdict::Succeeds;
        for state in states {
            match state {
                State::Running => {}
                State::ShuttingDown | State::Terminated | State::Stopping => return WaiterVerdict::Fails,
                State::Pending | State::Stopped => verdict = WaiterVerdict::PollsAgain,
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the times of all polls \[s\] of a waiter that sees nothing but pending, with the least or the greatest draws.
    fn polls(rules: WaiterRules, draw: u64) -> Vec<f64> {
        let (mut at, mut times) = (Duration::ZERO, vec![0.0]);
        while let Some(delay) = rules.delay(times.len() as u32, at, draw) {
            at = Duration(at.0 + delay.0);
            times.push(at.as_seconds());
            assert!(times.len() < 1000);
        }
        times
    }

    #[test]
    fn botocore_polls_forty_times_every_fifteen_seconds() {
        let expected: Vec<f64> = (0..40).map(|poll| f64::from(poll) * 15.0).collect();
        assert_eq!(polls(WaiterRules::BOTOCORE, 12_345), expected);
    }

    #[test]
    fn smithy_polls_at_growing_delays_for_ten_minutes() {
        // 15, 15 … 30, 15 … 60, 15 … 120, and then 120 s each.
        assert_eq!(polls(WaiterRules::SMITHY, 0), [0.0, 15.0, 30.0, 45.0, 60.0, 180.0, 300.0, 420.0, 540.0]);
        let longest = polls(WaiterRules::SMITHY, u64::MAX);
        let expected = [0.0, 15.0, 45.0, 105.0, 225.0, 345.0, 465.0, 585.0];
        assert_eq!(longest.len(), expected.len());
        assert!(longest.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6));
    }

    #[test]
    fn the_verdict_is_that_of_the_acceptors() {
        use State::*;
        for (states, verdict) in [
            (vec![Running, Running], WaiterVerdict::Succeeds),
            (vec![Running, Pending], WaiterVerdict::PollsAgain),
            (vec![Pending, Terminated], WaiterVerdict::Fails),
            (vec![Running, Stopping], WaiterVerdict::Fails),
            (vec![ShuttingDown], WaiterVerdict::Fails),
            (vec![Stopped], WaiterVerdict::PollsAgain),
        ] {
            assert_eq!(WaiterVerdict::of(states.clone()), verdict, "{states:?}");
        }
    }
}
