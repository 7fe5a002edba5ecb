//! The parts of the hosts of a fleet, where hosts are divided: how instances take and leave them, and the view of an index on
//! them.

use super::Fleet;
use super::host::{Host, Sku};
use super::index::shapes::Shapes;
use super::topology::{Affinity, NodeOrder, Parts};
use plimsoll_base::units::{Footprint, HostId};

impl Fleet {
    /// Returns the kinds of hosts and the room on their parts.
    #[inline]
    pub fn layouts(&self) -> Layouts<'_> {
        Layouts { skus: &self.skus, parts: &self.parts }
    }

    /// Returns true if some hosts are divided into parts.
    pub fn has_divided_hosts(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Tries the nodes of a host in this order from now on.
    pub fn set_node_order(&mut self, order: NodeOrder) {
        self.node_order = order;
    }

    /// Takes the parts of a host that has room on them, and returns which.
    #[cold]
    pub(super) fn take_parts(&mut self, id: HostId, footprint: &Footprint) -> Affinity {
        let topology = &self.skus[self.hosts[id.index()].sku.0 as usize].topology;
        if topology.is_flat() {
            return Affinity::default();
        }
        let parts = &mut self.parts[id.index()];
        let affinity = parts.choose(topology, footprint, self.node_order);
        let affinity =
            affinity.unwrap_or_else(|| panic!("host {id} has no parts with room for {footprint:?}"));
        parts.take(footprint, affinity);
        affinity
    }

    /// Gives the parts that an instance was on back.
    #[cold]
    pub(super) fn give_parts(&mut self, id: HostId, footprint: &Footprint, affinity: Affinity) {
        let topology = &self.skus[self.hosts[id.index()].sku.0 as usize].topology;
        self.parts[id.index()].give(topology, footprint, affinity);
    }

    /// Checks that what hosts have free is what their parts have free.
    pub(super) fn assert_parts(&self) {
        for (id, (host, parts)) in self.hosts.iter().zip(&self.parts).enumerate() {
            let topology = &self.skus[host.sku.0 as usize].topology;
            assert!(
                parts.are_of(topology, &host.free),
                "the parts of host {id} do not match what it has free"
            );
        }
    }
}

/// View of what is beside the record of a host: its kind, and the room on its parts.
#[derive(Clone, Copy)]
pub struct Layouts<'a> {
    /// Kinds of hosts.
    pub skus: &'a [Sku],
    pub(super) parts: &'a [Parts],
}

impl<'a> Layouts<'a> {
    /// Returns the kind of a host.
    #[inline]
    pub fn sku(&self, host: &Host) -> &'a Sku {
        &self.skus[host.sku.0 as usize]
    }

    /// Returns the room on the parts of a host; `None` where it is not divided.
    #[inline]
    pub fn parts(&self, id: HostId, host: &Host) -> Option<&'a Parts> {
        if self.parts.is_empty() || self.sku(host).topology.is_flat() {
            return None;
        }
        Some(&self.parts[id.index()])
    }

    /// Returns the mask of the requests that a host has room for.
    #[inline]
    pub fn mask(&self, id: HostId, host: &Host, shapes: &Shapes) -> u64 {
        match self.parts(id, host) {
            None => shapes.mask(&host.free),
            Some(parts) => shapes.mask_of_parts(&host.free, &self.sku(host).topology, parts),
        }
    }

    /// Returns true if a host has room for an instance.
    #[inline]
    pub fn fits(&self, id: HostId, host: &Host, footprint: &Footprint) -> bool {
        let parts_fit = |parts: &Parts| parts.have_room(&self.sku(host).topology, footprint);
        host.free.covers(&footprint.amounts) && self.parts(id, host).is_none_or(parts_fit)
    }
}

/// Returns the parts of hosts that are empty; none where no host is divided.
pub(super) fn parts(hosts: &[Host], skus: &[Sku]) -> Vec<Parts> {
    if skus.iter().all(|sku| sku.topology.is_flat()) {
        return Vec::new();
    }
    hosts.iter().map(|host| skus[host.sku.0 as usize].topology.empty()).collect()
}
