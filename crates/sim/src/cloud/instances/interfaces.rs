//! Interfaces and addresses of instances.

use crate::cloud::api::launch_context::{Allocation, LaunchContext};
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::Time;
use plimsoll_model::network::{self, AddressRange, InterfaceRef};
use plimsoll_model::workload::call::LaunchOptions;
use plimsoll_model::workload::resource_call::AddressCount;

/// Attaches the interfaces and addresses that a launch asks for beside its first.
pub fn attach_for_launch(
    world: &mut World,
    context: &LaunchContext,
    options: &LaunchOptions,
    allocation: &Allocation,
) -> Result<(), FailureReason> {
    let (now, account) = (context.now, context.account);
    let limits = world.directory.types.get(context.launch.kind).interfaces;
    let Allocation { id, zone, subnet, .. } = *allocation;
    let instance = network::InterfaceOwner { id, account, zone, subnet, limits };
    let count = AddressCount { addresses: options.addresses, prefixes: options.prefixes };
    if count != AddressCount::default() {
        add_addresses(world, now, InterfaceRef::First(&instance), count)?;
    }
    for _ in 0..options.interfaces {
        let interface = world.network.create_interface(now, account, subnet)?;
        let attached = world.network.attach_interface(&instance, interface, true);
        attached.inspect_err(|_| {
            let deleted = world.network.delete_interface(now, account, interface);
            deleted.expect("it is attached to nothing");
        })?;
    }
    Ok(())
}

/// Assigns addresses and prefixes to an interface; all or nothing.
pub fn add_addresses(
    world: &mut World,
    now: Time,
    on: InterfaceRef<'_>,
    AddressCount { addresses, prefixes }: AddressCount,
) -> Result<(), FailureReason> {
    // Both are read before the first is assigned.
    let (addresses, prefixes) = (small(addresses)?, small(prefixes)?);
    let none_asked = addresses == 0 && prefixes == 0;
    if addresses > 0 || none_asked {
        world.network.assign(now, on, AddressRange::Single, addresses)?;
    }
    if prefixes > 0 {
        let assigned = world.network.assign(now, on, AddressRange::Prefix, prefixes);
        assigned.inspect_err(|_| {
            if addresses > 0 {
                let undone = world.network.unassign(now, on, AddressRange::Single, addresses);
                undone.expect("they were just assigned");
            }
        })?;
    }
    Ok(())
}

/// Returns an instance as the network sees it.
pub fn network_view(world: &World, slot: Slot) -> network::InterfaceOwner {
    let instance = world.instances.get(slot);
    network::InterfaceOwner {
        id: instance.id,
        account: instance.account,
        zone: instance.zone,
        subnet: instance.subnet,
        limits: world.directory.types.get(instance.kind).interfaces,
    }
}

/// Returns a number of addresses as the network counts them; no subnet has more.
fn small(count: u32) -> Result<u16, FailureReason> {
    u16::try_from(count).map_err(|_| Failure::InvalidParameterValue.into())
}
