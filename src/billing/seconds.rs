//! Which seconds of an instance are billed: those in `running`, started ones whole, at least a minute
//! at each start (EC2 pricing, "per-second billing"). A reboot starts nothing.

use crate::units::{Duration, Time};

/// The least that is billed at each start.
pub const MINIMUM: Duration = Duration::from_seconds(60);

/// Seconds billed after `window_start` for running from `start` to `end`.
///
/// The bill covers \[start, start + the whole seconds run, at least [`MINIMUM`]). What the minimum adds
/// lies after `end`, and so in the window when the minute ends in it.
#[inline]
pub fn billed_seconds(start: Time, end: Time, window_start: Time) -> u64 {
    let ran = Duration::from_seconds(end.since(start).started_seconds());
    after(window_start, start, start.after(ran.max(MINIMUM)))
}

/// The same for an instance whose minimum was billed before `start`: one that a run in steady state
/// begins with, `start` being the start of the run.
#[inline]
pub fn billed_seconds_past_minimum(start: Time, end: Time, window_start: Time) -> u64 {
    let ran = Duration::from_seconds(end.since(start).started_seconds());
    after(window_start, start, start.after(ran))
}

/// Whole seconds of `start` to `end` after `window_start`, a started one counted as whole.
#[inline]
fn after(window_start: Time, start: Time, end: Time) -> u64 {
    Duration(end.0.saturating_sub(start.max(window_start).0)).started_seconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::NS_PER_S;

    /// Seconds with a fraction of thousandths.
    fn at(milliseconds: u64) -> Time {
        Time(milliseconds * (NS_PER_S / 1000))
    }

    #[test]
    fn by_hand() {
        // start, end, window start [ms], billed [s]
        for (start, end, window, seconds, why) in [
            (0, 20_000, 0, 60, "20 s cost a minute"),
            (0, 60_000, 0, 60, "a minute costs itself"),
            (0, 60_001, 0, 61, "a started second is whole"),
            (0, 220_000, 0, 220, "220 s cost themselves"),
            (5_000, 5_000, 0, 60, "no time at all costs a minute"),
            (1_500, 221_500, 0, 220, "the seconds are the instance's, not the clock's"),
            (0, 220_000, 100_000, 120, "only what lies in the window"),
            (0, 220_000, 100_500, 120, "119.5 s of the window, the last one started"),
            (0, 100_000, 100_000, 0, "over when the window begins"),
            (0, 20_000, 30_000, 30, "the minimum reaches into the window"),
            (0, 20_000, 60_000, 0, "the minimum ends as the window begins"),
            (200_000, 220_000, 100_000, 60, "wholly inside"),
        ] {
            assert_eq!(billed_seconds(at(start), at(end), at(window)), seconds, "{why}");
        }
    }

    #[test]
    fn each_start_has_its_own_minimum_and_a_reboot_none() {
        let runs = [(0, 20_000), (100_000, 130_000), (200_000, 420_000)];
        let seconds = runs.map(|(start, end)| billed_seconds(at(start), at(end), Time::ZERO));
        assert_eq!(seconds, [60, 60, 220]);
        // Rebooted after 20 s and stopped after 30: one run.
        assert_eq!(billed_seconds(at(0), at(30_000), Time::ZERO), 60);
    }

    #[test]
    fn a_resident_has_paid_its_minimum() {
        assert_eq!(billed_seconds_past_minimum(at(0), at(20_000), at(0)), 20);
        assert_eq!(billed_seconds_past_minimum(at(0), at(20_000), at(15_500)), 5);
        assert_eq!(billed_seconds_past_minimum(at(0), at(0), at(0)), 0);
    }
}
