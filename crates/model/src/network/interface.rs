//! Network interfaces beside the first one of an instance: kept while it is stopped, given back at its end.
//!
//! ```text
//! create ─▶ available ─attach─▶ in-use ─detach, or its instance ends─▶ available ─delete─▶ gone
//! in-use ─its instance ends, delete on termination─▶ gone
//! ```
//! Attaching and detaching take no time here: EC2's states of these names and device numbers are left
//! out. The first interface has no number: it is named by its instance.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::elastic::Holder;
use super::range::{AddressRange, InterfaceRef, Ranges};
use super::{NO_ADDRESS, Network};
use crate::transition::Transition;
use plimsoll_base::catalogue::InterfaceLimits;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, InstanceId, InterfaceId, SubnetId, Time, ZoneId};

/// State of an interface (`DescribeNetworkInterfaces`, "status").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InterfaceState {
    /// Not attached.
    Available,
    /// Attached to an instance.
    InUse,
}

names! { InterfaceState { Available = "available", InUse = "in-use" } }

impl InterfaceState {
    const fn on(self, trigger: Trigger) -> Transition<Option<InterfaceState>> {
        TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of an interface's transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trigger {
    Attach,
    Detach,
    Delete,
    /// Its instance ends, and it stays.
    InstanceEnds,
    /// Its instance ends, and it with it: "delete on termination".
    EndsWithInstance,
}

/// Table of legal transitions: a row for each trigger, a column for each state.
#[rustfmt::skip]
const TRANSITIONS: [[Transition<Option<InterfaceState>>; InterfaceState::ALL.len()]; 5] = {
    use InterfaceState::{Available, InUse};
    use Transition::{Never, Refused, To};
    const GONE: Transition<Option<InterfaceState>> = To(None);
    const IN_USE: Transition<Option<InterfaceState>> = Refused(Failure::InvalidNetworkInterfaceInUse);
    [
        //                       available                                    in-use
        /* attach             */ [To(Some(InUse)),                                  IN_USE],
        /* detach             */ [Refused(Failure::InvalidAttachmentIdNotFound), To(Some(Available))],
        /* delete             */ [GONE,                                       IN_USE],
        /* instance ends      */ [Never,                                      To(Some(Available))],
        /* ends with instance */ [Never,                                      GONE],
    ]
};

/// Facts about an instance that the network needs, from the owner of the instances.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceOwner {
    /// Its id.
    pub id: InstanceId,
    /// Its account.
    pub account: AccountId,
    /// Its zone.
    pub zone: ZoneId,
    /// The subnet of its first interface.
    pub subnet: SubnetId,
    /// Limits of its type; `None` for no limit.
    pub limits: Option<InterfaceLimits>,
}

/// An interface beside the first one of an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// Its account.
    pub account: AccountId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its first private address, as the offset from the subnet's first.
    pub address: u32,
    /// Attachment to an instance.
    pub attachment: Option<InterfaceAttachment>,
    ranges: Ranges,
}

/// Attachment of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InterfaceAttachment {
    /// The instance that has it.
    pub instance: InstanceId,
    /// True if it ends with the instance.
    pub delete_on_termination: bool,
}

impl Interface {
    /// Returns its state.
    pub fn state(&self) -> InterfaceState {
        if self.attachment.is_some() { InterfaceState::InUse } else { InterfaceState::Available }
    }

    /// Returns its secondary addresses or prefixes, by the offset of their first address, in the order of assignment.
    pub fn ranges(&self, range: AddressRange) -> &[u32] {
        self.ranges.of(range)
    }

    /// Attaches or detaches it, if the table allows it.
    fn step(
        &mut self,
        trigger: Trigger,
        attachment: Option<InterfaceAttachment>,
    ) -> Result<(), FailureReason> {
        let next = self.state().on(trigger).called(Some(self.state()))?;
        self.attachment = attachment;
        assert_eq!(next, Some(self.state()), "{trigger:?}");
        Ok(())
    }
}

/// Addresses and interfaces of an instance beside its first address, made when the first of them is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Holdings {
    account: AccountId,
    /// Subnet of the first interface.
    subnet: SubnetId,
    /// Limits of its type, as last given.
    limits: Option<InterfaceLimits>,
    /// Of the first interface.
    ranges: Ranges,
    /// Attached, in the order of attachment.
    interfaces: Vec<InterfaceId>,
}

/// All interfaces that have a number, and the further addresses of instances.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Interfaces {
    created: u32,
    further: BTreeMap<InterfaceId, Interface>,
    of_instance: BTreeMap<InstanceId, Holdings>,
}

impl Interfaces {
    /// Returns true if there are no interfaces and no instance holds anything.
    pub fn is_empty(&self) -> bool {
        self.further.is_empty() && self.of_instance.is_empty()
    }

    /// Returns the interface of an account; to other accounts it is unknown, as in EC2.
    pub fn find(&self, account: AccountId, id: InterfaceId) -> Result<&Interface, FailureReason> {
        let found = self.further.get(&id).filter(|interface| interface.account == account);
        found.ok_or(Failure::InvalidNetworkInterfaceIdNotFound.into())
    }

    fn find_mut(&mut self, account: AccountId, id: InterfaceId) -> Result<&mut Interface, FailureReason> {
        let found = self.further.get_mut(&id).filter(|interface| interface.account == account);
        found.ok_or(Failure::InvalidNetworkInterfaceIdNotFound.into())
    }

    /// Returns true if an instance has more than its first interface.
    pub fn has_further(&self, instance: InstanceId) -> bool {
        self.of_instance.get(&instance).is_some_and(|holdings| !holdings.interfaces.is_empty())
    }

    /// Returns what an instance holds, with the limits it has now.
    fn holdings(&mut self, instance: &InterfaceOwner) -> &mut Holdings {
        let holdings = self.of_instance.entry(instance.id).or_insert_with(|| Holdings {
            account: instance.account,
            subnet: instance.subnet,
            limits: instance.limits,
            ranges: Ranges::default(),
            interfaces: Vec::new(),
        });
        holdings.limits = instance.limits;
        holdings
    }

    /// Returns the secondary addresses or prefixes of an instance's first interface.
    pub fn ranges_of(&self, instance: InstanceId, range: AddressRange) -> &[u32] {
        self.of_instance.get(&instance).map_or(&[], |holdings| holdings.ranges.of(range))
    }

    /// Returns the subnet, account and ranges of an interface, and how many addresses its instance's type allows it.
    pub fn assignable(
        &mut self,
        on: InterfaceRef<'_>,
    ) -> Result<(SubnetId, AccountId, &mut Ranges, Option<u32>), FailureReason> {
        match on {
            InterfaceRef::First(instance) => {
                let most = instance.limits.map(|limits| limits.addresses_each);
                let holdings = self.holdings(instance);
                Ok((holdings.subnet, holdings.account, &mut holdings.ranges, most))
            }
            InterfaceRef::Further(account, id) => {
                let attached_to = self.find(account, id)?.attachment.map(|attachment| attachment.instance);
                let limits = attached_to.and_then(|instance| self.of_instance[&instance].limits);
                let interface = self.find_mut(account, id)?;
                let most = limits.map(|limits| limits.addresses_each);
                Ok((interface.subnet, account, &mut interface.ranges, most))
            }
        }
    }

    /// Returns the subnet, account and offset of every private address held here: all but the first of each instance.
    pub fn addresses(&self) -> impl Iterator<Item = (SubnetId, AccountId, u32)> {
        let first = self.of_instance.values().flat_map(|holdings| {
            holdings.ranges.offsets().map(|offset| (holdings.subnet, holdings.account, offset))
        });
        let further = self.further.values().flat_map(|interface| {
            let own = Some(interface.address).filter(|address| *address != NO_ADDRESS);
            let offsets = own.into_iter().chain(interface.ranges.offsets());
            offsets.map(|offset| (interface.subnet, interface.account, offset))
        });
        first.chain(further)
    }

    /// Panics unless interfaces and instances agree on their attachments.
    pub fn assert_consistent(&self) {
        let mut attached = 0;
        for (instance, holdings) in &self.of_instance {
            attached += holdings.interfaces.len();
            for id in &holdings.interfaces {
                let attachment = self.further.get(id).and_then(|interface| interface.attachment);
                let to = attachment.map(|attachment| attachment.instance);
                assert_eq!(to, Some(*instance), "interface {id} is not attached where it should be");
            }
        }
        let in_use = self.further.values().filter(|interface| interface.state() == InterfaceState::InUse);
        assert_eq!(attached, in_use.count(), "interfaces were lost");
    }
}

impl Network {
    /// Makes an interface in a subnet, with a private address of it (`CreateNetworkInterface`).
    pub fn create_interface(
        &mut self,
        now: Time,
        account: AccountId,
        subnet: SubnetId,
    ) -> Result<InterfaceId, FailureReason> {
        let address = self.take_ranges(now, subnet, account, AddressRange::Single, 1)?[0];
        let id = InterfaceId(self.interfaces.created);
        self.interfaces.created += 1;
        let interface = Interface { account, subnet, address, attachment: None, ranges: Ranges::default() };
        self.interfaces.further.insert(id, interface);
        Ok(id)
    }

    /// Deletes an interface that is not attached, with all its addresses (`DeleteNetworkInterface`). An
    /// elastic address it has stays the account's.
    pub fn delete_interface(
        &mut self,
        now: Time,
        account: AccountId,
        id: InterfaceId,
    ) -> Result<(), FailureReason> {
        self.interfaces.find(account, id)?.state().on(Trigger::Delete).called(None)?;
        self.remove_interface(now, id);
        Ok(())
    }

    /// Attaches an interface to an instance of its account and zone (`AttachNetworkInterface`).
    pub fn attach_interface(
        &mut self,
        instance: &InterfaceOwner,
        id: InterfaceId,
        delete_on_termination: bool,
    ) -> Result<(), FailureReason> {
        let interface = self.interfaces.find(instance.account, id)?;
        let subnet = self.subnets.get(interface.subnet.index());
        if subnet.is_some_and(|subnet| subnet.zone != instance.zone) {
            return Err(Failure::InvalidParameterCombination.into());
        }
        let needed = interface.ranges.slots();
        let attached = self.interfaces.of_instance.get(&instance.id).map_or(0, |it| it.interfaces.len());
        if let Some(limits) = instance.limits {
            let left = u64::from(limits.interfaces).saturating_sub(1 + attached as u64);
            if left == 0 {
                return Err(Failure::AttachmentLimitExceeded.because(LimitKind::TypeInterfaces, 1, left));
            }
            let most = u64::from(limits.addresses_each);
            if needed > most {
                let refused = Failure::PrivateIpAddressLimitExceeded;
                return Err(refused.because(LimitKind::TypeAddresses, needed, most));
            }
        }
        let attachment = InterfaceAttachment { instance: instance.id, delete_on_termination };
        let interface = self.interfaces.find_mut(instance.account, id)?;
        interface.step(Trigger::Attach, Some(attachment))?;
        self.interfaces.holdings(instance).interfaces.push(id);
        Ok(())
    }

    /// Detaches an interface, which keeps its addresses (`DetachNetworkInterface`, which names the attachment, so that it knows
    /// no other interface). Returns the instance.
    pub fn detach_interface(
        &mut self,
        account: AccountId,
        id: InterfaceId,
    ) -> Result<InstanceId, FailureReason> {
        let found = self.interfaces.find_mut(account, id);
        let interface = found.map_err(|_| Failure::InvalidAttachmentIdNotFound)?;
        let attachment = interface.attachment;
        interface.step(Trigger::Detach, None)?;
        let instance = attachment.expect("what can be detached is attached").instance;
        let holdings = self.interfaces.of_instance.get_mut(&instance);
        holdings.expect("an instance with an interface has holdings").interfaces.retain(|other| *other != id);
        Ok(instance)
    }

    /// Returns whether an instance has no more interfaces and addresses than its type allows: asked when it starts,
    /// as its type may have changed while it was stopped (`StartInstances` is then refused).
    pub fn check_limits(&mut self, instance: &InterfaceOwner) -> Result<(), FailureReason> {
        let Some(holdings) = self.interfaces.of_instance.get_mut(&instance.id) else { return Ok(()) };
        if let Some(limits) = instance.limits {
            let interfaces = 1 + holdings.interfaces.len() as u64;
            let most = u64::from(limits.interfaces);
            if interfaces > most {
                let refused = Failure::AttachmentLimitExceeded;
                return Err(refused.because(LimitKind::TypeInterfaces, interfaces, most));
            }
            let further = holdings.interfaces.iter().map(|id| &self.interfaces.further[id].ranges);
            let needed =
                std::iter::once(&holdings.ranges).chain(further).map(Ranges::slots).max().unwrap_or(0);
            let most = u64::from(limits.addresses_each);
            if needed > most {
                let refused = Failure::PrivateIpAddressLimitExceeded;
                return Err(refused.because(LimitKind::TypeAddresses, needed, most));
            }
        }
        holdings.limits = instance.limits;
        Ok(())
    }

    /// Removes an instance that has ended: everything it had beside its first address is given back. Its elastic
    /// address and the interfaces that do not end with it stay the account's.
    #[inline]
    pub fn instance_ended(&mut self, now: Time, instance: InstanceId) {
        if !self.interfaces.of_instance.is_empty() || !self.elastic.is_empty() {
            self.give_back_holdings(now, instance);
        }
    }

    #[cold]
    fn give_back_holdings(&mut self, now: Time, instance: InstanceId) {
        self.elastic.holder_ended(now, Holder::Instance(instance));
        let Some(holdings) = self.interfaces.of_instance.remove(&instance) else { return };
        self.give_back_all_ranges(now, holdings.subnet, holdings.account, &holdings.ranges);
        for id in holdings.interfaces {
            let interface = self.interfaces.further.get_mut(&id).expect("what is attached exists");
            if interface.attachment.is_some_and(|attachment| attachment.delete_on_termination) {
                let ends = interface.state().on(Trigger::EndsWithInstance).called(None);
                assert_eq!(ends, Ok(None), "nothing keeps an interface that ends with its instance");
                self.remove_interface(now, id);
            } else {
                interface.step(Trigger::InstanceEnds, None).expect("an instance can always end");
            }
        }
    }

    /// Gives back all an interface has.
    fn remove_interface(&mut self, now: Time, id: InterfaceId) {
        let interface = self.interfaces.further.remove(&id).expect("it was found");
        self.elastic.holder_ended(now, Holder::Interface(id));
        let (subnet, account) = (interface.subnet, interface.account);
        self.release(subnet, account, interface.address, now);
        self.give_back_all_ranges(now, subnet, account, &interface.ranges);
    }

    /// Returns an interface that has a number; `None` where there is none in the account.
    pub fn interface(&self, account: AccountId, id: InterfaceId) -> Option<&Interface> {
        self.interfaces.find(account, id).ok()
    }

    /// Returns the interfaces that have a number, of all accounts, by id.
    pub fn interfaces(&self) -> impl Iterator<Item = (InterfaceId, &Interface)> {
        self.interfaces.further.iter().map(|(id, interface)| (*id, interface))
    }

    /// Returns the interfaces of an instance beside its first, in the order of attachment.
    pub fn interfaces_of(&self, instance: InstanceId) -> &[InterfaceId] {
        self.interfaces.of_instance.get(&instance).map_or(&[], |holdings| &holdings.interfaces)
    }
}

#[cfg(test)]
mod tests;
