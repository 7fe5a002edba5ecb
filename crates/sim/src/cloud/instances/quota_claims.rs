//! Claims of instances and other resources on the quotas of their account. Where no quota is set nothing is counted.

use crate::cloud::allocation::instance_types::TypeInfo;
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Time, TypeId};
use plimsoll_model::quota::{Claim, Quota};
use plimsoll_model::workload::call::{self, LaunchOptions};

/// Returns the claim of an instance of a type on quotas.
pub fn claim(kind: &TypeInfo, options: Option<&LaunchOptions>) -> Claim {
    let spot = options.is_some_and(|options| options.spot.is_some());
    // On a dedicated host the host counts (EC2 user guide, "On-Demand Instance quotas").
    let is_on_dedicated_host = options.is_some_and(|options| options.tenancy == call::LaunchTenancy::Host);
    let group = kind.family_group.filter(|_| !is_on_dedicated_host);
    Claim { group, vcpu_milli: kind.amounts.vcpu_milli(), spot }
}

/// Counts an instance that becomes pending against the account's quotas.
#[cold]
pub fn take(world: &mut World, now: Time, account: AccountId, claim: Claim) -> Result<(), FailureReason> {
    if world.quotas.is_unlimited() {
        return Ok(());
    }
    world.quotas.meet(world.directory.accounts());
    world.quotas.take_instance(now, account, claim)
}

/// Counts `count` slots of a reservation, each as an instance; all or none.
#[cold]
pub fn take_slots(
    world: &mut World,
    now: Time,
    account: AccountId,
    claim: Claim,
    count: u32,
) -> Result<(), FailureReason> {
    if world.quotas.is_unlimited() {
        return Ok(());
    }
    world.quotas.meet(world.directory.accounts());
    world.quotas.take_instances(now, account, claim, count)
}

/// Takes back the claims of `count` slots.
#[cold]
pub fn undo_slots(world: &mut World, account: AccountId, claim: Claim, count: u32) {
    (0..count).for_each(|_| undo(world, account, claim));
}

/// Takes back the claim of an instance that is not launched.
#[cold]
pub fn undo(world: &mut World, account: AccountId, claim: Claim) {
    if !world.quotas.is_unlimited() {
        world.quotas.undo_instance(account, claim);
    }
}

/// Gives back the claim of an instance.
#[cold]
pub fn give(world: &mut World, now: Time, slot: Slot) {
    let claim = claim_of(world, slot);
    world.quotas.give_instance(now, world.instances.get(slot).account, claim);
}

/// Returns the claim of an instance on quotas.
pub fn claim_of(world: &World, slot: Slot) -> Claim {
    let instance = world.instances.get(slot);
    let options = world.instances.extras.get(slot).and_then(|extras| extras.options.as_deref());
    claim(world.types.of(instance.kind), options)
}

/// Returns the claim of a free slot on quotas: that of an instance in it.
pub fn claim_of_slot(world: &World, kind: TypeId) -> Claim {
    claim(world.types.of(kind), None)
}

/// Creates a resource within a quota of the account; where it cannot be created, its claim is taken back.
pub fn create_within<T>(
    world: &mut World,
    account: AccountId,
    quota: Quota,
    amount: usize,
    make: impl FnOnce(&mut World) -> Result<T, FailureReason>,
) -> Result<T, FailureReason> {
    if world.quotas.is_unlimited() {
        return make(world);
    }
    world.quotas.meet(world.directory.accounts());
    world.quotas.take(account, quota, amount as u64)?;
    make(world).inspect_err(|_| world.quotas.give(account, quota, amount as u64))
}

/// Reduces the count of a quota of an account.
pub fn uncount(world: &mut World, account: AccountId, quota: Quota, amount: usize) {
    if !world.quotas.is_unlimited() {
        world.quotas.give(account, quota, amount as u64);
    }
}
