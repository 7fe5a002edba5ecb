//! Addresses: private ones by subnet and VPC, public ones from one pool, with their use and the time that
//! they ran out. This file serves every launch; interfaces and elastic addresses add to it.

mod config;
mod elastic;
mod fragmentation;
mod interface;
mod pool;
mod range;
pub mod security;
mod subnet;

pub use config::{CidrReservationConfig, CidrReservationType, NetworkConfig, SubnetConfig};
pub use elastic::{Association, ElasticAddresses, ElasticState, Holder};
pub use fragmentation::Fragmentation;
pub use interface::{Interface, InterfaceAttachment, InterfaceOwner, InterfaceState};
pub use pool::{AddressPool, BLOCK, MAX_ADDRESSES};
pub use range::{AddressRange, InterfaceRef};
pub use subnet::Subnet;

use std::collections::{BTreeMap, BTreeSet};

use interface::Interfaces;

use plimsoll_base::input::InputError;
use plimsoll_base::metrics::UseOverTime;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, SubnetId, Time, ZoneId};

/// The private address of an instance where addresses have no limit: none in particular.
pub const NO_ADDRESS: u32 = u32::MAX;

/// Addresses at the start of a subnet that are never handed out: network, router, name server and one
/// kept for later. The last one, broadcast, is the fifth (EC2 user guide, "Subnet sizing").
const RESERVED_FIRST: u32 = 4;

/// All addresses of a run.
#[derive(Clone, Debug)]
pub struct Network {
    subnets: Vec<Subnet>,
    /// The subnets of each zone, in file order.
    of_zone: Vec<Vec<SubnetId>>,
    /// A pool for each subnet and VPC, side by side.
    pools: Vec<AddressPool>,
    public_addresses: Option<u32>,
    public: UseOverTime,
    elastic: ElasticAddresses,
    interfaces: Interfaces,
    /// VPCs by name; without subnets there is one.
    vpcs: Vec<Vpc>,
}

persist! { Network {
    values: [public, elastic, interfaces],
    nested: [subnets, pools],
    derived: [of_zone, public_addresses, vpcs],
} }

/// The VPCs of one name in a scenario, numbered one after the other.
#[derive(Clone, Debug)]
struct Vpc {
    name: String,
    first: u32,
    copies: u32,
}

impl Network {
    /// Returns the network a scenario describes, given the names of its zones in file order.
    pub fn new(config: &NetworkConfig, zones: &[&str]) -> Result<Network, InputError> {
        let resolved = config.resolve(zones).map_err(InputError)?;
        let mut network = Network {
            subnets: Vec::new(),
            of_zone: vec![Vec::new(); zones.len()],
            pools: Vec::new(),
            public_addresses: config.public_addresses,
            public: UseOverTime::default(),
            elastic: ElasticAddresses::default(),
            interfaces: Interfaces::default(),
            vpcs: Vec::new(),
        };
        let mut first_vpcs: BTreeMap<&str, u32> = BTreeMap::new();
        let mut vpcs = 0;
        for (subnet, place) in config.subnets.iter().zip(resolved) {
            let first_vpc = *first_vpcs.entry(&subnet.vpc).or_insert_with(|| {
                vpcs += subnet.vpcs;
                vpcs - subnet.vpcs
            });
            network.of_zone[place.zone.index()].push(SubnetId(network.subnets.len() as u32));
            let (subnet, pools) = Subnet::new(subnet, place, network.pools.len(), first_vpc);
            network.subnets.push(subnet);
            network.pools.extend(pools);
        }
        let names = first_vpcs.into_iter().map(|(name, first)| {
            let subnet = config.subnets.iter().find(|subnet| subnet.vpc == name);
            Vpc { name: name.to_string(), first, copies: subnet.map_or(1, |subnet| subnet.vpcs) }
        });
        network.vpcs = names.collect();
        if network.vpcs.is_empty() {
            network.vpcs.push(Vpc { name: config::default_vpc(), first: 0, copies: 1 });
        }
        Ok(network)
    }

    /// Returns the VPCs an account has, by name, each with its number.
    pub fn vpcs(&self, account: AccountId) -> impl Iterator<Item = (&str, u32)> {
        self.vpcs.iter().map(move |vpc| (vpc.name.as_str(), vpc.first + account.0 % vpc.copies))
    }

    /// Hands out the lowest free private address of the subnet in the account's VPC, as its offset from
    /// the first; `None` when there is none. [`NO_ADDRESS`] when the scenario has no subnets.
    #[inline]
    pub fn allocate(&mut self, subnet: SubnetId, account: AccountId, now: Time) -> Option<u32> {
        if self.subnets.is_empty() {
            return Some(NO_ADDRESS);
        }
        let subnet = &mut self.subnets[subnet.index()];
        let pool = &mut self.pools[subnet.pool(account)];
        let address = pool.allocate();
        match address {
            Some(offset) => {
                subnet.usage.take(now);
                if let Some(fragmentation) = &mut subnet.fragmentation {
                    fragmentation.take(now, pool.rest_of_block_is_free(offset));
                }
            }
            None => subnet.usage.exhaust(now),
        }
        address
    }

    /// Takes back what [`Network::allocate`] gave to the same account in the same subnet.
    #[inline]
    pub fn release(&mut self, subnet: SubnetId, account: AccountId, address: u32, now: Time) {
        if address == NO_ADDRESS {
            return;
        }
        let subnet = &mut self.subnets[subnet.index()];
        let pool = &mut self.pools[subnet.pool(account)];
        pool.release(address);
        subnet.usage.give_back(now);
        if let Some(fragmentation) = &mut subnet.fragmentation {
            fragmentation.give_back(now, pool.rest_of_block_is_free(address));
        }
    }

    /// Starts loading what [`Network::release`] of the address will touch.
    #[inline]
    pub fn prefetch_release(&self, subnet: SubnetId, account: AccountId, address: u32) {
        if address != NO_ADDRESS {
            self.pools[self.subnets[subnet.index()].pool(account)].prefetch(address);
        }
    }

    /// Takes a public address; false when none is left. No caller needs to know which one, so they are
    /// only counted.
    #[inline]
    pub fn allocate_public(&mut self, now: Time) -> bool {
        let left = self.public_addresses.is_none_or(|all| self.public.used() < u64::from(all));
        if left {
            self.public.take(now);
        } else {
            self.public.exhaust(now);
        }
        left
    }

    /// Gives a public address back.
    #[inline]
    pub fn release_public(&mut self, now: Time) {
        self.public.give_back(now);
    }

    /// Confirms what an instance was given, which counts towards the peaks.
    #[inline]
    pub fn note(&mut self, subnet: SubnetId, has_public_address: bool) {
        if let Some(subnet) = self.subnets.get_mut(subnet.index()) {
            subnet.usage.note();
        }
        if has_public_address {
            self.public.note();
        }
    }

    /// Begins peaks and means anew at the end of the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        self.subnets.iter_mut().for_each(|subnet| subnet.begin_window(now));
        self.public.begin_window(now);
        self.elastic.begin_window(now);
    }

    /// Returns the number of free private addresses of a subnet in the account's VPC.
    pub fn free_addresses(&self, subnet: SubnetId, account: AccountId) -> u32 {
        self.pools[self.subnets[subnet.index()].pool(account)].free()
    }

    /// Returns the subnets, in file order. None: private addresses have no limit.
    pub fn subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// Returns the subnets of a zone, in file order.
    #[inline]
    pub fn subnets_of_zone(&self, zone: ZoneId) -> &[SubnetId] {
        &self.of_zone[zone.index()]
    }

    /// Returns the number of the VPC in which the account has the subnet, from 0 in file order: accounts whose
    /// numbers are equal modulo the VPC's `vpcs` share one. 0 when the scenario has no subnets.
    pub fn vpc_of(&self, subnet: SubnetId, account: AccountId) -> u32 {
        self.subnets.get(subnet.index()).map_or(0, |subnet| subnet.vpc(account))
    }

    /// Returns the size of the public pool; `None` for no limit.
    pub fn public_addresses(&self) -> Option<u32> {
        self.public_addresses
    }

    /// Returns how many public addresses are used.
    pub fn public_usage(&self) -> &UseOverTime {
        &self.public
    }

    /// Returns true if everything that was taken has been given back.
    pub fn is_empty(&self) -> bool {
        self.subnets.iter().all(|subnet| subnet.usage.used() == 0)
            && self.public.used() == 0
            && self.elastic.is_empty()
            && self.interfaces.is_empty()
    }

    /// Panics unless every address in use has exactly one holder, given how many instances have a first
    /// private address (not [`NO_ADDRESS`]) and how many an automatically assigned public one.
    pub fn assert_conserved(&self, first_addresses: u64, auto_assigned: u64) {
        self.pools.iter().for_each(AddressPool::assert_consistent);
        for subnet in &self.subnets {
            let pools = &self.pools[subnet.pools()];
            let used: u64 = pools.iter().map(|pool| u64::from(pool.used())).sum();
            assert_eq!(used, subnet.usage.used(), "subnet {} and its pools disagree", subnet.name);
            if let Some(fragmentation) = subnet.fragmentation() {
                fragmentation.assert_agrees(pools);
            }
        }
        let mut held = BTreeSet::new();
        for (subnet, account, offset) in self.interfaces.addresses() {
            let pool = self.subnets[subnet.index()].pool_of(account, offset);
            assert!(!self.pools[pool].is_free(offset), "address {offset} is held and free");
            assert!(held.insert((pool, offset)), "address {offset} has two holders");
        }
        let used: u64 = self.subnets.iter().map(|subnet| subnet.usage.used()).sum();
        assert_eq!(first_addresses + held.len() as u64, used, "private addresses were lost");
        let public = auto_assigned + self.elastic.allocated.used();
        assert_eq!(public, self.public.used(), "public addresses were lost");
        self.elastic.assert_consistent();
        self.interfaces.assert_consistent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::new(&toml::from_str(text).unwrap(), &["x", "y"]).unwrap()
    }

    const TWO_VPCS: &str = "
        public_addresses = 1
        [[subnets]]
        name = 'a'
        zone = 'y'
        cidr = '10.0.1.0/28'
        vpcs = 2
        [[subnets]]
        name = 'b'
        zone = 'y'
        cidr = '10.0.2.0/24'
        vpcs = 2
        assign_public_address = true";

    #[test]
    fn accounts_share_a_vpc_by_their_number() {
        let mut network = network(TWO_VPCS);
        let (a, now) = (SubnetId(0), Time(7));
        for _ in 0..11 {
            assert!(network.allocate(a, AccountId(0), now).is_some());
        }
        assert_eq!(network.allocate(a, AccountId(1), now), Some(4));
        assert_eq!(network.allocate(a, AccountId(2), Time(8)), None);
        assert_eq!(network.allocate(a, AccountId(3), Time(8)), Some(5));
        network.note(a, false);
        network.release(a, AccountId(2), 9, Time(9));
        assert_eq!(network.allocate(a, AccountId(0), Time(9)), Some(9));

        let subnet = &network.subnets()[0];
        assert_eq!((subnet.addresses, subnet.usage.used(), subnet.usage.peak()), (22, 13, 13));
        assert_eq!(subnet.usage.exhausted_at(), Some(Time(8)));
        assert_eq!(subnet.address(4).unwrap().to_string(), "10.0.1.4");
        assert_eq!(network.subnets()[1].addresses, 2 * 251);
        assert_eq!(network.subnets_of_zone(ZoneId(1)), [SubnetId(0), SubnetId(1)]);
        assert_eq!(network.subnets_of_zone(ZoneId(0)), []);
    }

    #[test]
    fn vpcs_are_numbered_in_file_order_and_shared_by_their_subnets() {
        let other = "
        [[subnets]]
        name = 'c'
        zone = 'x'
        cidr = '10.0.0.0/24'
        vpc = 'other'
        [[subnets]]
        name = 'd'
        zone = 'x'
        cidr = '10.0.3.0/24'
        vpcs = 2";
        let network = network(&format!("{TWO_VPCS}{other}"));
        let of = |subnet| [0, 1, 2].map(|account| network.vpc_of(SubnetId(subnet), AccountId(account)));
        assert_eq!([0, 1, 2, 3].map(of), [[0, 1, 0], [0, 1, 0], [2, 2, 2], [0, 1, 0]]);
        assert_eq!(
            Network::new(&NetworkConfig::default(), &[]).unwrap().vpc_of(SubnetId(0), AccountId(5)),
            0
        );
    }

    #[test]
    fn public_addresses_run_out() {
        let mut network = network(TWO_VPCS);
        assert!(network.allocate_public(Time(1)));
        assert!(!network.allocate_public(Time(2)));
        network.release_public(Time(3));
        assert!(network.allocate_public(Time(4)));
        network.begin_window(Time(5));
        assert_eq!((network.public_usage().used(), network.public_usage().peak()), (1, 1));
        assert_eq!(network.public_usage().exhausted_at(), Some(Time(2)));
    }

    #[test]
    fn without_a_network_addresses_have_no_limit() {
        let mut network = network("");
        for _ in 0..100_000 {
            assert_eq!(network.allocate(SubnetId(0), AccountId(0), Time(1)), Some(NO_ADDRESS));
            assert!(network.allocate_public(Time(1)));
        }
        network.release(SubnetId(0), AccountId(0), NO_ADDRESS, Time(2));
        assert_eq!(network.public_usage().used(), 100_000);
    }
}
