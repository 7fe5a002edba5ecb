//! Calls about elastic addresses, interfaces, secondary addresses and prefixes.

use crate::cloud::api::{security_groups, targets};
use crate::cloud::instances::{interfaces, quota_claims};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::{AddressRange, Association, Holder, InterfaceRef};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::handles::{AddressHandle, Handle, InterfaceHandle};
use plimsoll_model::workload::resource_call::AddressCount;

/// Carries out `AllocateAddress`.
pub fn allocate_address(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: AddressHandle,
) -> Result<(), FailureReason> {
    let id = quota_claims::create_within(world, account, Quota::ElasticAddresses, 1, |world| {
        world.network.allocate_elastic(now, account, &mut world.billing.usage)
    })?;
    world.api.handles.addresses.set(name.0, id);
    Ok(())
}

/// Carries out `ReleaseAddress`.
pub fn release_address(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: AddressHandle,
) -> Result<(), FailureReason> {
    let id = world.api.handles.addresses.find(name.0, Failure::InvalidAllocationIdNotFound)?;
    world.network.release_elastic(now, account, id, &mut world.billing.usage)?;
    quota_claims::uncount(world, account, Quota::ElasticAddresses, 1);
    Ok(())
}

/// Associates an elastic address with an instance, which gives back its own public address if it has one.
pub fn associate_address(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: AddressHandle,
    instance: Handle,
    allow_reassociation: bool,
) -> Result<(), FailureReason> {
    let address = world.api.handles.addresses.find(name.0, Failure::InvalidAllocationIdNotFound)?;
    let slot = targets::changeable(world, account, instance)?;
    let of = world.instances.get(slot);
    if of.state == State::Pending {
        // EC2's answer, as reported: "The pending instance [...] is not in a valid state for this operation".
        return Err(Failure::InvalidInstanceId.into());
    }
    let (id, auto_assigned) = (of.id, of.has_public_address);
    let holder = Holder::Instance(id);
    let association = Association { address, holder, allow_reassociation, auto_assigned };
    let former = world.network.associate(now, account, association, &mut world.billing.usage)?;
    world.instances.get_mut(slot).has_public_address = false;
    world.instances.elastic_ip_holders.insert(id, world.instances.reference(slot));
    world.instances.ensure_extras(slot);
    reassign_public_address(world, now, former)
}

/// Carries out `DisassociateAddress`.
pub fn disassociate_address(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: AddressHandle,
) -> Result<(), FailureReason> {
    let id = world.api.handles.addresses.find(name.0, Failure::InvalidAssociationIdNotFound)?;
    let former = world.network.disassociate(now, account, id)?;
    reassign_public_address(world, now, former)
}

/// Assigns a public address to a running instance that has lost its elastic address, if it wants
/// one and the pool has any left (EC2 user guide, "Elastic IP address basics").
fn reassign_public_address(
    world: &mut World,
    now: Time,
    former: Option<Holder>,
) -> Result<(), FailureReason> {
    let Some(Holder::Instance(id)) = former else { return Ok(()) };
    let slot = world
        .instances
        .elastic_ip_holders
        .remove(&id)
        .and_then(|reference| world.instances.resolve(reference));
    let Some(slot) = slot else { return Ok(()) };
    let instance = world.instances.get(slot);
    let (account, wants) = (instance.account, instance.wants_public_address);
    let has_place = matches!(instance.state, State::Pending | State::Running);
    if wants && has_place && world.network.may_auto_assign(id) {
        let assigned = world.network.assign_public(now, account, &mut world.billing.usage).is_ok();
        world.instances.get_mut(slot).has_public_address = assigned;
    }
    Ok(())
}

/// Carries out `AttachNetworkInterface`.
pub fn attach_interface(
    world: &mut World,
    account: AccountId,
    name: InterfaceHandle,
    instance: Handle,
) -> Result<(), FailureReason> {
    let id = world.api.handles.interfaces.find(name.0, Failure::InvalidNetworkInterfaceIdNotFound)?;
    let slot = targets::changeable(world, account, instance)?;
    world.network.attach_interface(&interfaces::network_view(world, slot), id, false)?;
    world.instances.ensure_extras(slot);
    Ok(())
}

/// Adds addresses and prefixes to the first interface of an instance, or removes them; all or nothing.
pub fn change_addresses(
    world: &mut World,
    now: Time,
    account: AccountId,
    instance: Handle,
    change: AddressCount,
    adds: bool,
) -> Result<(), FailureReason> {
    let slot = targets::changeable(world, account, instance)?;
    let view = interfaces::network_view(world, slot);
    let first = InterfaceRef::First(&view);
    if adds {
        interfaces::add_addresses(world, now, first, change)
    } else {
        take_addresses_away(world, now, first, change)
    }?;
    world.instances.ensure_extras(slot);
    security_groups::sync_addresses(world, slot);
    Ok(())
}

/// Adds addresses and prefixes to a network interface, attached or not, or removes them; all or nothing.
pub fn change_interface_addresses(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: InterfaceHandle,
    (change, adds): (AddressCount, bool),
) -> Result<(), FailureReason> {
    let id = world.api.handles.interfaces.find(name.0, Failure::InvalidNetworkInterfaceIdNotFound)?;
    let on = InterfaceRef::Further(account, id);
    if adds {
        interfaces::add_addresses(world, now, on, change)
    } else {
        take_addresses_away(world, now, on, change)
    }
}

/// Unassigns addresses and prefixes of an interface; all or nothing.
fn take_addresses_away(
    world: &mut World,
    now: Time,
    on: InterfaceRef<'_>,
    AddressCount { addresses, prefixes }: AddressCount,
) -> Result<(), FailureReason> {
    let network = &world.network;
    let has = |range| match on {
        InterfaceRef::First(instance) => Ok(network.first_interface_ranges(instance.id, range).len() as u32),
        InterfaceRef::Further(account, id) => {
            let unknown = Failure::InvalidNetworkInterfaceIdNotFound;
            network.interface(account, id).map(|of| of.ranges(range).len() as u32).ok_or(unknown)
        }
    };
    if addresses > has(AddressRange::Single)? || prefixes > has(AddressRange::Prefix)? {
        return Err(Failure::InvalidParameterValue.into());
    }
    for (range, count) in [(AddressRange::Single, addresses), (AddressRange::Prefix, prefixes)] {
        if count > 0 {
            world.network.unassign(now, on, range, count as u16)?;
        }
    }
    Ok(())
}
