//! Milestones: the samples, the end of the warm-up and the minutes that a run passes between its events.

use super::ledger::Ledger;
use super::minutes::Minutes;
use super::outcome::Residents;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::workload::call::Call;

/// Progress of a run: what a checkpoint holds beside the cloud.
pub(super) struct Progress {
    pub milestones: Milestones,
    pub residents: Residents,
    /// Next call, which the demand has given already.
    pub call: Option<Call>,
}

/// Times at which something is done between events.
pub(super) struct Milestones {
    pub warmup_end: Time,
    pub next_sample: Time,
    /// Samples taken so far.
    pub samples: u64,
    pub sampling_interval: Duration,
    /// Minute in progress; `None` before the end of the warm-up, and where minutes are not counted.
    pub minutes: Option<Minutes>,
    /// First of these times that is still to come, or earlier.
    pub next: Time,
    pub reached: Time,
    pub events: u64,
}

persist! { Milestones {
    values: [next_sample, samples, minutes, reached, events],
    derived: [warmup_end, sampling_interval, next],
} }

impl Milestones {
    pub fn new(warmup: Duration, sampling_interval: Duration) -> Milestones {
        Milestones {
            warmup_end: Time::ZERO.after(warmup),
            next_sample: Time::ZERO,
            samples: 0,
            sampling_interval,
            minutes: None,
            next: Time::ZERO,
            reached: Time::ZERO,
            events: 0,
        }
    }

    /// Counts minutes, or not, from the time reached. A minute in progress goes on.
    pub fn count_minutes(&mut self, counted: bool, ledger: &Ledger) {
        let begin = || ledger.in_window.then(|| Minutes::begin(self.reached, ledger));
        self.minutes = if counted { self.minutes.or_else(begin) } else { None };
    }

    /// Returns the time of the next milestone.
    pub fn due(&self, in_window: bool) -> Time {
        // What happens at the time of a sample is in it.
        let sample = Time(self.next_sample.0.saturating_add(1));
        let warmup = if in_window { Time::NEVER } else { self.warmup_end };
        let minute = self.minutes.map_or(Time::NEVER, |minutes| minutes.end());
        sample.min(warmup).min(minute)
    }
}
