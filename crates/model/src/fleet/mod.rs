//! The fleet: zones, groups and hosts with their free amounts, and the totals over them.
//!
//! Hosts are numbered from 0 in the order of the scenario file, as are groups and zones; each is an
//! unbroken run of ids. An elastic group has such a run too: its hosts exist, closed, until opened.

pub mod config;
pub mod fill;
pub mod hardware;
pub mod host;
pub mod host_file;
pub mod host_group;
pub mod index;
pub mod layout;
mod pool;
mod restore;
pub mod sale;
pub mod service_window;
pub mod state;
pub mod topology;
pub mod totals;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use fill::HostsByShare;
use hardware::{Hardware, HardwareSets, Model};
use host::{GroupHosts, Host, HostState, Pool, Racks, Sku, SkuId};
use host_group::{HostGroup, Hosts, ListedHost};
use layout::Layouts;
use plimsoll_base::units::{Duration, Footprint, HostId, RESOURCES, RackId, Resources, ZoneId};
use topology::{Affinity, NodeOrder, Parts, Topology};
use totals::{Total, Totals};

/// A zone: a run of hosts.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its hosts, open or closed.
    pub hosts: Range<u32>,
    /// vCPU free on its active hosts \[milli-vCPU\].
    pub free_vcpu_milli: u64,
    /// Memory free on its active hosts \[MiB\].
    pub free_memory_mib: u64,
    /// GPU free on its active hosts \[milli-GPU\].
    pub free_gpu_milli: u64,
    /// Its active hosts, by the number of their capacity.
    active: Vec<u32>,
    /// Its groups.
    groups: Range<usize>,
    /// Numbers of the sets of types that its hosts run, a bit for each.
    hardware: u64,
}

impl Zone {
    #[inline]
    fn more_free(&mut self, amounts: &Resources) {
        self.free_vcpu_milli += u64::from(amounts.vcpu_milli());
        self.free_memory_mib += u64::from(amounts.memory_mib());
        self.free_gpu_milli += u64::from(amounts.0[Resources::GPU]);
    }

    #[inline]
    fn less_free(&mut self, amounts: &Resources) {
        self.free_vcpu_milli -= u64::from(amounts.vcpu_milli());
        self.free_memory_mib -= u64::from(amounts.memory_mib());
        self.free_gpu_milli -= u64::from(amounts.0[Resources::GPU]);
    }

    /// Returns the capacities of its active hosts, with the number of hosts of each.
    pub fn active_hosts(&self) -> impl Iterator<Item = (SkuId, u32)> {
        (0..).map(SkuId).zip(self.active.iter().copied()).filter(|(_, hosts)| *hosts > 0)
    }
}

/// All hosts.
#[derive(Clone, Debug)]
pub struct Fleet {
    hosts: Vec<Host>,
    skus: Vec<Sku>,
    /// Room on the parts of each host; empty where no host is divided.
    parts: Vec<Parts>,
    /// Order in which the nodes of a host are tried.
    node_order: NodeOrder,
    groups: Vec<GroupHosts>,
    zones: Vec<Zone>,
    totals: Totals,
    /// Hosts in use, by their share of vCPU in use.
    by_share: HostsByShare,
    /// Totals of each group, but for what is stranded; empty where there is one group, whose totals are those of the fleet.
    by_group: Vec<Totals>,
    /// The least vCPU \[milli-vCPU\] and memory \[MiB\] of any request so far: less of one strands the other.
    /// Nothing at first, so that nothing is too short.
    smallest: Resources,
    /// True after the first request.
    is_asked: bool,
    /// Closed hosts of each elastic group.
    closed: Vec<BTreeSet<u32>>,
    is_elastic: bool,
    /// Sets of types that hosts run.
    hardware: HardwareSets,
    /// Hosts with a name of their own, by it.
    names: BTreeMap<String, HostId>,
    /// Names of racks that have one.
    rack_names: BTreeMap<RackId, String>,
}

/// Change of a host beside its free amounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing: the host is still open.
    Amounts,
    /// The host counts no more: one of an elastic group closed, or one that takes no instances has none left.
    Closed,
}

impl Fleet {
    /// Returns a fleet with every standing host active and empty. Fails when there are more different capacities, or sets
    /// of types that hosts run, than a record can name.
    pub fn new(zones: &[Vec<HostGroup>]) -> Result<Fleet, TooManyKinds> {
        let mut builder = Builder::default();
        for (zone, groups) in zones.iter().enumerate() {
            builder.zone(ZoneId(zone as u16), groups)?;
        }
        let mut fleet = Fleet {
            closed: vec![BTreeSet::new(); builder.groups.len()],
            is_elastic: builder.groups.iter().any(|group| group.elastic),
            hardware: builder.hardware,
            names: builder.names,
            rack_names: builder.rack_names,
            parts: layout::parts(&builder.hosts, &builder.skus),
            node_order: NodeOrder::Lowest,
            hosts: builder.hosts,
            skus: builder.skus,
            groups: builder.groups,
            zones: builder.zones,
            by_group: Vec::new(),
            totals: Totals::default(),
            by_share: HostsByShare::default(),
            smallest: Resources::ZERO,
            is_asked: false,
        };
        if fleet.groups.len() > 1 {
            fleet.by_group = vec![Totals::default(); fleet.groups.len()];
        }
        for zone in &mut fleet.zones {
            zone.active = vec![0; fleet.skus.len()];
        }
        for id in 0..fleet.hosts.len() as u32 {
            if fleet.hosts[id as usize].state == HostState::Active {
                fleet.count_in(HostId(id));
            }
        }
        for (group, closed) in fleet.groups.iter().zip(&mut fleet.closed) {
            if group.elastic {
                closed.extend(group.first.0..group.first.0 + group.count);
            }
        }
        Ok(fleet)
    }

    /// Returns the hosts, by id.
    #[inline]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Returns the hosts and what is beside their records, for an index that marks its place in a host.
    #[inline]
    pub fn hosts_to_mark(&mut self) -> (&mut [Host], Layouts<'_>) {
        (&mut self.hosts, Layouts { skus: &self.skus, parts: &self.parts })
    }

    /// Returns the capacities.
    #[inline]
    pub fn skus(&self) -> &[Sku] {
        &self.skus
    }

    /// Returns the sets of types that hosts run, by number.
    pub fn hardware(&self) -> &HardwareSets {
        &self.hardware
    }

    /// Returns true if a host does not run a type that is barred from these numbers.
    #[inline]
    pub fn is_barred(&self, id: HostId, barred: u64) -> bool {
        barred != 0 && self.skus[self.hosts[id.index()].sku.0 as usize].is_barred(barred)
    }

    /// Returns the numbers of the hardware that does not run a type, a bit for each.
    pub fn barring(&self, model: &Model<'_>) -> u64 {
        self.hardware.barring(model)
    }

    /// Returns true if a zone has hosts that run a type that is barred from these numbers.
    pub fn runs_in(&self, zone: ZoneId, barred: u64) -> bool {
        self.zones[zone.index()].hardware & !barred != 0
    }

    /// Returns the zones, by id.
    #[inline]
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// Returns the groups, in file order.
    pub fn groups(&self) -> &[GroupHosts] {
        &self.groups
    }

    /// Returns the totals over all hosts.
    #[inline]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Returns the totals over the hosts of a group, by its number in file order; what is stranded counts for the whole fleet
    /// alone.
    pub fn group_totals(&self, group: usize) -> &Totals {
        self.by_group.get(group).unwrap_or(&self.totals)
    }

    /// Changes the totals of the group of a host, where groups are counted.
    #[inline(never)]
    fn count_in_group(&mut self, id: HostId, change: impl FnOnce(&mut Totals)) {
        let group = self.group_of(id);
        change(&mut self.by_group[group]);
    }

    /// Returns true if there are elastic groups.
    #[inline]
    pub fn is_elastic(&self) -> bool {
        self.is_elastic
    }

    /// Returns the host of a name.
    pub fn named(&self, name: &str) -> Option<HostId> {
        self.names.get(name).copied()
    }

    /// Returns the name of a host, where it has one. It looks through all names.
    pub fn name_of(&self, id: HostId) -> Option<&str> {
        self.names.iter().find(|(_, host)| **host == id).map(|(name, _)| name.as_str())
    }

    /// Returns the zone of a host.
    pub fn zone_of(&self, id: HostId) -> ZoneId {
        ZoneId(self.zones.partition_point(|zone| zone.hosts.end <= id.0) as u16)
    }

    /// Returns the rack of a host.
    pub fn rack_of(&self, id: HostId) -> RackId {
        let group = &self.groups[self.group_of(id)];
        group.rack(id.0 - group.first.0)
    }

    /// Returns the name of a rack, where the file of its hosts gives it one.
    pub fn rack_name(&self, id: RackId) -> Option<&str> {
        self.rack_names.get(&id).map(String::as_str)
    }

    /// Returns true if a host takes instances of shared tenancy and has so much free.
    #[inline]
    pub fn fits(&self, id: HostId, footprint: &Footprint) -> bool {
        self.accepts(id) && self.layouts().fits(id, &self.hosts[id.index()], footprint)
    }

    /// Returns true if a host takes instances of shared tenancy at all: in the shared pool, active, and below
    /// its limit of them.
    #[inline]
    pub fn accepts(&self, id: HostId) -> bool {
        let host = &self.hosts[id.index()];
        host.pool == Pool::Shared
            && host.state == HostState::Active
            && host.instances < self.skus[host.sku.0 as usize].max_instances
    }

    /// Notes the amounts of a request: the smallest request decides which free amounts are stranded.
    pub fn note_request(&mut self, request: &Resources) {
        let before = if self.is_asked { self.smallest } else { Resources([u32::MAX; RESOURCES]) };
        self.is_asked = true;
        for i in [Resources::VCPU, Resources::MEMORY] {
            self.smallest.0[i] = before.0[i].min(request.0[i]);
        }
        if self.smallest == before {
            return;
        }
        self.totals[Total::VcpuStranded] = 0;
        self.totals[Total::MemoryStranded] = 0;
        for host in self.hosts.iter().filter(|host| host.state == HostState::Active) {
            let (vcpu, memory) = stranded(host, &self.smallest);
            self.totals[Total::VcpuStranded] += vcpu;
            self.totals[Total::MemoryStranded] += memory;
        }
    }

    /// Puts an instance on a host that fits, and returns the parts of the host that it is on.
    #[inline(always)] // every launch
    pub fn take(&mut self, id: HostId, zone: ZoneId, footprint: impl Into<Footprint>) -> Affinity {
        let footprint = footprint.into();
        self.take_amounts(id, zone, &footprint.amounts);
        if self.parts.is_empty() { Affinity::default() } else { self.take_parts(id, &footprint) }
    }

    /// Puts an instance on given parts of a host that fits; `false`, and nothing is taken, where they are none for it or have no
    /// room.
    pub fn take_on(&mut self, id: HostId, zone: ZoneId, footprint: Footprint, affinity: Affinity) -> bool {
        let topology = &self.skus[self.hosts[id.index()].sku.0 as usize].topology;
        if topology.is_flat() || !self.parts[id.index()].have_room_on(topology, &footprint, affinity) {
            return false;
        }
        self.take_amounts(id, zone, &footprint.amounts);
        self.parts[id.index()].take(&footprint, affinity);
        true
    }

    /// Takes amounts of a host for an instance more.
    #[inline(always)] // every launch
    fn take_amounts(&mut self, id: HostId, zone: ZoneId, request: &Resources) {
        let host = &mut self.hosts[id.index()];
        let sku = &self.skus[host.sku.0 as usize];
        debug_assert!(host.state == HostState::Active && host.instances < sku.max_instances);
        let before = short(&host.free, &self.smallest);
        let (taken, capacity) = (sku.taken_by(request), sku.capacity);
        let filled = host.instances == 0;
        if filled {
            self.totals.host_filled(&capacity);
        } else {
            self.by_share.remove(host, &capacity);
        }
        host.free = host.free.minus(&taken);
        host.instances += 1;
        self.by_share.add(host, &capacity);
        self.totals.taken(&taken);
        self.totals.stranded_changed(before, short(&host.free, &self.smallest));
        self.zones[zone.index()].less_free(&taken);
        if !self.by_group.is_empty() {
            self.count_in_group(id, |totals| {
                totals.taken(&taken);
                if filled {
                    totals.host_filled(&capacity);
                }
            });
        }
    }

    /// Takes an instance off its host, and off the parts that it was on.
    #[inline(always)] // every end
    pub fn give(
        &mut self,
        id: HostId,
        zone: ZoneId,
        footprint: impl Into<Footprint>,
        affinity: Affinity,
    ) -> Change {
        let footprint = footprint.into();
        let request = &footprint.amounts;
        if affinity != Affinity::default() {
            self.give_parts(id, &footprint, affinity);
        }
        let host = &mut self.hosts[id.index()];
        let sku = &self.skus[host.sku.0 as usize];
        let before = short(&host.free, &self.smallest);
        let (given, capacity) = (sku.taken_by(request), sku.capacity);
        self.by_share.remove(host, &capacity);
        host.free = host.free.plus(&given);
        assert!(
            host.instances > 0 && sku.capacity.covers(&host.free),
            "host {id} is given back more than was taken"
        );
        host.instances -= 1;
        let emptied = host.instances == 0;
        if emptied {
            self.totals.host_emptied(&capacity);
        } else {
            self.by_share.add(host, &capacity);
        }
        self.totals.given(&given);
        let (state, free) = (host.state, host.free);
        if !self.by_group.is_empty() {
            self.count_in_group(id, |totals| {
                totals.given(&given);
                if emptied {
                    totals.host_emptied(&capacity);
                }
                if emptied && state != HostState::Active {
                    totals.host_closed(&capacity);
                }
            });
        }
        if state != HostState::Active {
            if emptied {
                self.totals.host_closed(&capacity);
                return Change::Closed;
            }
            return Change::Amounts;
        }
        self.totals.stranded_changed(before, short(&free, &self.smallest));
        self.zones[zone.index()].more_free(&given);
        if emptied { self.close_if_elastic(id) } else { Change::Amounts }
    }

    fn close_if_elastic(&mut self, id: HostId) -> Change {
        let group = self.group_of(id);
        if !self.groups[group].elastic || self.hosts[id.index()].pool == Pool::Owned {
            return Change::Amounts;
        }
        self.count_out(id);
        self.hosts[id.index()].state = HostState::Closed;
        self.closed[group].insert(id.0);
        Change::Closed
    }

    /// Returns the group of a host, by its number in file order over all zones.
    pub fn group_of(&self, id: HostId) -> usize {
        self.groups.partition_point(|group| group.first.0 + group.count <= id.0)
    }

    /// Counts what a host has to sell and free, as its state says.
    fn count_in(&mut self, id: HostId) {
        let host = self.hosts[id.index()];
        let zone = self.zone_of(id);
        if host.counts() {
            let capacity = self.skus[host.sku.0 as usize].capacity;
            self.totals.host_opened(&capacity);
            if !self.by_group.is_empty() {
                self.count_in_group(id, |totals| totals.host_opened(&capacity));
            }
        }
        self.totals.stranded_changed((0, 0), stranded(&host, &self.smallest));
        if host.state == HostState::Active {
            self.zones[zone.index()].more_free(&host.free);
            self.zones[zone.index()].active[host.sku.0 as usize] += 1;
        }
    }

    fn count_out(&mut self, id: HostId) {
        let host = self.hosts[id.index()];
        let zone = self.zone_of(id);
        if host.counts() {
            let capacity = self.skus[host.sku.0 as usize].capacity;
            self.totals.host_closed(&capacity);
            if !self.by_group.is_empty() {
                self.count_in_group(id, |totals| totals.host_closed(&capacity));
            }
        }
        self.totals.stranded_changed(stranded(&host, &self.smallest), (0, 0));
        if host.state == HostState::Active {
            self.zones[zone.index()].less_free(&host.free);
            self.zones[zone.index()].active[host.sku.0 as usize] -= 1;
        }
    }

    /// Checks the totals against the hosts one by one. Costs a pass over all hosts.
    pub fn assert_conserved(&self) {
        let (mut fresh, mut by_share) = (Totals::default(), HostsByShare::default());
        let mut zones = vec![[0; 3]; self.zones.len()];
        let mut active = vec![vec![0; self.skus.len()]; self.zones.len()];
        for (id, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.state == HostState::Active) {
            let zone = self.zone_of(HostId(id as u32)).index();
            active[zone][host.sku.0 as usize] += 1;
            for (sum, i) in zones[zone].iter_mut().zip([Resources::VCPU, Resources::MEMORY, Resources::GPU]) {
                *sum += u64::from(host.free.0[i]);
            }
        }
        let kept =
            self.zones.iter().map(|zone| [zone.free_vcpu_milli, zone.free_memory_mib, zone.free_gpu_milli]);
        assert!(kept.eq(zones), "what the zones have free does not match their hosts");
        let kept = self.zones.iter().map(|zone| &zone.active);
        assert!(kept.eq(&active), "the active hosts of the zones do not match their hosts");
        let mut by_group = vec![Totals::default(); self.by_group.len()];
        for (id, host) in (0..).map(HostId).zip(&self.hosts).filter(|(_, host)| host.counts()) {
            let sku = &self.skus[host.sku.0 as usize];
            let capacity = &sku.capacity;
            let of_group = (!by_group.is_empty()).then(|| &mut by_group[self.group_of(id)]);
            for totals in [&mut fresh].into_iter().chain(of_group) {
                totals.host_opened(capacity);
                if host.instances > 0 {
                    totals.host_filled(capacity);
                }
                totals.taken(&sku.taken_by(&capacity.minus(&host.free)));
            }
            fresh.stranded_changed((0, 0), stranded(host, &self.smallest));
            if host.instances > 0 {
                by_share.add(host, capacity);
            }
        }
        assert_eq!(by_share, self.by_share, "the hosts by their share in use do not match the hosts");
        assert_eq!(fresh, self.totals, "the fleet's totals do not match its hosts");
        assert_eq!(by_group, self.by_group, "the totals of the groups do not match their hosts");
        self.assert_parts();
        for zone in &self.zones {
            let hosts = &self.hosts[zone.hosts.start as usize..zone.hosts.end as usize];
            let free: u64 = hosts.iter().map(Host::free_vcpu_milli).sum();
            assert_eq!(free, zone.free_vcpu_milli, "a zone's free vCPU does not match its hosts");
        }
    }
}

/// Returns the stranded amounts of a host. Nothing is free on one that is not active.
fn stranded(host: &Host, smallest: &Resources) -> (u64, u64) {
    if host.state == HostState::Active { short(&host.free, smallest) } else { (0, 0) }
}

/// Returns the vCPU \[milli-vCPU\] that is free where memory is too short for the smallest request, and memory
/// \[MiB\] that is free where vCPU is too short for it.
#[inline]
fn short(free: &Resources, smallest: &Resources) -> (u64, u64) {
    let (vcpu, memory) = (free.vcpu_milli(), free.memory_mib());
    let vcpu_stranded = memory < smallest.memory_mib();
    let memory_stranded = vcpu < smallest.vcpu_milli();
    (u64::from(vcpu) * u64::from(vcpu_stranded), u64::from(memory) * u64::from(memory_stranded))
}

/// More kinds of hosts than a host's record can name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TooManyKinds {
    /// By their sellable capacity.
    #[error("the hosts have more than 65,536 different capacities")]
    Capacities,
    /// By the types they run.
    #[error("the hosts run more than 64 different sets of types")]
    Hardware,
}

/// Lays out hosts, groups and zones in file order.
#[derive(Default)]
struct Builder {
    hosts: Vec<Host>,
    skus: Vec<Sku>,
    sku_ids: BTreeMap<Sku, SkuId>,
    hardware: HardwareSets,
    groups: Vec<GroupHosts>,
    zones: Vec<Zone>,
    racks: u32,
    names: BTreeMap<String, HostId>,
    rack_names: BTreeMap<RackId, String>,
}

impl Builder {
    fn zone(&mut self, zone: ZoneId, groups: &[HostGroup]) -> Result<(), TooManyKinds> {
        let (first_host, first_group) = (self.hosts.len() as u32, self.groups.len());
        for group in groups {
            self.group(zone, group)?;
        }
        self.zones.push(Zone {
            hosts: first_host..self.hosts.len() as u32,
            free_vcpu_milli: 0,
            free_memory_mib: 0,
            free_gpu_milli: 0,
            active: Vec::new(),
            groups: first_group..self.groups.len(),
            hardware: self.hosts[first_host as usize..]
                .iter()
                .fold(0, |numbers, host| numbers | 1 << self.skus[host.sku.0 as usize].hardware),
        });
        Ok(())
    }

    fn group(&mut self, zone: ZoneId, group: &HostGroup) -> Result<(), TooManyKinds> {
        let first = HostId(self.hosts.len() as u32);
        let hardware = self.number(&group.hardware)?;
        let sku = |capacity, hardware, nodes| Sku {
            capacity,
            max_instances: group.max_instances.unwrap_or(u32::MAX),
            hardware,
            sockets: group.sockets,
            topology: Topology::new(&capacity, nodes, group.has_gpu_devices),
        };
        let nodes = group.numa_nodes;
        let empty =
            |state| Host { state, pool: group.tenancy.pool(), index_mark: u32::MAX, ..Host::default() };
        let is_there = group.service_window.from == Duration::ZERO;
        let at_first = if is_there { HostState::Active } else { HostState::Absent };
        let (elastic, racks) = match &group.hosts {
            Hosts::Fixed { count, sellable } => {
                self.equal_hosts(*count, sku(*sellable, hardware, nodes), empty(at_first))?;
                (false, self.fill_racks(*count, group.hosts_per_rack))
            }
            Hosts::Elastic { max_hosts, sellable } => {
                self.equal_hosts(*max_hosts, sku(*sellable, hardware, nodes), empty(HostState::Closed))?;
                (true, self.fill_racks(*max_hosts, group.hosts_per_rack))
            }
            Hosts::Listed(rows) => {
                for row in rows {
                    if let Some(name) = &row.name {
                        self.names.insert(name.clone(), HostId(self.hosts.len() as u32));
                    }
                    let hardware = self.hardware_of(row, group, hardware)?;
                    let nodes = row.numa_nodes.unwrap_or(nodes);
                    self.equal_hosts(1, sku(row.sellable, hardware, nodes), empty(at_first))?;
                }
                (false, self.list_racks(rows, group.hosts_per_rack))
            }
        };
        let count = self.hosts.len() as u32 - first.0;
        let HostGroup { tenancy, service_window, .. } = *group;
        self.groups.push(GroupHosts { zone, first, count, elastic, racks, tenancy, service_window });
        Ok(())
    }

    /// Returns the number of what a host of a file runs: its own types or those of the group, and its GPU model.
    fn hardware_of(&mut self, row: &ListedHost, group: &HostGroup, of_group: u8) -> Result<u8, TooManyKinds> {
        if row.hardware.is_none() && row.gpu_model.is_none() {
            return Ok(of_group);
        }
        let types = row.hardware.as_ref().unwrap_or(&group.hardware);
        let gpu_model = row.gpu_model.as_ref().or(group.hardware.gpu_model.as_ref()).cloned();
        self.number(&Hardware { gpu_model, ..types.clone() })
    }

    fn equal_hosts(&mut self, count: u32, kind: Sku, empty: Host) -> Result<(), TooManyKinds> {
        let sku = match self.sku_ids.get(&kind) {
            Some(sku) => *sku,
            None => {
                let sku = SkuId(u16::try_from(self.skus.len()).map_err(|_| TooManyKinds::Capacities)?);
                self.skus.push(kind);
                self.sku_ids.insert(kind, sku);
                sku
            }
        };
        let host = Host { free: kind.capacity, sku, ..empty };
        self.hosts.resize(self.hosts.len() + count as usize, host);
        Ok(())
    }

    /// Returns the number of what hosts run.
    fn number(&mut self, hardware: &Hardware) -> Result<u8, TooManyKinds> {
        self.hardware.number(hardware).ok_or(TooManyKinds::Hardware)
    }

    fn fill_racks(&mut self, count: u32, hosts_per_rack: u32) -> Racks {
        let first = RackId(self.racks);
        self.racks += count.div_ceil(hosts_per_rack);
        Racks::Filled { first, hosts_per_rack }
    }

    /// Returns the racks by the name in the file, numbered in the order of first use; a file that names none fills
    /// them.
    fn list_racks(&mut self, rows: &[ListedHost], hosts_per_rack: u32) -> Racks {
        if rows.iter().all(|row| row.rack.is_none()) {
            return self.fill_racks(rows.len() as u32, hosts_per_rack);
        }
        let mut names = BTreeMap::new();
        let racks = rows.iter().map(|row| {
            *names.entry(row.rack.as_deref().unwrap_or("")).or_insert_with(|| {
                let rack = RackId(self.racks);
                self.racks += 1;
                self.rack_names.extend(row.rack.clone().map(|name| (rack, name)));
                rack
            })
        });
        Racks::Listed(racks.collect())
    }
}
