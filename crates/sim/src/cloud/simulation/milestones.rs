//! Milestones: the samples, the end of the warm-up and the minutes that a run passes between its events.

use crate::cloud::observe::ledger::Ledger;
use crate::cloud::observe::minutes::{Minute, Minutes};
use crate::cloud::observe::observation::Observation;
use crate::cloud::observe::observer::{Detail, Observer};
use crate::cloud::observe::outcome::Residents;
use crate::cloud::observe::{headroom, sampling};
use crate::cloud::world::World;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::workload::call::Call;

/// Progress of a run, which a checkpoint holds beside the cloud.
pub struct Progress {
    pub milestones: Milestones,
    pub residents: Residents,
    /// Next call, which the demand has given already.
    pub call: Option<Call>,
}

/// Times of samples, of the end of the warm-up and of minutes.
pub struct Milestones {
    pub warmup_end: Time,
    pub next_sample: Time,
    pub sampling_interval: Duration,
    /// Minute in progress; `None` before the end of the warm-up, and where minutes are not counted.
    pub minutes: Option<Minutes>,
    counts_minutes: bool,
    /// First of these times that is still to come, or earlier.
    pub next: Time,
    pub reached: Time,
    pub events: u64,
}

persist! { Milestones {
    values: [next_sample, minutes, reached, events],
    derived: [warmup_end, sampling_interval, counts_minutes, next],
} }

impl Milestones {
    /// Returns the milestones of a run that begins.
    pub fn new(warmup: Duration, sampling_interval: Duration, counts_minutes: bool) -> Milestones {
        Milestones {
            warmup_end: Time::ZERO.after(warmup),
            next_sample: Time::ZERO,
            sampling_interval,
            minutes: None,
            counts_minutes,
            next: Time::ZERO,
            reached: Time::ZERO,
            events: 0,
        }
    }

    /// Counts minutes, or not, from the time reached. A minute in progress goes on.
    pub fn count_minutes(&mut self, ledger: &Ledger) {
        let begin = || ledger.in_window.then(|| Minutes::begin(self.reached, ledger));
        self.minutes = if self.counts_minutes { self.minutes.or_else(begin) } else { None };
    }

    /// Returns the time of the next milestone.
    pub fn due(&self, in_window: bool) -> Time {
        // A sample includes the events at its time.
        let sample = Time(self.next_sample.0.saturating_add(1));
        let warmup = if in_window { Time::NEVER } else { self.warmup_end };
        let minute = self.minutes.map_or(Time::NEVER, |minutes| minutes.end());
        sample.min(warmup).min(minute)
    }

    /// Passes time up to `now`: takes samples and ends the warm-up on the way, and integrates the totals.
    #[inline]
    pub fn reach(&mut self, world: &mut World, now: Time, observer: &mut dyn Observer) {
        self.pass_time(world, now, observer);
        world.advance_ledger(now);
    }

    /// Passes time up to `now` where no total changes: each flow that changes one calls [`World::advance_ledger`] before.
    #[inline]
    pub fn pass_time(&mut self, world: &mut World, now: Time, observer: &mut dyn Observer) {
        if now >= self.next {
            self.pass_milestones(world, now, observer);
        }
        self.reached = now;
    }

    #[cold]
    fn pass_milestones(&mut self, world: &mut World, now: Time, observer: &mut dyn Observer) {
        loop {
            self.next = self.due(world.recorder.ledger.in_window);
            if self.next > now {
                return;
            }
            let ending = self.minutes.as_mut().filter(|minutes| minutes.end() == self.next);
            if let Some(minutes) = ending {
                let minute = minutes.turn(&world.recorder.ledger);
                report_minute(world, minute);
            } else if !world.recorder.ledger.in_window && self.warmup_end <= self.next_sample {
                let at = self.warmup_end;
                world.advance_ledger(at);
                begin_window(world, at);
                self.minutes = self.counts_minutes.then(|| Minutes::begin(at, &world.recorder.ledger));
            } else {
                let at = self.next_sample;
                world.advance_ledger(at);
                sampling::sample(world, at, self.events);
                if let Some(control) = &mut world.control {
                    control.plane.note_queues(at);
                }
                if let Some(reactions) = &mut world.reactions {
                    reactions.tally.note_line(at);
                }
                headroom::sample_if_due(world, at);
                self.next_sample = at.after(self.sampling_interval);
            }
            world.recorder.outbox.deliver(observer, &world.directory);
        }
    }

    /// Ends the warm-up if it lasts to the end of the run, takes the last sample and ends the last minute, which the run may
    /// end in the middle of, or with calls at its first moment.
    pub fn end(&mut self, world: &mut World, horizon: Time) {
        if !world.recorder.ledger.in_window {
            begin_window(world, horizon);
        }
        sampling::sample(world, horizon, self.events);
        if let Some(minutes) = &mut self.minutes {
            let minute = minutes.turn(&world.recorder.ledger);
            if minute.began < horizon || minute.calls > 0 {
                report_minute(world, minute);
            }
        }
    }
}

fn report_minute(world: &mut World, minute: Minute) {
    if world.recorder.outbox.wants(Detail::Series) {
        world.recorder.outbox.push(Observation::MinuteEnded(minute));
    }
}

/// Ends the warm-up: every part begins to count.
fn begin_window(world: &mut World, now: Time) {
    world.recorder.ledger.begin_window(now, world.hosts.fleet.totals());
    world.network.begin_window(now);
    world.security.begin_window();
    world.storage.begin_window(now);
    if let Some(control) = &mut world.control {
        control.begin_window(now);
    }
    if let Some(reactions) = &mut world.reactions {
        reactions.begin_window(now);
    }
}
