//! Targets: the instances that a call names.

use crate::cloud::instances::reference::{Reference, Slot};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::AccountId;
use plimsoll_model::lifecycle::Trigger;
use plimsoll_model::transition::Transition;
use plimsoll_model::workload::call::Targets;
use plimsoll_model::workload::handles::Handle;

/// Returns the instances that a call means, in its order, whether they are still alive or not; `None` for a name that no
/// launch has used, or where there is no instance to draw. The list is `ApiState::targets`, to be put back after use.
pub fn resolve(world: &mut World, account: AccountId, targets: &Targets) -> Vec<Option<Reference>> {
    let mut found = std::mem::take(&mut world.api.targets);
    found.clear();
    if let Targets::Drawn { draw, count } = *targets {
        found.extend(world.instances.sample(account, draw, count).map(Some));
        if found.is_empty() {
            found.push(None);
        }
    }
    if let Targets::Awaited(number) = *targets {
        found.extend(awaited(world, number).iter().copied().map(Some));
    }
    for &handle in targets.handles() {
        match world.api.handles.instances.of(handle) {
            [] => found.push(None),
            named => found.extend(named.iter().copied().map(Some)),
        }
    }
    found
}

/// Returns the instances that a waiter waits for.
pub fn awaited(world: &World, number: u32) -> &[Reference] {
    let waiters = world.control.as_ref().and_then(|control| control.waiters.as_ref());
    waiters.expect("clients wait").instances_of(number)
}

/// Returns the first instance of a name, alive and the account's.
pub fn first(world: &World, account: AccountId, handle: Handle) -> Result<Slot, FailureReason> {
    let alive =
        world.api.handles.instances.of(handle).first().filter(|reference| reference.account == account);
    let slot = alive.and_then(|reference| world.instances.resolve(*reference));
    slot.ok_or(Failure::InvalidInstanceIdNotFound.into())
}

/// Returns the instance of a call that changes its resources, if its state allows that.
pub fn changeable(world: &World, account: AccountId, instance: Handle) -> Result<Slot, FailureReason> {
    let slot = first(world, account, instance)?;
    match world.instances.get(slot).state.on(Trigger::ModifyAttribute) {
        Transition::Refused(failure) => Err(failure.into()),
        _ => Ok(slot),
    }
}
