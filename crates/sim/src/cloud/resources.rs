//! Calls about what is no instance, each handed to the part it belongs to.

use super::Cloud;
use super::calls::Refused;
use super::ledger::{Happening, NO_HOST};
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, InstanceId, Time};
use plimsoll_model::placement::reservations::Terms;
use plimsoll_model::workload::resource_call::ResourceCall;

impl Cloud {
    /// Answers a call about a resource.
    pub(super) fn on_resource(&mut self, now: Time, account: AccountId, call: &ResourceCall) {
        let operation = call.operation();
        let answer = self.carry_out(now, account, call);
        if answer.is_ok() {
            let what = (u64::from(operation as u8) << 32) | u64::from(account.0);
            self.ledger.happened(now, Happening::Granted, InstanceId(what), NO_HOST);
            self.ledger.took(operation, self.late());
        }
        self.answer(now, operation, account, answer.map_err(Refused::outright));
    }

    fn carry_out(&mut self, now: Time, account: AccountId, call: &ResourceCall) -> Result<(), FailureReason> {
        use ResourceCall::*;
        match call {
            CreateSecurityGroup(group, vpc) => self.create_security_group(account, *group, vpc),
            DeleteSecurityGroup(group) => self.delete_security_group(account, *group),
            Authorize(group, rule) => self.change_rule(account, *group, rule, true),
            Revoke(group, rule) => self.change_rule(account, *group, rule, false),
            Probe { from, to, packet } => self.probe(now, account, *from, *to, *packet),
            AllocateAddress(address) => self.allocate_address(now, account, *address),
            AssociateAddress(address, instance, again) => {
                self.associate_address(now, account, *address, *instance, *again)
            }
            DisassociateAddress(address) => self.disassociate_address(now, account, *address),
            ReleaseAddress(address) => self.release_address(now, account, *address),
            CreateInterface(interface, subnet) => {
                let id = self.network.create_interface(now, account, *subnet)?;
                self.names.interfaces.set(interface.0, id);
                Ok(())
            }
            AttachInterface(interface, instance) => self.attach_interface(account, *interface, *instance),
            DetachInterface(interface) => {
                let unknown = Failure::InvalidNetworkInterfaceIdNotFound;
                let id = self.names.interfaces.find(interface.0, unknown)?;
                self.network.detach_interface(account, id).map(|_| ())
            }
            DeleteInterface(interface) => {
                let unknown = Failure::InvalidNetworkInterfaceIdNotFound;
                let id = self.names.interfaces.find(interface.0, unknown)?;
                self.network.delete_interface(now, account, id)
            }
            AssignAddresses(instance, count) => self.change_addresses(now, account, *instance, *count, true),
            UnassignAddresses(instance, count) => {
                self.change_addresses(now, account, *instance, *count, false)
            }
            CreateVolume { volume, zone, spec, snapshot, multi_attach } => {
                self.create_volume(now, account, (*volume, *zone), (*spec, *multi_attach), *snapshot)
            }
            AttachVolume { volume, instance, device } => {
                self.attach_volume(now, account, *volume, *instance, device)
            }
            DetachVolume(volume, instance) => self.detach_volume(now, account, *volume, *instance),
            DeleteVolume(volume) => self.delete_volume(now, account, *volume),
            ModifyVolume(volume, spec) => self.modify_volume(now, account, *volume, *spec),
            CreateSnapshot(snapshot, volume) => self.create_snapshot(now, account, *snapshot, *volume),
            DeleteSnapshot(snapshot) => self.delete_snapshot(now, account, *snapshot),
            ArchiveSnapshot(snapshot) => self.archive_snapshot(now, account, *snapshot),
            RestoreSnapshot(snapshot) => self.restore_snapshot(now, account, *snapshot),
            RegisterImage { image, snapshot, size_gib, public } => {
                self.register_image(now, account, *image, (*snapshot, *size_gib), *public)
            }
            DeregisterImage(image) => self.deregister_image(now, account, *image),
            CreatePlacementGroup { group, strategy, partitions } => {
                self.create_placement_group(account, *group, *strategy, *partitions)
            }
            DeletePlacementGroup(group) => self.delete_placement_group(account, *group),
            AllocateHost(host, zone, terms) => self.allocate_host(now, account, (*host, *zone), terms),
            ReleaseHost(host) => self.release_host(now, account, *host),
            CreateReservation { reservation, kind, zone, count, open, until } => {
                let terms = Terms { kind: *kind, count: *count, is_open: *open };
                self.create_reservation(now, account, (*reservation, *zone, *until), terms)
            }
            CancelReservation(reservation) => self.cancel_reservation(now, account, *reservation),
        }
    }
}
