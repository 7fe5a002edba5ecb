//! Addresses: private ones by subnet and VPC, public ones from one pool; how many are used, and when
//! they ran out.

mod config;
mod pool;
pub mod security;
mod usage;

pub use config::{NetworkConfig, SubnetConfig};
pub use pool::{AddressPool, MAX_ADDRESSES};
pub use usage::Usage;

use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

use crate::input::InputError;
use crate::units::{AccountId, SubnetId, Time, ZoneId};

/// The private address of an instance where addresses have no limit: none in particular.
pub const NO_ADDRESS: u32 = u32::MAX;

/// Addresses at the start of a subnet that are never handed out: network, router, name server and one
/// kept for later. The last one, broadcast, is the fifth (EC2 user guide, "Subnet sizing").
const RESERVED_FIRST: u32 = 4;

/// One subnet of the scenario, over all the VPCs it exists in.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: ZoneId,
    /// Its addresses, the same in every VPC.
    pub net: Ipv4Net,
    /// Whether an instance in it gets a public address when its request does not say.
    pub assign_public_address: bool,
    /// Addresses that can be handed out, over all its VPCs.
    pub addresses: u64,
    /// How many of them are used, over all its VPCs.
    pub usage: Usage,
    /// Position of the pool of its first VPC; the others follow.
    first_pool: u32,
    vpcs: u32,
}

impl Subnet {
    /// Position of the pool of the account's VPC.
    #[inline]
    fn pool(&self, account: AccountId) -> usize {
        (self.first_pool + account.0 % self.vpcs) as usize
    }

    /// The address at an offset from the first, as people write it; `None` for [`NO_ADDRESS`].
    pub fn address(&self, offset: u32) -> Option<Ipv4Addr> {
        (offset != NO_ADDRESS).then(|| Ipv4Addr::from(u32::from(self.net.network()) + offset))
    }
}

/// All addresses of a run.
#[derive(Clone, Debug)]
pub struct Network {
    subnets: Vec<Subnet>,
    /// The subnets of each zone, in file order.
    of_zone: Vec<Vec<SubnetId>>,
    /// A pool for each subnet and VPC, side by side.
    pools: Vec<AddressPool>,
    public_addresses: Option<u32>,
    public: Usage,
}

impl Network {
    /// The network a scenario describes, given the names of its zones in file order.
    pub fn new(config: &NetworkConfig, zones: &[&str]) -> Result<Network, InputError> {
        let resolved = config.resolve(zones).map_err(InputError)?;
        let mut network = Network {
            subnets: Vec::new(),
            of_zone: vec![Vec::new(); zones.len()],
            pools: Vec::new(),
            public_addresses: config.public_addresses,
            public: Usage::default(),
        };
        for (subnet, (zone, net)) in config.subnets.iter().zip(resolved) {
            let id = SubnetId(network.subnets.len() as u32);
            let pool = AddressPool::new(1 << (32 - net.prefix_len()), RESERVED_FIRST);
            network.of_zone[zone.index()].push(id);
            network.subnets.push(Subnet {
                name: subnet.name.clone(),
                zone,
                net,
                assign_public_address: subnet.assign_public_address,
                addresses: u64::from(pool.capacity()) * u64::from(subnet.vpcs),
                usage: Usage::default(),
                first_pool: network.pools.len() as u32,
                vpcs: subnet.vpcs,
            });
            network.pools.extend(std::iter::repeat_n(pool, subnet.vpcs as usize));
        }
        Ok(network)
    }

    /// Hands out the lowest free private address of the subnet in the account's VPC, as its offset from
    /// the first; `None` when there is none. [`NO_ADDRESS`] when the scenario has no subnets.
    #[inline]
    pub fn allocate(&mut self, subnet: SubnetId, account: AccountId, now: Time) -> Option<u32> {
        if self.subnets.is_empty() {
            return Some(NO_ADDRESS);
        }
        let subnet = &mut self.subnets[subnet.index()];
        let address = self.pools[subnet.pool(account)].allocate();
        match address {
            Some(_) => subnet.usage.take(now),
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
        self.pools[subnet.pool(account)].release(address);
        subnet.usage.give_back(now);
    }

    /// Starts loading what [`Network::release`] of the address will touch.
    #[inline]
    pub fn prefetch_release(&self, subnet: SubnetId, account: AccountId, address: u32) {
        if address != NO_ADDRESS {
            self.pools[self.subnets[subnet.index()].pool(account)].prefetch(address);
        }
    }

    /// Takes a public address; false when none is left. Nobody asks yet which one it is, so they are
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

    /// An instance keeps what it was given: the peaks take note.
    #[inline]
    pub fn note(&mut self, subnet: SubnetId, has_public_address: bool) {
        if let Some(subnet) = self.subnets.get_mut(subnet.index()) {
            subnet.usage.note();
        }
        if has_public_address {
            self.public.note();
        }
    }

    /// Peaks and means begin anew: the warm-up is over.
    pub fn begin_window(&mut self, now: Time) {
        self.subnets.iter_mut().for_each(|subnet| subnet.usage.begin_window(now));
        self.public.begin_window(now);
    }

    /// The subnets, in file order. None: private addresses have no limit.
    pub fn subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// The subnets of a zone, in file order.
    #[inline]
    pub fn subnets_of_zone(&self, zone: ZoneId) -> &[SubnetId] {
        &self.of_zone[zone.index()]
    }

    /// Public addresses there are; `None` for no limit.
    pub fn public_addresses(&self) -> Option<u32> {
        self.public_addresses
    }

    /// How many public addresses are used.
    pub fn public_usage(&self) -> &Usage {
        &self.public
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
