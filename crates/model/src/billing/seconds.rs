//! Billed seconds of an instance: those in `running`, started ones whole, at least a minute
//! at each start (EC2 pricing, "per-second billing"). A reboot starts nothing.

use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// The least that is billed at each start.
pub const MINIMUM: Duration = Duration::from_seconds(60);

/// Billed seconds in a row; each belongs to the month, hour or price in which it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Billed {
    /// Start of the first.
    pub start: Time,
    /// Number \[s\].
    pub seconds: u64,
}

impl Billed {
    /// Returns what is billed after `window_start` for running from `start` to `end`.
    ///
    /// The bill covers \[start, start + the whole seconds run, at least [`MINIMUM`]). The seconds that the minimum adds
    /// are after `end`, and so in the window when the minute ends in it. `past_minimum` is for an instance
    /// whose minimum was billed before `start`: one of the initial steady state.
    #[inline]
    pub fn of(start: Time, end: Time, past_minimum: bool, window_start: Time) -> Billed {
        let least = if past_minimum { 0 } else { MINIMUM.started_seconds() };
        let seconds = end.since(start).started_seconds().max(least);
        if start >= window_start {
            return Billed { start, seconds };
        }
        let end = start.after(Duration::from_seconds(seconds));
        let in_window = Duration(end.0.saturating_sub(window_start.0));
        Billed { start: window_start, seconds: in_window.started_seconds() }
    }

    /// Returns true if every second begins before `boundary`.
    #[inline]
    pub fn begins_before(self, boundary: Time) -> bool {
        self.start.after(Duration::from_seconds(self.seconds)).0 < boundary.0.saturating_add(NS_PER_S)
    }

    /// Returns the seconds that begin before `boundary`, and the rest.
    pub fn split(self, boundary: Time) -> (Billed, Billed) {
        let before = Duration(boundary.0.saturating_sub(self.start.0)).started_seconds().min(self.seconds);
        let rest_start = self.start.after(Duration::from_seconds(before));
        let rest = Billed { start: rest_start, seconds: self.seconds - before };
        (Billed { seconds: before, ..self }, rest)
    }

    /// Returns the pieces between boundaries, none of them empty; `next` gives the first boundary after a time.
    pub fn pieces(self, mut next: impl FnMut(Time) -> Time) -> impl Iterator<Item = Billed> {
        let mut rest = self;
        std::iter::from_fn(move || {
            if rest.seconds == 0 {
                return None;
            }
            let (piece, later) = rest.split(next(rest.start));
            assert!(piece.seconds > 0, "a boundary lies after the time it is asked for");
            rest = later;
            Some(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a time of so many milliseconds.
    fn at(milliseconds: u64) -> Time {
        Time(milliseconds * (NS_PER_S / 1000))
    }

    fn seconds(start: u64, end: u64, window: u64) -> u64 {
        Billed::of(at(start), at(end), false, at(window)).seconds
    }

    #[test]
    fn by_hand() {
        // start, end, window start [ms], billed [s]
        for (start, end, window, billed, why) in [
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
            assert_eq!(seconds(start, end, window), billed, "{why}");
        }
    }

    #[test]
    fn each_start_has_its_own_minimum_and_a_reboot_none() {
        let runs = [(0, 20_000), (100_000, 130_000), (200_000, 420_000)];
        assert_eq!(runs.map(|(start, end)| seconds(start, end, 0)), [60, 60, 220]);
        // Rebooted after 20 s and stopped after 30: one run.
        assert_eq!(seconds(0, 30_000, 0), 60);
    }

    #[test]
    fn a_resident_has_paid_its_minimum() {
        let resident = |end, window| Billed::of(at(0), at(end), true, at(window)).seconds;
        assert_eq!((resident(20_000, 0), resident(20_000, 15_500), resident(0, 0)), (20, 5, 0));
    }

    #[test]
    fn a_second_belongs_where_it_begins() {
        let billed = Billed { start: at(500), seconds: 10 };
        let (before, rest) = billed.split(at(3_000));
        assert_eq!((before.seconds, rest), (3, Billed { start: at(3_500), seconds: 7 }));
        assert_eq!(billed.split(at(0)).0.seconds, 0);
        assert_eq!(billed.split(at(20_000)), (billed, Billed { start: at(10_500), seconds: 0 }));
        // The last second begins at 9.5 s.
        assert!(!billed.begins_before(at(9_500)) && billed.begins_before(at(9_501)));
        let pieces: Vec<u64> =
            billed.pieces(|time| at((time.0 / at(4_000).0 + 1) * 4_000)).map(|piece| piece.seconds).collect();
        assert_eq!(pieces, [4, 4, 2]);
    }
}
