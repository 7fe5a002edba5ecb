//! Trace of the events of a run, in the order in which the runner dispatches them.

use crate::cloud::observe::dispatched::{Dispatch, Dispatched};
use crate::cloud::observe::observation::Observation;
use crate::cloud::simulation::event::Event;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::Call;

/// Reports an event before it takes effect.
#[cold]
pub fn event(world: &mut World, number: u64, at: Time, event: Event) {
    let instance = match event {
        Event::Instance(_, _, slot) => {
            let instance = world.instances.get(slot);
            (instance.state != State::Terminated).then_some(instance.id)
        }
        _ => None,
    };
    push(world, Dispatched { number, at, what: Dispatch::Event(event, instance) });
}

/// Reports a call before it takes effect.
#[cold]
pub fn call(world: &mut World, number: u64, at: Time, call: &Call) {
    push(world, Dispatched { number, at, what: Dispatch::Call(Box::new(call.clone())) });
}

fn push(world: &mut World, dispatched: Dispatched) {
    world.recorder.outbox.push(Observation::Dispatched(dispatched));
}
