//! What calls to the control plane and its alarms will look at, loaded before. Nothing here changes anything.

use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_model::control_plane::job::JobId;
use plimsoll_model::control_plane::plane::path::RecordKey;
use plimsoll_model::control_plane::plane::{Plane, PlaneTimer};
use plimsoll_model::workload::call::{Call, Targets};

/// An alarm rings soon. The end of a service, which most of them are about, leads to the request, to the record of
/// what it is about, to the cache, and to the instance itself.
#[inline]
pub fn prefetch_for_timer(world: &World, timer: PlaneTimer, number: u32) {
    let Some(job) = served(timer, number) else { return };
    plane(world).prefetch_request(job);
    let record = plane(world).record_of(job);
    plane(world).prefetch_places(record);
    if let RecordKey::Instance { slot, .. } = record {
        prefetch(world.instances.get(Slot(slot)));
    }
}

/// The same a little later: what was loaded then says where to look next.
#[inline]
pub fn prefetch_further_for_timer(world: &World, timer: PlaneTimer, number: u32) {
    let Some(job) = served(timer, number) else { return };
    plane(world).prefetch_cached(plane(world).record_of(job));
    if let Some(call) = plane(world).call_of(job) {
        prefetch_targets(world, call);
    }
}

fn plane(world: &World) -> &Plane {
    &world.control.as_ref().expect("there is a control plane").plane
}

/// The job whose service ends, if that is what an alarm is about.
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
