//! The hosts as a checkpoint holds them. Sums over them, and which are closed, follow from the hosts.

use std::collections::BTreeSet;

use super::Fleet;
use super::fill::HostsByShare;
use super::host::{Host, HostState};
use super::totals::Totals;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::units::HostId;

/// The mark of a host that is in no index.
const NO_MARK: u32 = u32::MAX;

impl Persist for Fleet {
    fn save(&self, out: &mut Writer<'_>) {
        let Fleet {
            hosts,
            skus,
            parts,
            node_order: _,
            groups: _,
            zones: _,
            totals: _,
            by_share: _,
            by_group: _,
            is_asked,
            smallest,
            closed: _,
            is_elastic: _,
            hardware: _,
            names: _,
            rack_names: _,
        } = self;
        out.put(&(is_asked, smallest));
        out.put_length(hosts.len());
        for Host { free, index_mark: _, instances, sku: _, state, pool } in hosts {
            out.put(&(free, instances, state, pool));
        }
        for (host, parts) in hosts.iter().zip(parts) {
            if !skus[host.sku.0 as usize].topology.is_flat() {
                out.put(parts);
            }
        }
    }

    /// Restores the hosts of the state; further hosts of the scenario are new. None is in an index yet.
    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        (self.is_asked, self.smallest) = from.get()?;
        let (found, expected) = (from.get_length()?, self.hosts.len());
        let hosts =
            self.hosts.get_mut(..found).ok_or(RestoreError::Fewer { what: "hosts", found, expected })?;
        for host in hosts {
            (host.free, host.instances, host.state, host.pool) = from.get()?;
            if !self.skus[host.sku.0 as usize].capacity.covers(&host.free) {
                return Err(RestoreError::Corrupt);
            }
        }
        self.restore_parts(found, from)?;
        self.hosts.iter_mut().for_each(|host| host.index_mark = NO_MARK);
        self.add_up();
        Ok(())
    }
}

impl Fleet {
    /// Returns a copy whose hosts are in no index.
    pub fn without_marks(&self) -> Fleet {
        let mut copy = self.clone();
        copy.hosts.iter_mut().for_each(|host| host.index_mark = NO_MARK);
        copy
    }

    /// Makes a host what it is in another fleet of the same hosts. The sums over hosts stay as they are.
    pub fn copy_host(&mut self, id: HostId, from: &Fleet) {
        let host = &mut self.hosts[id.index()];
        *host = Host { index_mark: host.index_mark, ..from.hosts[id.index()] };
        if let Some(parts) = self.parts.get_mut(id.index()) {
            *parts = from.parts[id.index()];
        }
    }

    /// Restores the parts of so many hosts, those that are divided.
    fn restore_parts(&mut self, hosts: usize, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        for (host, parts) in self.hosts.iter().take(hosts).zip(&mut self.parts) {
            let topology = &self.skus[host.sku.0 as usize].topology;
            if !topology.is_flat() {
                *parts = from.get()?;
                if !parts.are_of(topology, &host.free) {
                    return Err(RestoreError::Corrupt);
                }
            }
        }
        Ok(())
    }

    /// Makes the sums and the closed hosts anew.
    fn add_up(&mut self) {
        self.totals = Totals::default();
        self.by_share = HostsByShare::default();
        self.by_group.fill(Totals::default());
        for zone in &mut self.zones {
            (zone.free_vcpu_milli, zone.free_memory_mib, zone.free_gpu_milli) = (0, 0, 0);
            zone.active.fill(0);
        }
        for id in (0..self.hosts.len() as u32).map(HostId) {
            self.count_in(id);
            let host = &self.hosts[id.index()];
            if host.instances > 0 {
                let sku = &self.skus[host.sku.0 as usize];
                let (capacity, taken) = (sku.capacity, sku.taken_by(&sku.capacity.minus(&host.free)));
                self.totals.host_filled(&capacity);
                self.totals.taken(&taken);
                self.by_share.add(host, &capacity);
                if !self.by_group.is_empty() {
                    self.count_in_group(id, |totals| {
                        totals.host_filled(&capacity);
                        totals.taken(&taken);
                    });
                }
            }
        }
        for (group, closed) in self.groups.iter().zip(&mut self.closed) {
            let ids = group.first.0..group.first.0 + group.count;
            let is_closed = |id: &u32| self.hosts[*id as usize].state == HostState::Closed;
            *closed = if group.elastic { ids.filter(is_closed).collect() } else { BTreeSet::new() };
        }
    }
}
