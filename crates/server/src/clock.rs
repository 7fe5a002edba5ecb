//! Clock of a server: how simulated time follows the wall clock, or does not.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;
use std::time::Instant;

use plimsoll_base::units::{Duration, Time};

/// Relation of simulated time to the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockMode {
    /// A simulated second is a second.
    Real,
    /// So many simulated seconds pass in a second.
    Scaled(NonZero<u32>),
    /// Simulated time stands until a client advances it.
    Stepped,
}

impl fmt::Display for ClockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockMode::Real => f.write_str("real"),
            ClockMode::Scaled(times) => write!(f, "scaled={times}"),
            ClockMode::Stepped => f.write_str("stepped"),
        }
    }
}

impl FromStr for ClockMode {
    type Err = String;

    fn from_str(text: &str) -> Result<ClockMode, String> {
        let scaled = || text.strip_prefix("scaled=")?.parse().ok().map(ClockMode::Scaled);
        match text {
            "real" => Ok(ClockMode::Real),
            "stepped" => Ok(ClockMode::Stepped),
            _ => scaled().ok_or_else(|| "expected real, stepped, or scaled=N with N from 1".to_string()),
        }
    }
}

/// Clock that runs.
#[derive(Clone, Copy, Debug)]
pub struct RunningClock {
    mode: ClockMode,
    began: Instant,
    /// Simulated time at `began`.
    origin: Time,
}

impl RunningClock {
    /// Starts the clock at a simulated time.
    #[expect(clippy::disallowed_methods, reason = "the clock of a server is that of the wall")]
    pub fn start(mode: ClockMode, origin: Time) -> RunningClock {
        RunningClock { mode, began: Instant::now(), origin }
    }

    /// Returns its mode.
    pub fn mode(&self) -> ClockMode {
        self.mode
    }

    /// Returns the simulated time at which the cloud should be, where it is at `reached`.
    pub fn time(&self, reached: Time) -> Time {
        let times = match self.mode {
            ClockMode::Real => 1,
            ClockMode::Scaled(times) => u64::from(times.get()),
            ClockMode::Stepped => return reached,
        };
        self.origin.after(scaled(self.began.elapsed(), times)).max(reached)
    }

    /// Returns how long it takes by the wall clock until a simulated time, from `reached` on; `None` for never.
    pub fn wait_for(&self, at: Time, reached: Time) -> Option<std::time::Duration> {
        let times = match self.mode {
            ClockMode::Real => 1,
            ClockMode::Scaled(times) => u64::from(times.get()),
            ClockMode::Stepped => return None,
        };
        let left = at.0.saturating_sub(self.time(reached).0);
        (at < Time::NEVER).then(|| std::time::Duration::from_nanos(left.div_ceil(times)))
    }
}

/// Returns a time that has passed, so many times as long.
fn scaled(elapsed: std::time::Duration, times: u64) -> Duration {
    let ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
    Duration(ns.saturating_mul(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_reads_as_it_is_written() {
        for text in ["real", "stepped", "scaled=1", "scaled=3600"] {
            assert_eq!(text.parse::<ClockMode>().unwrap().to_string(), text);
        }
        for text in ["", "scaled", "scaled=0", "scaled=-1", "scaled=1.5", "Real"] {
            assert!(text.parse::<ClockMode>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_stepped_clock_stands_and_the_others_never_go_back() {
        let reached = Time(7);
        assert_eq!(RunningClock::start(ClockMode::Stepped, Time::ZERO).time(reached), reached);
        let ahead = Time(u64::MAX / 2);
        assert_eq!(RunningClock::start(ClockMode::Real, Time::ZERO).time(ahead), ahead);
        assert_eq!(scaled(std::time::Duration::from_millis(2), 3), Duration(6_000_000));
    }

    #[test]
    fn a_wait_is_as_long_as_the_clock_says() {
        let at = Time::ZERO.after(Duration::from_seconds(3600));
        let wait =
            |mode: &str, at| RunningClock::start(mode.parse().unwrap(), Time::ZERO).wait_for(at, Time::ZERO);
        assert_eq!(wait("stepped", at), None);
        assert_eq!(wait("real", Time::NEVER), None);
        assert_eq!(wait("real", Time::ZERO), Some(std::time::Duration::ZERO));
        let near = |mode: &str, seconds: f64| {
            let left = seconds - wait(mode, at).unwrap().as_secs_f64();
            assert!((0.0..1.0).contains(&left), "{mode}: {left}");
        };
        near("real", 3600.0);
        near("scaled=60", 60.0);
    }
}
