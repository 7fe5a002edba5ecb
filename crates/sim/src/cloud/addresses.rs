//! Elastic addresses, further interfaces, secondary addresses and prefixes.

use super::Cloud;
use super::place::{Order, Placement};
use super::reference::Slot;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::network::{self, AddressRange, Association, Holder, InterfaceRef};
use plimsoll_model::quota::Quota;
use plimsoll_model::transition::Transition;
use plimsoll_model::workload::call::LaunchOptions;
use plimsoll_model::workload::handles::{AddressHandle, Handle, InterfaceHandle};
use plimsoll_model::workload::resource_call::AddressCount;

impl Cloud {
    pub(super) fn allocate_address(
        &mut self,
        now: Time,
        account: AccountId,
        name: AddressHandle,
    ) -> Result<(), FailureReason> {
        let id = self.within_quota(account, Quota::ElasticAddresses, 1, |cloud| {
            cloud.network.allocate_elastic(now, account, &mut cloud.billing.usage)
        })?;
        self.names.addresses.set(name.0, id);
        Ok(())
    }

    pub(super) fn release_address(
        &mut self,
        now: Time,
        account: AccountId,
        name: AddressHandle,
    ) -> Result<(), FailureReason> {
        let id = self.names.addresses.find(name.0, Failure::InvalidAllocationIdNotFound)?;
        self.network.release_elastic(now, account, id, &mut self.billing.usage)?;
        self.uncount(account, Quota::ElasticAddresses, 1);
        Ok(())
    }

    /// An instance that has a public address of its own gives it back: it has this one now.
    pub(super) fn associate_address(
        &mut self,
        now: Time,
        account: AccountId,
        name: AddressHandle,
        instance: Handle,
        allow_reassociation: bool,
    ) -> Result<(), FailureReason> {
        let address = self.names.addresses.find(name.0, Failure::InvalidAllocationIdNotFound)?;
        let slot = self.changeable(account, instance)?;
        let of = self.instances.get(slot);
        let (id, auto_assigned) = (of.id, of.has_public_address);
        let holder = Holder::Instance(id);
        let association = Association { address, holder, allow_reassociation, auto_assigned };
        let former = self.network.associate(now, account, association, &mut self.billing.usage)?;
        self.instances.get_mut(slot).has_public_address = false;
        self.holders.insert(id, self.instances.reference(slot));
        self.note_belongings(slot);
        self.bereave(now, former)
    }

    pub(super) fn disassociate_address(
        &mut self,
        now: Time,
        account: AccountId,
        name: AddressHandle,
    ) -> Result<(), FailureReason> {
        let id = self.names.addresses.find(name.0, Failure::InvalidAssociationIdNotFound)?;
        let former = self.network.disassociate(now, account, id)?;
        self.bereave(now, former)
    }

    /// A running instance that has lost its elastic address gets a public one of its own again, if it wants
    /// one and the pool has any left (EC2 user guide, "Elastic IP address basics").
    fn bereave(&mut self, now: Time, former: Option<Holder>) -> Result<(), FailureReason> {
        let Some(Holder::Instance(id)) = former else { return Ok(()) };
        let slot = self.holders.remove(&id).and_then(|reference| self.instances.resolve(reference));
        let Some(slot) = slot else { return Ok(()) };
        let instance = self.instances.get(slot);
        let (account, wants) = (instance.account, instance.wants_public_address);
        let has_place = matches!(instance.state, State::Pending | State::Running);
        if wants && has_place && self.network.may_auto_assign(id) {
            let assigned = self.network.assign_public(now, account, &mut self.billing.usage).is_ok();
            self.instances.get_mut(slot).has_public_address = assigned;
        }
        Ok(())
    }

    pub(super) fn attach_interface(
        &mut self,
        account: AccountId,
        name: InterfaceHandle,
        instance: Handle,
    ) -> Result<(), FailureReason> {
        let id = self.names.interfaces.find(name.0, Failure::InvalidNetworkInterfaceIdNotFound)?;
        let slot = self.changeable(account, instance)?;
        self.network.attach_interface(&self.network_view(slot), id, false)?;
        self.note_belongings(slot);
        Ok(())
    }

    /// Adds addresses and prefixes to the first interface of an instance, or takes them away; all or nothing.
    pub(super) fn change_addresses(
        &mut self,
        now: Time,
        account: AccountId,
        instance: Handle,
        change: AddressCount,
        adds: bool,
    ) -> Result<(), FailureReason> {
        let slot = self.changeable(account, instance)?;
        let view = self.network_view(slot);
        if adds {
            self.add_addresses(now, &view, change)
        } else {
            self.take_addresses_away(now, &view, change)
        }?;
        self.note_belongings(slot);
        self.know_addresses(slot);
        Ok(())
    }

    fn add_addresses(
        &mut self,
        now: Time,
        instance: &network::Instance,
        AddressCount { addresses, prefixes }: AddressCount,
    ) -> Result<(), FailureReason> {
        let first = InterfaceRef::First(instance);
        let none_asked = addresses == 0 && prefixes == 0;
        if addresses > 0 || none_asked {
            self.network.assign(now, first, AddressRange::Single, small(addresses)?)?;
        }
        if prefixes > 0 {
            let assigned = self.network.assign(now, first, AddressRange::Prefix, small(prefixes)?);
            assigned.inspect_err(|_| {
                if addresses > 0 {
                    let undone = self.network.unassign(now, first, AddressRange::Single, addresses as u16);
                    undone.expect("they were just assigned");
                }
            })?;
        }
        Ok(())
    }

    fn take_addresses_away(
        &mut self,
        now: Time,
        instance: &network::Instance,
        AddressCount { addresses, prefixes }: AddressCount,
    ) -> Result<(), FailureReason> {
        let first = InterfaceRef::First(instance);
        let has = |range| self.network.first_interface_ranges(instance.id, range).len() as u32;
        if addresses > has(AddressRange::Single) || prefixes > has(AddressRange::Prefix) {
            return Err(Failure::InvalidParameterValue.into());
        }
        for (range, count) in [(AddressRange::Single, addresses), (AddressRange::Prefix, prefixes)] {
            if count > 0 {
                self.network.unassign(now, first, range, count as u16)?;
            }
        }
        Ok(())
    }

    /// Returns what a launch asks of the network beside its first address.
    pub(super) fn equip_network(
        &mut self,
        order: &Order,
        options: &LaunchOptions,
        placement: &Placement,
    ) -> Result<(), FailureReason> {
        let (now, account) = (order.now, order.account);
        let limits = self.directory.types.get(order.launch.kind).interfaces;
        let Placement { id, zone, subnet, .. } = *placement;
        let instance = network::Instance { id, account, zone, subnet, limits };
        let count = AddressCount { addresses: options.addresses, prefixes: options.prefixes };
        if count != AddressCount::default() {
            self.add_addresses(now, &instance, count)?;
        }
        for _ in 0..options.interfaces {
            let interface = self.network.create_interface(now, account, subnet)?;
            let attached = self.network.attach_interface(&instance, interface, true);
            attached.inspect_err(|_| {
                let deleted = self.network.delete_interface(now, account, interface);
                deleted.expect("it is attached to nothing");
            })?;
        }
        Ok(())
    }

    /// The instance of a call that changes what belongs to it, if its state allows that.
    pub(super) fn changeable(&self, account: AccountId, instance: Handle) -> Result<Slot, FailureReason> {
        let slot = self.first_named(account, instance)?;
        match self.instances.get(slot).state.on(Trigger::ModifyAttribute) {
            Transition::Refused(failure) => Err(failure.into()),
            _ => Ok(slot),
        }
    }

    /// An instance as the network sees it.
    pub(super) fn network_view(&self, slot: Slot) -> network::Instance {
        let instance = self.instances.get(slot);
        network::Instance {
            id: instance.id,
            account: instance.account,
            zone: instance.zone,
            subnet: instance.subnet,
            limits: self.directory.types.get(instance.kind).interfaces,
        }
    }
}

/// A number of addresses as the network counts them; no subnet has more.
fn small(count: u32) -> Result<u16, FailureReason> {
    u16::try_from(count).map_err(|_| Failure::InvalidParameterValue.into())
}
