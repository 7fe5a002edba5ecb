//! Public addresses by account: elastic ones, which stay whatever their instance does, and the money for
//! them and for those assigned automatically.
//!
//! ```text
//! allocate ─▶ idle ─associate─▶ associated ─disassociate, or its holder ends─▶ idle ─release─▶ gone
//! ```
//! An interface has at most one, for its first private address; EC2 allows one for each secondary address too.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::Network;
use crate::billing::{self, Item};
use crate::transition::Transition;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::metrics::UseOverTime;
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, ElasticAddressId, InstanceId, InterfaceId, Time};

/// State of an elastic address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ElasticState {
    /// Associated with nothing, but still paid for.
    Idle,
    /// Associated with an interface.
    Associated,
}

names! { ElasticState { Idle = "idle", Associated = "associated" } }

impl ElasticState {
    const fn on(self, trigger: Trigger) -> Transition<Option<ElasticState>> {
        TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of an elastic address's transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trigger {
    /// Association with an interface, unless another interface has it.
    Associate,
    /// Association with an interface, taken from another one if need be.
    Reassociate,
    Disassociate,
    Release,
    /// Its holder ends, or gets another elastic address.
    HolderLost,
}

/// Table of legal transitions: a row for each trigger, a column for each state.
#[rustfmt::skip]
const TRANSITIONS: [[Transition<Option<ElasticState>>; ElasticState::ALL.len()]; 5] = {
    use ElasticState::{Associated, Idle};
    use Transition::{Never, Refused, To};
    const GONE: Transition<Option<ElasticState>> = To(None);
    [
        //                 idle                                            associated
        /* associate    */ [To(Some(Associated)),                                Refused(Failure::ResourceAlreadyAssociated)],
        /* reassociate  */ [To(Some(Associated)),                                To(Some(Associated))],
        /* disassociate */ [To(Some(Idle)),                                      To(Some(Idle))],
        /* release      */ [GONE,                                          Refused(Failure::InvalidIpAddressInUse)],
        /* holder lost  */ [Never,                                         To(Some(Idle))],
    ]
};

/// Holder of an elastic address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Holder {
    /// The first interface of an instance.
    Instance(InstanceId),
    /// Another interface, attached or not.
    Interface(InterfaceId),
}

/// A request to associate an elastic address (`AssociateAddress`).
#[derive(Clone, Copy, Debug)]
pub struct Association {
    /// The address.
    pub address: ElasticAddressId,
    /// Holder-to-be. The caller checks that an instance exists and belongs to the account.
    pub holder: Holder,
    /// True if it may be taken from another holder; EC2's default is yes (`AllowReassociation`).
    pub allow_reassociation: bool,
    /// True if the holder is an instance with an automatically assigned public address: it is then given
    /// back (EC2 user guide, "Public IPv4 addresses"), and the instance has it no longer.
    pub auto_assigned: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ElasticAddress {
    account: AccountId,
    holder: Option<Holder>,
}

impl ElasticAddress {
    fn state(&self) -> ElasticState {
        if self.holder.is_some() { ElasticState::Associated } else { ElasticState::Idle }
    }

    /// Gives it to a holder or takes it away, if the table allows it.
    fn step(&mut self, trigger: Trigger, holder: Option<Holder>) -> Result<(), FailureReason> {
        let next = self.state().on(trigger).called(Some(self.state()))?;
        self.holder = holder;
        assert_eq!(next, Some(self.state()), "{trigger:?}");
        Ok(())
    }
}

/// The elastic addresses of all accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ElasticAddresses {
    created: u32,
    addresses: BTreeMap<ElasticAddressId, ElasticAddress>,
    of_holder: BTreeMap<Holder, ElasticAddressId>,
    of_account: BTreeMap<AccountId, u32>,
    /// All there are.
    pub allocated: UseOverTime,
    /// Associated addresses.
    pub associated: UseOverTime,
    /// Addresses that are associated with nothing.
    pub idle: UseOverTime,
}

impl ElasticAddresses {
    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Returns how many an account has.
    pub fn of_account(&self, account: AccountId) -> u32 {
        self.of_account.get(&account).copied().unwrap_or(0)
    }

    /// Returns the address of a holder.
    pub fn of_holder(&self, holder: Holder) -> Option<ElasticAddressId> {
        self.of_holder.get(&holder).copied()
    }

    /// Returns an address with its holder, if it has one; `None` where there is no such address.
    pub fn holder_of(&self, id: ElasticAddressId) -> Option<Option<Holder>> {
        self.addresses.get(&id).map(|address| address.holder)
    }

    /// Returns the account that has an address.
    pub fn account_of(&self, id: ElasticAddressId) -> Option<AccountId> {
        self.addresses.get(&id).map(|address| address.account)
    }

    /// Returns the addresses of an account with their holders, by id.
    pub fn all_of(&self, account: AccountId) -> impl Iterator<Item = (ElasticAddressId, Option<Holder>)> {
        let own = self.addresses.iter().filter(move |(_, address)| address.account == account);
        own.map(|(id, address)| (*id, address.holder))
    }

    /// Returns the holder of an address.
    pub fn holder(&self, id: ElasticAddressId) -> Option<Holder> {
        self.addresses.get(&id)?.holder
    }

    pub(super) fn begin_window(&mut self, now: Time) {
        for usage in [&mut self.allocated, &mut self.associated, &mut self.idle] {
            usage.begin_window(now);
        }
    }

    /// Removes a holder; the address it had is idle.
    pub(super) fn holder_ended(&mut self, now: Time, holder: Holder) {
        if let Some(id) = self.of_holder(holder) {
            self.set_holder(now, id, Trigger::HolderLost, None).expect("a holder can always be lost");
        }
    }

    /// Returns the address of an account; `unknown` when it has none of this number.
    fn find(
        &mut self,
        account: AccountId,
        id: ElasticAddressId,
        unknown: Failure,
    ) -> Result<&mut ElasticAddress, FailureReason> {
        self.addresses.get_mut(&id).filter(|address| address.account == account).ok_or(unknown.into())
    }

    /// Moves an address by the table to a holder or none, and counts it there.
    fn set_holder(
        &mut self,
        now: Time,
        id: ElasticAddressId,
        trigger: Trigger,
        holder: Option<Holder>,
    ) -> Result<(), FailureReason> {
        let address = self.addresses.get_mut(&id).expect("it was found");
        let former = address.holder;
        address.step(trigger, holder)?;
        if let Some(former) = former {
            self.of_holder.remove(&former);
        }
        if let Some(holder) = holder {
            self.of_holder.insert(holder, id);
        }
        let (from, to) = match (former, holder) {
            (None, Some(_)) => (&mut self.idle, &mut self.associated),
            (Some(_), None) => (&mut self.associated, &mut self.idle),
            _ => return Ok(()),
        };
        from.give_back(now);
        to.take(now);
        to.note();
        Ok(())
    }

    /// Panics unless the addresses, their holders and the counts agree.
    pub(super) fn assert_consistent(&self) {
        let all = self.addresses.len() as u64;
        assert_eq!(all, self.allocated.used(), "elastic addresses were lost");
        let of_accounts: u64 = self.of_account.values().map(|count| u64::from(*count)).sum();
        assert_eq!(all, of_accounts, "elastic addresses were lost by an account");
        assert_eq!(all, self.associated.used() + self.idle.used(), "neither associated nor idle");
        let held = self.addresses.iter().filter_map(|(id, address)| Some((address.holder?, *id)));
        let held: BTreeMap<Holder, ElasticAddressId> = held.collect();
        assert_eq!(held, self.of_holder, "two holders have the same elastic address");
        assert_eq!(held.len() as u64, self.associated.used(), "associated elastic addresses were lost");
    }
}

impl Network {
    /// Allocates an elastic address from the public pool (`AllocateAddress`). It is paid for from now on.
    /// The account's quota is for the caller to check, with [`ElasticAddresses::of_account`].
    pub fn allocate_elastic(
        &mut self,
        now: Time,
        account: AccountId,
        bill: &mut billing::Usage,
    ) -> Result<ElasticAddressId, FailureReason> {
        self.assign_public(now, account, bill)?;
        self.public.note();
        let id = ElasticAddressId(self.elastic.created);
        let elastic = &mut self.elastic;
        elastic.created += 1;
        elastic.addresses.insert(id, ElasticAddress { account, holder: None });
        *elastic.of_account.entry(account).or_default() += 1;
        for usage in [&mut elastic.allocated, &mut elastic.idle] {
            usage.take(now);
            usage.note();
        }
        Ok(id)
    }

    /// Gives an idle elastic address back to the public pool (`ReleaseAddress`).
    pub fn release_elastic(
        &mut self,
        now: Time,
        account: AccountId,
        id: ElasticAddressId,
        bill: &mut billing::Usage,
    ) -> Result<(), FailureReason> {
        let address = self.elastic.find(account, id, Failure::InvalidAllocationIdNotFound)?;
        address.state().on(Trigger::Release).called(None)?;
        let elastic = &mut self.elastic;
        elastic.addresses.remove(&id);
        let count = elastic.of_account.get_mut(&account).expect("the account has this one");
        *count -= 1;
        elastic.allocated.give_back(now);
        elastic.idle.give_back(now);
        self.unassign_public(now, account, bill);
        Ok(())
    }

    /// Associates an elastic address with an interface (`AssociateAddress`), and returns the holder from which it was
    /// taken. Another one the interface has becomes idle; asking twice for the same changes nothing.
    pub fn associate(
        &mut self,
        now: Time,
        account: AccountId,
        request: Association,
        bill: &mut billing::Usage,
    ) -> Result<Option<Holder>, FailureReason> {
        let Association { address, holder, .. } = request;
        let former = self.elastic.find(account, address, Failure::InvalidAllocationIdNotFound)?.holder;
        if let Holder::Interface(id) = holder {
            self.interfaces.find(account, id)?;
        }
        if former == Some(holder) {
            return Ok(None);
        }
        let displaced = self.elastic.of_holder(holder);
        let trigger = if request.allow_reassociation { Trigger::Reassociate } else { Trigger::Associate };
        self.elastic.addresses[&address].state().on(trigger).called(None)?;
        if let Some(displaced) = displaced {
            self.elastic.set_holder(now, displaced, Trigger::HolderLost, None)?;
        }
        self.elastic.set_holder(now, address, trigger, Some(holder))?;
        if request.auto_assigned {
            self.unassign_public(now, account, bill);
        }
        Ok(former)
    }

    /// Takes an elastic address from its holder and returns that; without a holder nothing changes
    /// (`DisassociateAddress`: "This is an idempotent operation"). A running instance then gets a public address again
    /// where [`Network::may_auto_assign`] says so.
    pub fn disassociate(
        &mut self,
        now: Time,
        account: AccountId,
        id: ElasticAddressId,
    ) -> Result<Option<Holder>, FailureReason> {
        let former = self.elastic.find(account, id, Failure::InvalidAssociationIdNotFound)?.holder;
        self.elastic.set_holder(now, id, Trigger::Disassociate, None)?;
        Ok(former)
    }

    /// Takes a public address for an instance of the account, to be paid for from now on.
    pub fn assign_public(
        &mut self,
        now: Time,
        account: AccountId,
        bill: &mut billing::Usage,
    ) -> Result<(), FailureReason> {
        if !self.allocate_public(now) {
            return Err(Failure::InsufficientAddressCapacity.because(LimitKind::PublicAddresses, 1, 0));
        }
        bill.take(now, account, Item::PublicAddress, 1);
        Ok(())
    }

    /// Gives back what [`Network::assign_public`] took.
    pub fn unassign_public(&mut self, now: Time, account: AccountId, bill: &mut billing::Usage) {
        self.release_public(now);
        bill.give(now, account, Item::PublicAddress, 1);
    }

    /// Returns whether an instance that wants a public address gets one when it starts, or when it loses its elastic
    /// one: not while it has an elastic one, or more than one interface (EC2 user guide, "Public IPv4
    /// addresses").
    #[inline]
    pub fn may_auto_assign(&self, instance: InstanceId) -> bool {
        (self.elastic.is_empty() || self.elastic.of_holder(Holder::Instance(instance)).is_none())
            && !self.interfaces.has_further(instance)
    }

    /// Returns the elastic addresses of all accounts.
    pub fn elastic(&self) -> &ElasticAddresses {
        &self.elastic
    }
}

#[cfg(test)]
mod tests;
