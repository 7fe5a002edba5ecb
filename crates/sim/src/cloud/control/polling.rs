//! Polling: after a launch a client asks with `describe` until its instances run, as the waiter of its SDK does. Each poll is a call like
//! any other.
//!
//! A waiter begins when the launch has taken effect, and the delay between two polls counts from the answer to the first of them.

use crate::cloud::control::waiters::Waiters;
use crate::cloud::instances::reference::Reference;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::clients::waiter::WaiterVerdict;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, Call, Query, Targets};

fn waiters(world: &mut World) -> &mut Waiters {
    world.control_mut().waiters.as_mut().expect("clients wait")
}

/// Begins to wait for the instances of a launch.
pub fn begin(world: &mut World, now: Time, account: AccountId, instances: Vec<Reference>) {
    waiters(world).begin(now, account, instances);
}

/// Handles the timer of the next poll.
pub fn on_timer(world: &mut World, number: u32) {
    waiters(world).poll(number);
}

/// Takes in that a poll was answered: decides whether the waiter is done.
pub fn answered(world: &mut World, now: Time, number: u32) {
    let instances = waiters(world).instances_of(number).to_vec();
    let state = |reference: Reference| {
        let slot = world.instances.resolve(reference);
        slot.map_or(State::Terminated, |slot| world.instances.get(slot).state)
    };
    decide(world, now, number, WaiterVerdict::of(instances.into_iter().map(state).collect::<Vec<State>>()));
}

/// Takes in that a poll was refused for good: the waiter fails.
pub fn refused(world: &mut World, now: Time, number: u32) {
    decide(world, now, number, WaiterVerdict::Fails);
}

fn decide(world: &mut World, now: Time, number: u32, verdict: WaiterVerdict) {
    let next = waiters(world).decide(now, number, verdict);
    if let Some(at) = next.filter(|at| *at < Time::NEVER) {
        world.timers.queue.push(at, Rank::Timer as u8, Event::Waiter(number));
    }
}

/// Returns the number of the waiter whose poll a call is.
pub fn of_call(call: &Call) -> Option<u32> {
    match &call.action {
        Action::Describe(Query { targets: Some(Targets::Awaited(number)), .. }) => Some(*number),
        _ => None,
    }
}
