//! Pools of hosts: moves from the shared pool to one account's own and back, and the opening of closed
//! hosts. The tenancy of requests is `placement`'s; this file has only its effects on a host.

use super::host::GroupTenancy;
use super::host::{HostState, Pool, Sku};
use super::{Change, Fleet};
use plimsoll_base::units::{Footprint, HostId, ZoneId};

impl Fleet {
    /// Returns true if a host is active, below its limit of instances and has so much free, in any pool.
    pub fn has_room(&self, id: HostId, footprint: &Footprint) -> bool {
        let host = &self.hosts[id.index()];
        host.state == HostState::Active
            && host.instances < self.skus[host.sku.0 as usize].max_instances
            && self.layouts().fits(id, host, footprint)
    }

    /// Returns true if a host is empty and without owner, and its group lets it become one account's own.
    pub fn may_be_owned(&self, id: HostId) -> bool {
        let host = &self.hosts[id.index()];
        host.instances == 0
            && host.pool != Pool::Owned
            && self.groups[self.group_of(id)].tenancy != GroupTenancy::Shared
    }

    /// Returns true if a host may be owned and is active.
    pub fn is_vacant(&self, id: HostId) -> bool {
        self.hosts[id.index()].state == HostState::Active && self.may_be_owned(id)
    }

    /// Moves an empty host out of the shared pool, to be one account's own.
    pub fn own(&mut self, id: HostId) {
        self.hosts[id.index()].pool = Pool::Owned;
    }

    /// Returns a host that has emptied to the pool of its group; one of an elastic group closes.
    pub fn disown(&mut self, id: HostId) -> Change {
        let pool = self.groups[self.group_of(id)].tenancy.pool();
        let host = &mut self.hosts[id.index()];
        assert!(host.pool == Pool::Owned && host.instances == 0, "host {id} is still in use");
        host.pool = pool;
        if host.state == HostState::Active { self.close_if_elastic(id) } else { Change::Amounts }
    }

    /// Opens the lowest closed host of the zone's first elastic group that could take a request of shared
    /// tenancy.
    pub fn open(&mut self, zone: ZoneId, footprint: impl Into<Footprint>) -> Option<HostId> {
        self.open_where(
            zone,
            &footprint.into(),
            |_| true,
            |fleet, id| fleet.hosts[id.index()].pool == Pool::Shared,
        )
    }

    /// Opens the lowest closed host, of those that a rule allows, of the zone's first elastic group whose kind of
    /// hosts suits, that could take the request and has any.
    pub fn open_where(
        &mut self,
        zone: ZoneId,
        footprint: &Footprint,
        suits: impl Fn(&Sku) -> bool,
        allows: impl Fn(&Fleet, HostId) -> bool,
    ) -> Option<HostId> {
        let (group, id) = self.lowest_closed(zone, footprint, suits, allows)?;
        self.closed[group].remove(&id.0);
        self.hosts[id.index()].state = HostState::Active;
        self.count_in(id);
        Some(id)
    }

    /// Returns the host that [`Fleet::open_where`] would open.
    pub fn next_to_open(
        &self,
        zone: ZoneId,
        footprint: &Footprint,
        suits: impl Fn(&Sku) -> bool,
        allows: impl Fn(&Fleet, HostId) -> bool,
    ) -> Option<HostId> {
        self.lowest_closed(zone, footprint, suits, allows).map(|(_, id)| id)
    }

    /// Returns that host, with its group.
    fn lowest_closed(
        &self,
        zone: ZoneId,
        footprint: &Footprint,
        suits: impl Fn(&Sku) -> bool,
        allows: impl Fn(&Fleet, HostId) -> bool,
    ) -> Option<(usize, HostId)> {
        self.zones[zone.index()].groups.clone().find_map(|group| {
            let sku = self.hosts.get(self.groups[group].first.index())?.sku;
            let sku = &self.skus[sku.0 as usize];
            let could = self.groups[group].elastic && sku.covers(footprint) && suits(sku);
            let mut closed = self.closed[group].iter().filter(|_| could).map(|id| HostId(*id));
            closed.find(|id| allows(self, *id)).map(|id| (group, id))
        })
    }
}
