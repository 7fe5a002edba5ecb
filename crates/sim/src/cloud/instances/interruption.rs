//! Interruptions: EC2 takes the capacity of spot instances back, and starts again those that wait for it.

use crate::cloud::api::start;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::spot::{self, max_price};
use crate::cloud::simulation::event::Timer;
use crate::cloud::world::World;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::transition::Transition;
use plimsoll_model::workload::call::{Interruption, Spot};

/// Time between two attempts to start an instance whose price allows it, or to fulfil a request. An assumption.
pub const RETRY: Duration = Duration::from_seconds(300);

/// Takes the capacity of a spot instance back, as EC2 does.
pub fn interrupt(world: &mut World, now: Time, slot: Slot) {
    let interruption = world.instances.extras.get(slot).and_then(|extras| extras.options.as_ref());
    let interruption = interruption.map_or(Interruption::Terminate, |options| options.interruption());
    let extras = world.instances.extras_mut(slot);
    extras.interrupted = true;
    let is_reclaimed = extras.reclaimed.is_some_and(|notice| notice.at == now);
    world.recorder.ledger.count_event(|counts| &mut counts.spot_interruptions);
    if is_reclaimed {
        world.recorder.ledger.count_event(|counts| &mut counts.spot_reclaimed);
    }
    match (interruption, world.instances.get(slot).state.on(Trigger::Interrupted)) {
        (Interruption::Terminate, Transition::To(State::ShuttingDown)) => {
            lifecycle::terminate(world, now, slot)
        }
        (_, Transition::To(State::ShuttingDown)) => {
            world.instances.extras_mut(slot).waits_for_market = true;
            lifecycle::stop(world, now, slot, interruption == Interruption::Hibernate);
        }
        (_, other) => panic!("an interruption means {other:?}"),
    }
}

/// Checks the spot price again, for an instance that runs or waits for the market.
pub fn on_price_timer(world: &mut World, now: Time, slot: Slot) {
    match (world.instances.get(slot).state, spot::spot_of(world, slot)) {
        (State::Stopped, Some(spot)) => return_to_market(world, now, slot, spot),
        _ => spot::watch_price(world, now, slot),
    }
}

/// Starts an instance that waits for the market, if its price and the free capacity allow; else it goes on waiting.
fn return_to_market(world: &mut World, now: Time, slot: Slot, spot: Spot) {
    let instance = world.instances.get(slot);
    let (kind, zone) = (instance.kind, instance.zone);
    let types = &world.directory.types;
    let most = max_price(spot).unwrap_or(types.get(kind).price_per_second);
    if world.billing.spot.price(types, kind, zone, now) > most {
        return spot::await_price(world, now, slot, spot);
    }
    match start::start(world, now, slot) {
        Ok(()) => {}
        Err(_) => world.set_timer(now.after(RETRY), Timer::SpotWatch, slot),
    }
}
