//! Who is somewhere over time, counted in both ways that Little's law equates: by the number present at each
//! moment, and by how long each one stayed.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::Time;

/// How many are present, with the statistics of the window that [`Presence::begin_window`] opens.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Presence {
    present: u32,
    peak: u32,
    /// When `present` last changed.
    changed: Time,
    /// When the window began.
    began: Time,
    /// Sum of the number present over the window's time up to `changed` \[ns\].
    integral: u128,
    /// Sum of the times in the window that those who left had stayed \[ns\].
    stays: u128,
    /// Sum of the times at which those present came into the window \[ns\].
    entries: u128,
}

impl Presence {
    /// One comes.
    #[inline]
    pub fn enter(&mut self, now: Time) {
        self.advance(now);
        self.present += 1;
        self.peak = self.peak.max(self.present);
        self.entries += u128::from(now.0);
    }

    /// One leaves who came at `entered`. Panics when nobody is present.
    #[inline]
    pub fn leave(&mut self, now: Time, entered: Time) {
        self.advance(now);
        let entered = entered.max(self.began);
        self.present = self.present.checked_sub(1).expect("somebody leaves who is not there");
        self.entries -= u128::from(entered.0);
        self.stays += u128::from(now.since(entered).0);
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        let past = now.since(self.changed).0;
        self.integral += u128::from(self.present) * u128::from(past);
        self.changed = now;
    }

    /// Statistics begin anew with those who are present.
    pub fn begin_window(&mut self, now: Time) {
        let present = self.present;
        let entries = u128::from(present) * u128::from(now.0);
        *self = Presence { present, peak: present, changed: now, began: now, entries, ..Presence::default() };
    }

    /// How many are present.
    #[inline]
    pub fn present(&self) -> u32 {
        self.present
    }

    /// The most that were present at once in the window.
    pub fn peak(&self) -> u32 {
        self.peak
    }

    /// Sum of the number present over the window's time up to `now` \[ns\].
    pub fn integral(&self, now: Time) -> u128 {
        self.integral + u128::from(self.present) * u128::from(now.since(self.changed).0)
    }

    /// Sum of the times that everybody has stayed in the window up to `now`, present or gone \[ns\].
    pub fn stays(&self, now: Time) -> u128 {
        self.stays + u128::from(self.present) * u128::from(now.0) - self.entries
    }

    /// Mean number present over the window's time up to `now`; the present number when no time has passed.
    pub fn mean(&self, now: Time) -> f64 {
        match now.since(self.began).0 {
            0 => f64::from(self.present),
            length => self.integral(now) as f64 / length as f64,
        }
    }

    /// Panics unless Little's law holds to the nanosecond.
    pub fn assert_little(&self, now: Time) {
        assert_eq!(self.integral(now), self.stays(now), "Little's law is broken at {now:?}: {self:?}");
    }
}
