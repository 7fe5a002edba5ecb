//! Address ranges of an interface beside its first private address: single addresses and prefixes, taken
//! from its subnet all or none.

use serde::{Deserialize, Serialize};

use super::pool::BLOCK;
use super::{InterfaceOwner, NO_ADDRESS, Network};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, InstanceId, InterfaceId, SubnetId, Time};

/// Address or prefix assigned to an interface, which counts as one of its addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressRange {
    /// A secondary private address.
    Single,
    /// A prefix: an aligned /28 of the subnet (EC2 user guide, "Prefix delegation for network interfaces").
    Prefix,
}

impl AddressRange {
    /// Returns the number of addresses it takes from the subnet.
    pub const fn addresses(self) -> u32 {
        match self {
            AddressRange::Single => 1,
            AddressRange::Prefix => BLOCK,
        }
    }
}

/// An interface to which something is assigned.
#[derive(Clone, Copy, Debug)]
pub enum InterfaceRef<'a> {
    /// The first interface of an instance.
    First(&'a InterfaceOwner),
    /// Another one of the account, attached or not. One that is not attached has no limit yet.
    Further(AccountId, InterfaceId),
}

/// The ranges of one interface, by the offset of their first address, in the order of assignment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ranges {
    singles: Vec<u32>,
    prefixes: Vec<u32>,
}

impl Ranges {
    pub fn of(&self, range: AddressRange) -> &[u32] {
        match range {
            AddressRange::Single => &self.singles,
            AddressRange::Prefix => &self.prefixes,
        }
    }

    pub fn of_mut(&mut self, range: AddressRange) -> &mut Vec<u32> {
        match range {
            AddressRange::Single => &mut self.singles,
            AddressRange::Prefix => &mut self.prefixes,
        }
    }

    /// Returns how many addresses of its interface's limit are used: one each, and the first address.
    pub fn slots(&self) -> u64 {
        1 + (self.singles.len() + self.prefixes.len()) as u64
    }

    /// Returns the offset of every address in them; none where addresses have no limit.
    pub fn offsets(&self) -> impl Iterator<Item = u32> {
        let prefixes = self.prefixes.iter().filter(|first| **first != NO_ADDRESS);
        let singles = self.singles.iter().filter(|offset| **offset != NO_ADDRESS);
        singles.copied().chain(prefixes.flat_map(|&first| first..first + BLOCK))
    }
}

impl Network {
    /// Assigns so many secondary addresses or prefixes to an interface, the lowest of its subnet, all or
    /// none (`AssignPrivateIpAddresses`). Each counts as one of the addresses its type may have.
    pub fn assign(
        &mut self,
        now: Time,
        on: InterfaceRef<'_>,
        range: AddressRange,
        count: u16,
    ) -> Result<(), FailureReason> {
        let (subnet, account, ranges, most) = self.interfaces.assignable(on)?;
        if count == 0 {
            return Err(Failure::InvalidParameterValue.into());
        }
        if let Some(most) = most {
            let left = u64::from(most).saturating_sub(ranges.slots());
            if left < u64::from(count) {
                let refused = Failure::PrivateIpAddressLimitExceeded;
                return Err(refused.because(LimitKind::TypeAddresses, u64::from(count), left));
            }
        }
        let taken = self.take_ranges(now, subnet, account, range, count)?;
        let (_, _, ranges, _) = self.interfaces.assignable(on)?;
        ranges.of_mut(range).extend(taken);
        Ok(())
    }

    /// Takes so many secondary addresses or prefixes from an interface (`UnassignPrivateIpAddresses`). A
    /// call to EC2 names them; a demand cannot know them, so those assigned last go first.
    pub fn unassign(
        &mut self,
        now: Time,
        on: InterfaceRef<'_>,
        range: AddressRange,
        count: u16,
    ) -> Result<(), FailureReason> {
        let (subnet, account, ranges, _) = self.interfaces.assignable(on)?;
        let ranges = ranges.of_mut(range);
        let kept = ranges.len().checked_sub(usize::from(count)).filter(|_| count > 0);
        let given = ranges.split_off(kept.ok_or(Failure::InvalidParameterValue)?);
        self.give_back_ranges(now, subnet, account, range, &given);
        Ok(())
    }

    /// Returns the secondary addresses or prefixes of an instance's first interface, by the offset of their first
    /// address, in the order of assignment.
    pub fn first_interface_ranges(&self, instance: InstanceId, range: AddressRange) -> &[u32] {
        self.interfaces.ranges_of(instance, range)
    }

    /// Takes `count` ranges of a subnet in the account's VPC, each the lowest there is: all of them, or none.
    pub(super) fn take_ranges(
        &mut self,
        now: Time,
        subnet: SubnetId,
        account: AccountId,
        range: AddressRange,
        count: u16,
    ) -> Result<Vec<u32>, FailureReason> {
        match range {
            _ if self.subnets.is_empty() => Ok(vec![NO_ADDRESS; usize::from(count)]),
            AddressRange::Single => self.take_singles(now, subnet, account, count),
            AddressRange::Prefix => self.take_prefixes(now, subnet, account, count),
        }
    }

    fn take_singles(
        &mut self,
        now: Time,
        id: SubnetId,
        account: AccountId,
        count: u16,
    ) -> Result<Vec<u32>, FailureReason> {
        let subnet = &mut self.subnets[id.index()];
        let left = self.pools[subnet.pool(account)].free();
        if left < u32::from(count) {
            subnet.usage.exhaust(now);
            let refused = Failure::InsufficientFreeAddressesInSubnet;
            return Err(refused.because(LimitKind::SubnetAddresses, u64::from(count), u64::from(left)));
        }
        let taken = (0..count).map(|_| self.allocate(id, account, now).expect("enough are free")).collect();
        self.note(id, false);
        Ok(taken)
    }

    /// Takes prefixes from the addresses that are kept for them first, and then from the rest: which of them EC2 takes is not
    /// documented, but for its choice among several reservations, which is at random. The failure is that of a subnet without
    /// a free block, in which addresses may be free.
    fn take_prefixes(
        &mut self,
        now: Time,
        id: SubnetId,
        account: AccountId,
        count: u16,
    ) -> Result<Vec<u32>, FailureReason> {
        let subnet = &mut self.subnets[id.index()];
        let (pools, pool, kept) = (subnet.pools(), subnet.pool(account), subnet.pool_for_prefixes(account));
        let fragmentation = subnet.watch_fragmentation(now, &self.pools[pools]);
        let left: u32 = kept.into_iter().chain([pool]).map(|pool| self.pools[pool].free_blocks()).sum();
        if left < u32::from(count) {
            fragmentation.prefixes.exhaust(now);
            let refused = Failure::InsufficientCidrBlocks;
            return Err(refused.because(LimitKind::SubnetPrefixes, u64::from(count), u64::from(left)));
        }
        let mut take = || {
            fragmentation.take_block(now);
            let from_kept = kept.and_then(|kept| self.pools[kept].allocate_block());
            from_kept.or_else(|| self.pools[pool].allocate_block()).expect("enough blocks are free")
        };
        let taken = (0..count).map(|_| take()).collect();
        subnet.usage.take_many(now, u64::from(count) * u64::from(BLOCK));
        subnet.usage.note();
        Ok(taken)
    }

    /// Takes back what [`Network::take_ranges`] gave.
    pub(super) fn give_back_ranges(
        &mut self,
        now: Time,
        subnet: SubnetId,
        account: AccountId,
        range: AddressRange,
        ranges: &[u32],
    ) {
        for &first in ranges {
            match range {
                _ if first == NO_ADDRESS => {}
                AddressRange::Single => self.release(subnet, account, first, now),
                AddressRange::Prefix => self.release_prefix(now, subnet, account, first),
            }
        }
    }

    /// Takes back all ranges of an interface.
    pub(super) fn give_back_all_ranges(
        &mut self,
        now: Time,
        subnet: SubnetId,
        account: AccountId,
        ranges: &Ranges,
    ) {
        for range in [AddressRange::Single, AddressRange::Prefix] {
            self.give_back_ranges(now, subnet, account, range, ranges.of(range));
        }
    }

    fn release_prefix(&mut self, now: Time, subnet: SubnetId, account: AccountId, first: u32) {
        let subnet = &mut self.subnets[subnet.index()];
        self.pools[subnet.pool_of(account, first)].release_block(first);
        subnet.usage.give_back_many(now, u64::from(BLOCK));
        let fragmentation = subnet.fragmentation.as_mut().expect("a subnet with prefixes is watched");
        fragmentation.give_back_block(now);
    }
}
