//! Events: hands each to its flow.

use crate::cloud::api::{reservation_calls, spot_requests};
use crate::cloud::autoscaling;
use crate::cloud::control::{polling, submit};
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{interruption, lifecycle, recovery, spot, stop_cycle, volumes};
use crate::cloud::pools;
use crate::cloud::reaction::attempts;
use crate::cloud::simulation::event::{Event, Stamp, Timer};
use crate::cloud::simulation::provisioning;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::storage::StorageStep;

#[inline(always)] // every event
pub fn on_event(world: &mut World, now: Time, event: Event) {
    if !matches!(event, Event::Control(..)) {
        world.advance_ledger(now);
    }
    match event {
        Event::Instance(timer, stamp, slot) => on_timer(world, now, timer, stamp, slot),
        Event::Volume(end, stamp, volume) => {
            volumes::on_step(world, now, StorageStep::Volume { volume, stamp: stamp.0, end });
        }
        Event::Modification(volume) => volumes::on_step(world, now, StorageStep::Modification(volume)),
        Event::Snapshot(snapshot) => volumes::on_step(world, now, StorageStep::Snapshot(snapshot)),
        Event::Image(image) => volumes::on_step(world, now, StorageStep::Image(image)),
        Event::Fault => recovery::on_fault(world, now),
        Event::Term(number, begins) => provisioning::on_term(world, now, number, begins),
        Event::Expiry(reservation) => reservation_calls::expire(world, now, reservation),
        Event::Job(source) => pools::flow::on_job(world, now, source),
        Event::GroupMinute(number) => autoscaling::flow::on_minute(world, now, number),
        Event::OpenLaunch(timer, number) => attempts::on_timer(world, now, timer, number),
        Event::Control(alarm, number) => submit::on_timer(world, now, alarm, number),
        Event::Waiter(number) => polling::on_timer(world, number),
        Event::SpotRequests => spot_requests::on_timer(world, now),
    }
}

/// Hands a timer of an instance to its flow, unless the timer is void.
fn on_timer(world: &mut World, now: Time, timer: Timer, stamp: Stamp, slot: Slot) {
    let instance = world.instances.get(slot);
    let is_valid = timer == Timer::LifetimeOver || instance.stamp == stamp.0;
    if is_valid && instance.state != State::Terminated {
        match timer {
            Timer::LifetimeOver => lifecycle::lifetime_over(world, now, slot),
            Timer::Booted => lifecycle::booted(world, now, slot),
            Timer::Stopped => lifecycle::stopped(world, now, slot),
            Timer::Terminated => lifecycle::terminated(world, now, slot),
            Timer::StopDue => stop_cycle::stop_due(world, now, slot),
            Timer::StartDue => stop_cycle::start_due(world, now, slot),
            Timer::SpotWatch => interruption::on_price_timer(world, now, slot),
            Timer::Interrupted => interruption::interrupt(world, now, slot),
            Timer::RebalanceRecommended => spot::on_recommendation(world, slot),
        }
    }
    world.instances.timer_gone(slot);
}
