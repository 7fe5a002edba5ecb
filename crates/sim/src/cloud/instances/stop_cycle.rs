//! Stop/start behaviour: instances that stop and start on a schedule of their own.

use crate::cloud::api::instance_action::{self, InstanceAction};
use crate::cloud::instances::reference::Slot;
use crate::cloud::simulation::event::Timer;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::operation::Operation;

/// Stops an instance by its stop/start behaviour.
pub fn stop_due(world: &mut World, now: Time, slot: Slot) {
    let account = world.instances.get(slot).account;
    let answer = instance_action::apply(world, now, slot, InstanceAction::Stop);
    world.recorder.answer(now, Operation::Stop, account, answer);
}

/// Starts an instance by its stop/start behaviour. Where this is refused, it tries again after another stopped time.
pub fn start_due(world: &mut World, now: Time, slot: Slot) {
    let account = world.instances.get(slot).account;
    let answer = instance_action::apply(world, now, slot, InstanceAction::Start);
    world.recorder.answer(now, Operation::Start, account, answer);
    if answer.is_err() {
        let instance = world.instances.get_mut(slot);
        let (number, cycle) = (instance.number, instance.cycle);
        instance.cycle += 1;
        if let Some(stops) = instance.stops {
            let stopped_time = world.demand.stopped_time(stops, number, cycle);
            world.set_timer(now.after(stopped_time), Timer::StartDue, slot);
        }
    }
}
