//! Calls about elastic addresses, network interfaces and private addresses.

use super::super::columns::Column;
use super::super::row::TraceRow;
use crate::workload::handles::HandleBook;
use crate::workload::handles::{AddressHandle, Handle, InterfaceHandle};
use crate::workload::resource_call::{AddressCount, ResourceCall};

/// Reads `allocate-address`.
pub fn allocate_address(row: &mut TraceRow) -> Option<ResourceCall> {
    address(row).map(ResourceCall::AllocateAddress)
}

/// Reads `associate-address`. An address that another instance has moves, unless `reassociate` is false
/// (`AssociateAddress`, "AllowReassociation": "Reassociation is automatic").
pub fn associate_address(row: &mut TraceRow) -> Option<ResourceCall> {
    let (address, instance) = (address(row), instance(row));
    let reassociate = row.flag(Column::Reassociate).unwrap_or(true);
    Some(ResourceCall::AssociateAddress(address?, instance?, reassociate))
}

/// Reads `disassociate-address`.
pub fn disassociate_address(row: &mut TraceRow) -> Option<ResourceCall> {
    address(row).map(ResourceCall::DisassociateAddress)
}

/// Reads `release-address`.
pub fn release_address(row: &mut TraceRow) -> Option<ResourceCall> {
    address(row).map(ResourceCall::ReleaseAddress)
}

/// Reads `create-interface`.
pub fn create_interface(row: &mut TraceRow) -> Option<ResourceCall> {
    let (interface, subnet) = (interface(row), row.subnet());
    Some(ResourceCall::CreateInterface(interface?, subnet?))
}

/// Reads `attach-interface`.
pub fn attach_interface(row: &mut TraceRow) -> Option<ResourceCall> {
    let (interface, instance) = (interface(row), instance(row));
    Some(ResourceCall::AttachInterface(interface?, instance?))
}

/// Reads `detach-interface`.
pub fn detach_interface(row: &mut TraceRow) -> Option<ResourceCall> {
    interface(row).map(ResourceCall::DetachInterface)
}

/// Reads `delete-interface`.
pub fn delete_interface(row: &mut TraceRow) -> Option<ResourceCall> {
    interface(row).map(ResourceCall::DeleteInterface)
}

/// Reads `assign-addresses`.
pub fn assign_addresses(row: &mut TraceRow) -> Option<ResourceCall> {
    Some(match (addressed(row)?, number(row)) {
        (Addressed::Instance(instance), number) => ResourceCall::AssignAddresses(instance, number),
        (Addressed::Interface(interface), number) => {
            ResourceCall::AssignInterfaceAddresses(interface, number)
        }
    })
}

/// Reads `unassign-addresses`.
pub fn unassign_addresses(row: &mut TraceRow) -> Option<ResourceCall> {
    Some(match (addressed(row)?, number(row)) {
        (Addressed::Instance(instance), number) => ResourceCall::UnassignAddresses(instance, number),
        (Addressed::Interface(interface), number) => {
            ResourceCall::UnassignInterfaceAddresses(interface, number)
        }
    })
}

/// Interface to which addresses are assigned, or from which they are taken.
enum Addressed {
    /// First interface of an instance.
    Instance(Handle),
    /// Interface by its own name.
    Interface(InterfaceHandle),
}

/// Reads the interface of a call about addresses, which a row names by one of two columns.
fn addressed(row: &mut TraceRow) -> Option<Addressed> {
    match (instance(row), interface(row)) {
        (Some(instance), None) => Some(Addressed::Instance(instance)),
        (None, Some(interface)) => Some(Addressed::Interface(interface)),
        (Some(_), Some(_)) => {
            row.wrong(Column::Interface, "is given beside an `instance`, whose first interface that is");
            None
        }
        (None, None) => {
            row.add_to_row("found no interface, expected an `instance`, for its first, or an `interface`");
            None
        }
    }
}

fn address(row: &mut TraceRow) -> Option<AddressHandle> {
    row.handle(Column::Address, HandleBook::address)
}

fn interface(row: &mut TraceRow) -> Option<InterfaceHandle> {
    row.handle(Column::Interface, HandleBook::interface)
}

fn instance(row: &mut TraceRow) -> Option<Handle> {
    row.handle(Column::Instance, HandleBook::instance)
}

fn number(row: &mut TraceRow) -> AddressCount {
    let addresses = row.number(Column::Addresses).unwrap_or(0);
    let prefixes = row.number(Column::Prefixes).unwrap_or(0);
    if row.is_sound() && (addresses, prefixes) == (0, 0) {
        row.add_to_row("found no addresses, expected `addresses` or `prefixes` above 0");
    }
    AddressCount { addresses, prefixes }
}
