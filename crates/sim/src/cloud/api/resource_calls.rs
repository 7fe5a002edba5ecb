//! Calls about resources other than instances, each handed to its flow.

use crate::cloud::api::refused::Refused;
use crate::cloud::api::{address_calls, placement_calls, reservation_calls, security_groups, volume_calls};
use crate::cloud::observe::ledger::{DigestEvent, NO_HOST};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, InstanceId, Time};
use plimsoll_model::placement::reservations::Terms;
use plimsoll_model::workload::resource_call::ResourceCall;

/// Answers a call about a resource.
pub fn call(world: &mut World, now: Time, account: AccountId, call: &ResourceCall) {
    let operation = call.operation();
    let answer = dispatch(world, now, account, call);
    if answer.is_ok() {
        let what = (u64::from(operation as u8) << 32) | u64::from(account.0);
        world.recorder.ledger.digest(now, DigestEvent::Granted, InstanceId(what), NO_HOST);
        world.recorder.ledger.record_latency(operation, world.recorder.call_age);
    }
    world.recorder.answer(now, operation, account, answer.map_err(Refused::outright));
}

/// Hands a call to its flow.
fn dispatch(
    world: &mut World,
    now: Time,
    account: AccountId,
    call: &ResourceCall,
) -> Result<(), FailureReason> {
    use ResourceCall::*;
    match call {
        CreateSecurityGroup(group, vpc) => {
            security_groups::create_security_group(world, account, *group, vpc)
        }
        DeleteSecurityGroup(group) => security_groups::delete_security_group(world, account, *group),
        Authorize(group, rule) => security_groups::change_rule(world, account, *group, rule, true),
        Revoke(group, rule) => security_groups::change_rule(world, account, *group, rule, false),
        Probe { from, to, packet } => security_groups::probe(world, now, account, *from, *to, *packet),
        AllocateAddress(address) => address_calls::allocate_address(world, now, account, *address),
        AssociateAddress(address, instance, again) => {
            address_calls::associate_address(world, now, account, *address, *instance, *again)
        }
        DisassociateAddress(address) => address_calls::disassociate_address(world, now, account, *address),
        ReleaseAddress(address) => address_calls::release_address(world, now, account, *address),
        CreateInterface(interface, subnet) => {
            let id = world.network.create_interface(now, account, *subnet)?;
            world.api.handles.interfaces.set(interface.0, id);
            Ok(())
        }
        AttachInterface(interface, instance) => {
            address_calls::attach_interface(world, account, *interface, *instance)
        }
        DetachInterface(interface) => {
            let unknown = Failure::InvalidAttachmentIdNotFound;
            let id = world.api.handles.interfaces.find(interface.0, unknown)?;
            world.network.detach_interface(account, id).map(|_| ())
        }
        DeleteInterface(interface) => {
            let unknown = Failure::InvalidNetworkInterfaceIdNotFound;
            let id = world.api.handles.interfaces.find(interface.0, unknown)?;
            world.network.delete_interface(now, account, id)
        }
        AssignAddresses(instance, count) => {
            address_calls::change_addresses(world, now, account, *instance, *count, true)
        }
        UnassignAddresses(instance, count) => {
            address_calls::change_addresses(world, now, account, *instance, *count, false)
        }
        AssignInterfaceAddresses(interface, count) => {
            address_calls::change_interface_addresses(world, now, account, *interface, (*count, true))
        }
        UnassignInterfaceAddresses(interface, count) => {
            address_calls::change_interface_addresses(world, now, account, *interface, (*count, false))
        }
        CreateVolume { volume, zone, spec, snapshot, multi_attach } => volume_calls::create_volume(
            world,
            now,
            account,
            (*volume, *zone),
            (*spec, *multi_attach),
            *snapshot,
        ),
        AttachVolume { volume, instance, device } => {
            volume_calls::attach_volume(world, now, account, *volume, *instance, device)
        }
        DetachVolume(volume, instance) => {
            volume_calls::detach_volume(world, now, account, *volume, *instance)
        }
        DeleteVolume(volume) => volume_calls::delete_volume(world, now, account, *volume),
        ModifyVolume(volume, spec) => volume_calls::modify_volume(world, now, account, *volume, *spec),
        CreateSnapshot(snapshot, volume) => {
            volume_calls::create_snapshot(world, now, account, *snapshot, *volume)
        }
        DeleteSnapshot(snapshot) => volume_calls::delete_snapshot(world, now, account, *snapshot),
        ArchiveSnapshot(snapshot) => volume_calls::archive_snapshot(world, now, account, *snapshot),
        RestoreSnapshot(snapshot) => volume_calls::restore_snapshot(world, now, account, *snapshot),
        RegisterImage { image, snapshot, size_gib, public } => {
            volume_calls::register_image(world, now, account, *image, (*snapshot, *size_gib), *public)
        }
        DeregisterImage(image) => volume_calls::deregister_image(world, now, account, *image),
        CreatePlacementGroup { group, strategy, partitions } => {
            placement_calls::create_placement_group(world, account, *group, *strategy, *partitions)
        }
        DeletePlacementGroup(group) => placement_calls::delete_placement_group(world, account, *group),
        AllocateHosts(hosts, zone, terms) => {
            placement_calls::allocate_hosts(world, now, account, (hosts, *zone), terms)
        }
        ModifyHost(host, change) => placement_calls::modify_host(world, account, *host, change),
        ReleaseHost(host) => placement_calls::release_host(world, now, account, *host),
        CreateReservation { reservation, kind, zone, count, open, until } => {
            let terms = Terms { kind: *kind, count: *count, is_open: *open, until: *until };
            reservation_calls::create_reservation(world, now, account, (*reservation, *zone), terms)
        }
        ModifyReservation(reservation, change) => {
            reservation_calls::modify_reservation(world, now, account, *reservation, *change)
        }
        CancelReservation(reservation) => {
            reservation_calls::cancel_reservation(world, now, account, *reservation)
        }
    }
}
