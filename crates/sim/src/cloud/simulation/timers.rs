//! Timers: the event queue, and the steps of an instance's life.

use std::path::Path;

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::simulation::event::{Event, Rank, Stamp, Timer};
use crate::scenario::Scenario;
use crate::scenario::step_time::StepTime;
use plimsoll_base::engine::queue::{EventQueue, Lane};
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::workload::distribution::Sampler;

/// Number of events whose records are loaded ahead at a time, since a processor waits for several lines of memory, and
/// for the pages they are on, in the time of one.
pub const BATCH: usize = 8;

/// Random draws set aside for one step, more than any distribution takes.
const DRAWS_PER_STEP: u64 = 8;

/// Events to come, and the steps of an instance's life.
pub struct Timers {
    pub queue: EventQueue<Event>,
    /// From an accepted launch or start to `running`.
    pub boot: LifeStep,
    /// From an accepted stop to `stopped`.
    pub stop: LifeStep,
    /// From an accepted terminate to `terminated`.
    pub terminate: LifeStep,
    seed: Seed,
}

/// Step of an instance's life.
pub enum LifeStep {
    /// Step without a length.
    Instant,
    /// Step of the same length for every instance; its timers have a lane of their own.
    Fixed(Lane, Duration),
    /// Step of a length that is drawn for each instance.
    Drawn(Box<Sampler>, Purpose),
}

impl Timers {
    /// Returns an empty queue with a lane for each step of the scenario that takes the same time for all.
    pub fn new(scenario: &Scenario) -> Timers {
        let mut queue = EventQueue::new();
        let times = &scenario.lifecycle;
        let mut step = |time: &StepTime, purpose| match time {
            StepTime::Fixed(Duration::ZERO) => LifeStep::Instant,
            StepTime::Fixed(time) => LifeStep::Fixed(queue.lane(*time, Rank::Timer as u8), *time),
            StepTime::Drawn(distribution) => {
                let sampler = distribution.compile("", Path::new(""));
                LifeStep::Drawn(Box::new(sampler.expect("the scenario has been checked")), purpose)
            }
        };
        let boot = step(&times.boot, Purpose::Boot);
        let stop = step(&times.stop, Purpose::Stop);
        let terminate = step(&times.terminate, Purpose::Terminate);
        Timers { boot, stop, terminate, queue, seed: Seed(scenario.seed) }
    }

    /// Returns the time that a step takes for an instance, by its number in the demand and its cycle of stopping and
    /// starting. A function of the seed and these alone.
    #[inline]
    pub fn time_of(&self, step: &LifeStep, number: u64, cycle: u32) -> Duration {
        match step {
            LifeStep::Instant => Duration::ZERO,
            LifeStep::Fixed(_, time) => *time,
            LifeStep::Drawn(sampler, purpose) => {
                let stream = self.seed.stream(*purpose, number);
                sampler.draw(&mut stream.from_draw(u64::from(cycle) * DRAWS_PER_STEP))
            }
        }
    }

    /// Sets a timer of an instance; none for a time that never comes.
    #[inline]
    pub fn set(&mut self, at: Time, timer: Timer, slot: Slot, instance: &mut Instance) {
        if at < Time::NEVER {
            self.queue.push(at, Rank::Timer as u8, event(timer, slot, instance));
        }
    }

    /// Sets a timer of an instance that ends a step of fixed length.
    #[inline]
    pub fn set_lane(&mut self, lane: Lane, now: Time, timer: Timer, slot: Slot, instance: &mut Instance) {
        self.queue.push_lane(lane, now, event(timer, slot, instance));
    }

    /// Sets the timer of the end of an instance.
    #[inline]
    pub fn set_lifetime(&mut self, end: Time, slot: Slot, instance: &mut Instance) {
        if end == Time::NEVER {
            return;
        }
        instance.timers += 1;
        let over = Event::Instance(Timer::LifetimeOver, Stamp(0), slot);
        self.queue.push(end, Rank::Departure as u8, over);
    }

    /// Returns whether an event at this time comes so soon that perhaps no batch loads the first of its records.
    #[inline]
    pub fn is_imminent(&self, at: Time) -> bool {
        self.queue.comes_before(at, 3 * BATCH)
    }
}

#[inline]
fn event(timer: Timer, slot: Slot, instance: &mut Instance) -> Event {
    instance.timers = instance.timers.checked_add(1).expect("an instance has 65,536 timers pending");
    Event::Instance(timer, Stamp(instance.stamp), slot)
}
