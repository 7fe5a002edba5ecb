//! Prefetching of the records that the next events and calls will need. Changes nothing.

use crate::cloud::control::prefetch;
use crate::cloud::instances::reference::Slot;
use crate::cloud::simulation::event::Event;
use crate::cloud::simulation::timers::BATCH;
use crate::cloud::world::World;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_model::workload::call::{Action, Call, Launch};

/// Loads the records that the events after the next batch will need. Changes nothing.
#[inline]
pub fn prefetch_batch(world: &World) {
    for event in world.timers.queue.ahead(2 * BATCH..3 * BATCH) {
        match event {
            Event::Instance(_, _, slot) => prefetch(world.instances.get(slot)),
            Event::Control(alarm, number) => prefetch::prefetch_for_timer(world, alarm, number),
            _ => {}
        }
    }
    for event in world.timers.queue.ahead(BATCH..2 * BATCH) {
        match event {
            Event::Instance(_, _, slot) => prefetch_around(world, slot),
            Event::Control(alarm, number) => prefetch::prefetch_further_for_timer(world, alarm, number),
            _ => {}
        }
    }
}

/// Loads the records that an instance points to. Changes nothing.
#[inline]
fn prefetch_around(world: &World, slot: Slot) {
    let instance = world.instances.get(slot);
    if instance.has_host {
        prefetch(&world.hosts.fleet.hosts()[instance.host.index()]);
        world.network.prefetch_release(instance.subnet, instance.account, instance.address);
    }
}

/// Loads the records that the next call will likely need, and the place of the instance that the one after it means, whose
/// address takes two reads of memory to find. Changes nothing.
#[inline]
pub fn prefetch_calls(world: &World, next: Option<&Call>) {
    let Some(call) = next else { return };
    if let Some(control) = &world.control {
        control.prefetch_buckets(call);
    }
    if let Action::Launch(launch) = &call.action {
        prefetch_host(world, launch);
    }
    if let Some((account, draw)) = world.demand.outlook() {
        world.instances.prefetch_sample(account, draw);
    }
}

/// Loads the host that a launch would get if it came now. Changes nothing.
#[inline]
fn prefetch_host(world: &World, launch: &Launch) {
    let Some(Some(kind)) = world.types.known.get(launch.kind.index()) else { return };
    if let Some(host) = world.hosts.placer.likely(kind.shape, launch.zone.unwrap_or_default()) {
        prefetch(&world.hosts.fleet.hosts()[host.index()]);
    }
}
