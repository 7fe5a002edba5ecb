//! Launches in progress: instances that were requested and have no host yet. Clients see them as pending.

use crate::cloud::world::World;
use plimsoll_model::control_plane::plane::path::Route;
use plimsoll_model::workload::call::{Action, Call, Targets};

/// Notes a launch whose instances have a name.
#[inline]
pub fn note_launching(world: &mut World, call: &Call) {
    let Action::Launch(launch) = &call.action else { return };
    if let Some(handle) = launch.handle {
        *world.control_mut().launching.entry(handle).or_insert(0) += 1;
    }
}

/// Notes that such a launch has taken effect, or is refused for good.
#[inline]
pub fn note_launched(world: &mut World, call: &Call) {
    let Action::Launch(launch) = &call.action else { return };
    let Some(handle) = launch.handle else { return };
    let launching = &mut world.control_mut().launching;
    let left = launching.get_mut(&handle).expect("the launch was noted when it was called for");
    *left -= 1;
    if *left == 0 {
        launching.remove(&handle);
    }
}

/// Returns the number of handles of a call whose instances are still being launched.
pub fn launching_among(world: &World, targets: &Targets) -> usize {
    let Some(control) = &world.control else { return 0 };
    if control.launching.is_empty() {
        return 0;
    }
    let is_launching = |handle: &&_| {
        control.launching.contains_key(*handle) && world.api.handles.instances.of(**handle).is_empty()
    };
    targets.handles().iter().filter(is_launching).count()
}

/// Returns whether the instances of a call are not yet launched when a worker handles it.
pub fn is_early(world: &World, call: &Call) -> bool {
    let is_for_a_worker = Route::of(call.action.operation()) == Route::Instance;
    is_for_a_worker && call.action.targets().is_some_and(|targets| launching_among(world, targets) > 0)
}
