//! A subnet of the scenario, over all the VPCs it exists in: its addresses and their use.

use ipnet::Ipv4Net;
use std::net::Ipv4Addr;
use std::ops::Range;

use super::config::{CidrReservationType, ResolvedSubnet};
use super::fragmentation::Fragmentation;
use super::pool::AddressPool;
use super::{NO_ADDRESS, RESERVED_FIRST, SubnetConfig};
use plimsoll_base::metrics::UseOverTime;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Time, ZoneId};

/// A subnet of the scenario, over all the VPCs it exists in.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: ZoneId,
    /// Its addresses, the same in every VPC.
    pub net: Ipv4Net,
    /// True if an instance in it gets a public address when its request does not say.
    pub assign_public_address: bool,
    /// Addresses that can be handed out, over all its VPCs.
    pub addresses: u64,
    /// Used addresses over all its VPCs; a prefix counts as 16.
    pub usage: UseOverTime,
    /// Position of the pool of its first VPC; the others follow.
    first_pool: u32,
    vpcs: u32,
    /// Number of its first VPC; the others follow.
    first_vpc: u32,
    /// Offsets of the CIDR reservations for prefixes. Where there are any, each VPC has a pool of them, after those of all VPCs.
    for_prefixes: Vec<Range<u32>>,
    /// Fragmentation, measured from the first request for a prefix on.
    pub(super) fragmentation: Option<Box<Fragmentation>>,
}

persist! { Subnet {
    values: [usage, fragmentation],
    derived: [name, zone, net, assign_public_address, addresses, first_pool, vpcs, first_vpc, for_prefixes],
} }

impl Subnet {
    /// Returns the subnet of a configuration with all its addresses free, and the pools of its VPCs. Its
    /// pools come after `first_pool` others, its VPCs are numbered from `first_vpc`.
    pub(super) fn new(
        config: &SubnetConfig,
        ResolvedSubnet { zone, net, reservations }: ResolvedSubnet,
        first_pool: usize,
        first_vpc: u32,
    ) -> (Subnet, impl Iterator<Item = AddressPool>) {
        let first = u32::from(net.network());
        let offsets =
            |cidr: &Ipv4Net| u32::from(cidr.network()) - first..u32::from(cidr.broadcast()) - first + 1;
        let all: Vec<Range<u32>> = reservations.iter().map(|(cidr, _)| offsets(cidr)).collect();
        let of_prefixes = reservations.iter().filter(|(_, kind)| *kind == CidrReservationType::Prefix);
        let for_prefixes: Vec<Range<u32>> = of_prefixes.map(|(cidr, _)| offsets(cidr)).collect();
        let size = 1 << (32 - net.prefix_len());
        let pool = AddressPool::of(size, RESERVED_FIRST, |offset| !is_in(&all, offset));
        let kept = AddressPool::of(size, RESERVED_FIRST, |offset| is_in(&for_prefixes, offset));
        let kept_pools = if for_prefixes.is_empty() { 0 } else { config.vpcs };
        let subnet = Subnet {
            name: config.name.clone(),
            zone,
            net,
            assign_public_address: config.assign_public_address,
            addresses: u64::from(pool.capacity() + kept.capacity()) * u64::from(config.vpcs),
            usage: UseOverTime::default(),
            first_pool: first_pool as u32,
            vpcs: config.vpcs,
            first_vpc,
            for_prefixes,
            fragmentation: None,
        };
        let pools = [(pool, config.vpcs), (kept, kept_pools)];
        (subnet, pools.into_iter().flat_map(|(pool, count)| std::iter::repeat_n(pool, count as usize)))
    }

    /// Returns the position of the pool of the account's VPC.
    #[inline]
    pub(super) fn pool(&self, account: AccountId) -> usize {
        (self.first_pool + account.0 % self.vpcs) as usize
    }

    /// Returns the position of the account's VPC's pool of addresses that are kept for prefixes, if there is one.
    pub(super) fn pool_for_prefixes(&self, account: AccountId) -> Option<usize> {
        (!self.for_prefixes.is_empty()).then(|| self.pool(account) + self.vpcs as usize)
    }

    /// Returns the position of the pool of the account's VPC that an address belongs to.
    pub(super) fn pool_of(&self, account: AccountId, offset: u32) -> usize {
        let kept = self.pool_for_prefixes(account).filter(|_| is_in(&self.for_prefixes, offset));
        kept.unwrap_or_else(|| self.pool(account))
    }

    /// Returns the positions of the pools of all its VPCs.
    pub(super) fn pools(&self) -> Range<usize> {
        let each = if self.for_prefixes.is_empty() { 1 } else { 2 };
        self.first_pool as usize..(self.first_pool + each * self.vpcs) as usize
    }

    /// Returns the number of the account's VPC among all VPCs of the scenario, from 0 in file order.
    pub fn vpc(&self, account: AccountId) -> u32 {
        self.first_vpc + account.0 % self.vpcs
    }

    /// Returns the address at an offset from the first, as people write it; `None` for [`NO_ADDRESS`].
    pub fn address(&self, offset: u32) -> Option<Ipv4Addr> {
        (offset != NO_ADDRESS).then(|| Ipv4Addr::from(u32::from(self.net.network()) + offset))
    }

    /// Returns its fragmentation and prefixes; `None` until a call asks for a prefix.
    pub fn fragmentation(&self) -> Option<&Fragmentation> {
        self.fragmentation.as_deref()
    }

    /// Begins to measure the fragmentation of its `pools`, unless it is measured already.
    pub(super) fn watch_fragmentation(&mut self, now: Time, pools: &[AddressPool]) -> &mut Fragmentation {
        self.fragmentation.get_or_insert_with(|| Box::new(Fragmentation::of(now, pools)))
    }

    /// Begins the statistics anew with what is in use now.
    pub(super) fn begin_window(&mut self, now: Time) {
        self.usage.begin_window(now);
        if let Some(fragmentation) = &mut self.fragmentation {
            fragmentation.begin_window(now);
        }
    }
}

/// Returns true if an offset is in one of these ranges.
fn is_in(ranges: &[Range<u32>], offset: u32) -> bool {
    ranges.iter().any(|range| range.contains(&offset))
}
