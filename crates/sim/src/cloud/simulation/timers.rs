//! Timers: the event queue, and the steps of an instance's life that take a fixed time.

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::simulation::event::{Event, Rank, Stamp, Timer};
use crate::scenario::Scenario;
use plimsoll_base::engine::queue::{EventQueue, Lane};
use plimsoll_base::units::{Duration, Time};

/// Number of events whose records are loaded ahead at a time, since a processor waits for several lines of memory, and
/// for the pages they are on, in the time of one.
pub const BATCH: usize = 8;

/// Events to come. A step that takes no time has no lane.
pub struct Timers {
    pub queue: EventQueue<Event>,
    pub boot: Option<Lane>,
    pub stop: Option<Lane>,
    pub terminate: Option<Lane>,
    /// Time from an accepted launch to `running`.
    pub boot_takes: Duration,
}

impl Timers {
    /// Returns an empty queue with a lane for each step of the scenario that takes time.
    pub fn new(scenario: &Scenario) -> Timers {
        let mut queue = EventQueue::new();
        let times = &scenario.lifecycle;
        let mut lane = |delay: Duration| {
            let takes_time = delay > Duration::ZERO;
            takes_time.then(|| queue.lane(delay, Rank::Timer as u8))
        };
        let (boot, stop, terminate) = (lane(times.boot), lane(times.stop), lane(times.terminate));
        Timers { boot, stop, terminate, boot_takes: times.boot, queue }
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
