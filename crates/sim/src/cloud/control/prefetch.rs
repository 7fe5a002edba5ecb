//! Prefetching of the records that calls to the control plane and its timers will need. Changes nothing.

use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_model::control_plane::job::JobId;
use plimsoll_model::control_plane::plane::path::RecordKey;
use plimsoll_model::control_plane::plane::{Plane, PlaneTimer};
use plimsoll_model::workload::call::{Call, Targets};

/// Loads records for a timer that fires soon. Most timers end a service, which leads to the request, to its record, to the
/// cache, and to the instance.
#[inline]
pub fn prefetch_for_timer(world: &World, timer: PlaneTimer, number: u32) {
    let Some(job) = served(timer, number) else { return };
    if let RecordKey::Instance { slot, .. } = plane(world).prefetch_job(job) {
        prefetch(world.instances.get(Slot(slot)));
    }
}

/// Loads further records a little later: those loaded before name them.
#[inline]
pub fn prefetch_further_for_timer(world: &World, timer: PlaneTimer, number: u32) {
    let Some(job) = served(timer, number) else { return };
    if let Some(call) = plane(world).prefetch_cached(job) {
        prefetch_targets(world, call);
    }
}

fn plane(world: &World) -> &Plane {
    &world.control.as_ref().expect("there is a control plane").plane
}

/// Returns the job whose service a timer ends, if it does.
fn served(timer: PlaneTimer, number: u32) -> Option<JobId> {
    (timer == PlaneTimer::Served).then_some(JobId(number))
}

/// Loads the place of the instance that a call means by a draw. Changes nothing.
#[inline]
pub fn prefetch_targets(world: &World, call: &Call) {
    if let Some(&Targets::Drawn { draw, .. }) = call.action.targets() {
        world.instances.prefetch_sample(call.account, draw);
    }
}
