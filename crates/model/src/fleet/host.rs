//! The record of one host, 32 bytes, and the groups and capacities it points to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::service_window::ServiceWindow;
use super::topology::Topology;
use plimsoll_base::units::{Footprint, HostId, RackId, Resources, ZoneId};

/// State of a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum HostState {
    /// Host of an elastic group that is not in use at the moment.
    #[default]
    Closed,
    /// Takes instances.
    Active,
    /// Failed its health check: takes none.
    Unhealthy,
    /// Being worked on, or soon to be: takes none.
    Maintenance,
    /// Gone for good.
    Retired,
    /// Still to arrive.
    Absent,
}

/// Pool of a host. Requests of shared tenancy go to hosts of the shared pool only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Pool {
    /// Takes instances of any account.
    #[default]
    Shared,
    /// Kept for dedicated tenancy, without owner at the moment.
    Reserved,
    /// Owned by one account.
    Owned,
}

/// Tenancy of the hosts of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupTenancy {
    /// Instances of shared tenancy; an empty host may become one account's own.
    #[default]
    Any,
    /// Instances of shared tenancy only.
    Shared,
    /// Dedicated instances and dedicated hosts only.
    Dedicated,
}

impl GroupTenancy {
    pub(super) fn is_any(&self) -> bool {
        *self == GroupTenancy::Any
    }

    /// Returns the pool of a host of the group without owner.
    pub fn pool(self) -> Pool {
        match self {
            GroupTenancy::Any | GroupTenancy::Shared => Pool::Shared,
            GroupTenancy::Dedicated => Pool::Reserved,
        }
    }
}

/// A capacity, numbered in the order of first use. Hosts of equal capacity share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct SkuId(pub u16);

/// Host. Half a cache line: at ten million hosts every byte is ten megabytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C, align(32))]
pub struct Host {
    /// Free amounts: capacity less reserve less what instances hold. Network bandwidth is
    /// `u32::MAX` where it has no limit.
    pub free: Resources,
    /// Position in the placement index, which alone interprets it.
    pub index_mark: u32,
    /// Number of instances on it.
    pub instances: u32,
    /// Its capacity.
    pub sku: SkuId,
    /// State.
    pub state: HostState,
    /// Pool.
    pub pool: Pool,
}

impl Host {
    /// Returns true if the host counts among the fleet's and its capacity among what they sell: it takes
    /// instances, or still has some although it takes no more.
    #[inline]
    pub fn counts(&self) -> bool {
        self.state == HostState::Active || self.instances > 0
    }

    /// Returns the vCPU that an instance could have \[milli-vCPU\]: 0 on a host that takes none.
    #[inline]
    pub fn free_vcpu_milli(&self) -> u64 {
        if self.state == HostState::Active { u64::from(self.free.vcpu_milli()) } else { 0 }
    }
}

/// Capacity of hosts of one kind, less the reserve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Sku {
    /// Sellable capacity. Network bandwidth is `u32::MAX` where it has no limit.
    pub capacity: Resources,
    /// Instances a host takes at most; `u32::MAX` where there is no limit.
    pub max_instances: u32,
    /// Number of the set of types that it runs.
    pub hardware: u8,
    /// Processor sockets of a host, which bound what a dedicated host holds; 0 if not given.
    pub sockets: u8,
    /// Its NUMA nodes and GPU devices, where they are told apart.
    pub topology: Topology,
}

impl Sku {
    /// Returns true if such a host does not run a type that is barred from these numbers.
    #[inline]
    pub fn is_barred(&self, barred: u64) -> bool {
        barred >> self.hardware & 1 == 1
    }

    /// Returns the most instances of one size that a dedicated host holds: one that a socket has room for does not span two.
    pub fn holds(&self, request: &Resources) -> u32 {
        let (sockets, size) = (u32::from(self.sockets), request.vcpu_milli());
        if sockets == 0 || size == 0 {
            return u32::MAX;
        }
        let of_socket = self.capacity.vcpu_milli() / sockets;
        if size <= of_socket { sockets * (of_socket / size) } else { self.capacity.vcpu_milli() / size }
    }

    /// Returns true if such a host, empty, has room for an instance.
    pub fn covers(&self, footprint: &Footprint) -> bool {
        self.capacity.covers(&footprint.amounts)
            && (self.topology.is_flat() || self.topology.empty().have_room(&self.topology, footprint))
    }

    /// Returns true if network bandwidth has no limit and is not counted.
    pub fn network_is_unlimited(&self) -> bool {
        self.capacity.0[Resources::NETWORK] == u32::MAX
    }

    /// Returns the amounts that an instance takes from such a host.
    #[inline]
    pub fn taken_by(&self, request: &Resources) -> Resources {
        let mut taken = *request;
        if self.network_is_unlimited() {
            taken.0[Resources::NETWORK] = 0;
        }
        taken
    }
}

/// Host group of the scenario (`[[zones.hosts]]`): a contiguous range of ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupHosts {
    /// Its zone.
    pub zone: ZoneId,
    /// Its lowest host.
    pub first: HostId,
    /// Hosts, open or closed.
    pub count: u32,
    /// Hosts open when no open one fits and close when they empty.
    pub elastic: bool,
    /// Racks of the hosts.
    pub racks: Racks,
    /// Tenancy of the instances that its hosts take.
    pub tenancy: GroupTenancy,
    /// Time that its hosts are there.
    pub service_window: ServiceWindow,
}

/// Racks of the hosts of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Racks {
    /// So many to a rack, in order of their id, from a first rack on.
    Filled {
        /// The rack of the first hosts.
        first: RackId,
        /// Hosts in a rack.
        hosts_per_rack: u32,
    },
    /// By host, as in the host file.
    Listed(Vec<RackId>),
}

impl GroupHosts {
    /// Returns the rack of the group's host at `offset`.
    pub fn rack(&self, offset: u32) -> RackId {
        match &self.racks {
            Racks::Filled { first, hosts_per_rack } => RackId(first.0 + offset / hosts_per_rack),
            Racks::Listed(racks) => racks[offset as usize],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of the record is fixed on purpose: one more byte is ten megabytes at ten million hosts.
    #[test]
    fn a_host_is_32_bytes() {
        assert_eq!(size_of::<Host>(), 32);
    }
}
