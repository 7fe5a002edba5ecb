//! The hosts of a fleet counted by class: hosts of equal capacity with equally much free are one class.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Share;
use super::room::{Room, WholeRoom};
use crate::fleet::host::{Host, HostState, Pool};
use crate::fleet::index::by_class::EqualHosts;
use crate::fleet::layout::Layouts;
use crate::fleet::{Fleet, Zone};
use crate::placement::placer::Placer;
use plimsoll_base::units::{HostId, RESOURCES, ZoneId};

/// Equal hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostClass {
    /// Room that each of them still has.
    pub room: Room,
    /// Number of hosts.
    pub hosts: u64,
}

/// The hosts of a fleet that are up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// Hosts that take instances of shared tenancy as they are, in the order of what is free: least vCPU first,
    /// then least memory.
    pub classes: Vec<HostClass>,
    /// All of them as they would be empty, in the same order.
    pub empty: Vec<HostClass>,
}

/// Returns the room of a host for instances of shared tenancy; `None` where it takes none.
pub fn room_of(id: HostId, fleet: &Fleet) -> Option<Room> {
    let host = &fleet.hosts()[id.index()];
    let sku = fleet.layouts().sku(host);
    let instances = match sku.max_instances {
        u32::MAX => u32::MAX,
        most => most - host.instances,
    };
    let takes_any = host.state == HostState::Active && host.pool == Pool::Shared;
    let parts = fleet.layouts().parts(id, host).map(|parts| (sku.topology, *parts));
    let whole = WholeRoom { free: host.free, instances, hardware: sku.hardware };
    takes_any.then_some(Room { whole, parts })
}

/// Returns true if two hosts are alike in all that a census tells apart.
#[inline]
fn are_alike((a, of_a): (HostId, &Host), (b, of_b): (HostId, &Host), layouts: Layouts<'_>) -> bool {
    // Most neighbours are equal in everything.
    let counts_instances = || layouts.sku(of_a).max_instances != u32::MAX;
    let have_equal_room = || {
        (of_a.free, of_a.sku, of_a.pool, of_a.state) == (of_b.free, of_b.sku, of_b.pool, of_b.state)
            && (of_a.instances == of_b.instances || !counts_instances())
    };
    (of_a == of_b || have_equal_room()) && layouts.parts(a, of_a) == layouts.parts(b, of_b)
}

fn listed(classes: BTreeMap<Room, u64>) -> Vec<HostClass> {
    classes.into_iter().map(|(room, hosts)| HostClass { room, hosts }).collect()
}

impl Census {
    /// Counts the hosts of each zone of a fleet: class by class where the placer knows them so, else host by host.
    pub fn by_zone(fleet: &Fleet, placer: &Placer) -> Vec<Census> {
        let of_zone = |(zone, id): (&Zone, u16)| {
            let shared = placer.hosts_by_class(ZoneId(id));
            let of_classes = shared.and_then(|shared| Census::of_classes(fleet, zone, shared));
            of_classes.unwrap_or_else(|| Census::of_hosts(fleet, zone.hosts.clone()))
        };
        fleet.zones().iter().zip(0..).map(of_zone).collect()
    }

    /// Counts the hosts of each zone of a fleet by one pass over them: 32 bytes a host, in order.
    pub fn by_scan(fleet: &Fleet) -> Vec<Census> {
        fleet.zones().iter().map(|zone| Census::of_hosts(fleet, zone.hosts.clone())).collect()
    }

    /// Returns the census of a zone from the classes of its shared hosts; `None` where hosts take a limited number of instances, which
    /// classes do not tell.
    fn of_classes(fleet: &Fleet, zone: &Zone, shared: Vec<EqualHosts<'_>>) -> Option<Census> {
        let (mut classes, mut empty) = (BTreeMap::new(), BTreeMap::new());
        for (id, hosts) in zone.active_hosts() {
            let sku = &fleet.skus()[id.0 as usize];
            if sku.max_instances != u32::MAX {
                return None;
            }
            *empty.entry(Room::empty(sku)).or_insert(0) += u64::from(hosts);
        }
        for EqualHosts { sku, free, parts, hosts } in shared {
            let sku = &fleet.skus()[sku.0 as usize];
            let whole = WholeRoom { free, instances: u32::MAX, hardware: sku.hardware };
            let room = Room { whole, parts: parts.map(|parts| (sku.topology, *parts)) };
            *classes.entry(room).or_insert(0) += u64::from(hosts);
        }
        Some(Census { classes: listed(classes), empty: listed(empty) })
    }

    /// Returns the census of the hosts of several together.
    pub fn sum(parts: &[Census]) -> Census {
        let together = |classes: fn(&Census) -> &Vec<HostClass>| {
            let mut hosts = BTreeMap::new();
            for class in parts.iter().flat_map(classes) {
                *hosts.entry(class.room).or_insert(0) += class.hosts;
            }
            listed(hosts)
        };
        Census { classes: together(|part| &part.classes), empty: together(|part| &part.empty) }
    }

    fn of_hosts(fleet: &Fleet, ids: Range<u32>) -> Census {
        let (mut classes, mut empty) = (BTreeMap::new(), BTreeMap::new());
        let mut count = |(id, hosts): (HostId, u64)| {
            if let Some(room) = room_of(id, fleet) {
                *classes.entry(room).or_insert(0) += hosts;
            }
            let sku = fleet.layouts().sku(&fleet.hosts()[id.index()]);
            *empty.entry(Room::empty(sku)).or_insert(0) += hosts;
        };
        // Neighbours are often alike: a run of them costs one look-up.
        let (hosts, mut first) = (fleet.hosts(), ids.start);
        while first < ids.end {
            let host = |id: u32| (HostId(id), &hosts[id as usize]);
            let is_alike = |other: &u32| are_alike(host(first), host(*other), fleet.layouts());
            let run = 1 + (first + 1..ids.end).take_while(is_alike).count() as u32;
            if hosts[first as usize].state == HostState::Active {
                count((HostId(first), u64::from(run)));
            }
            first += run;
        }
        Census { classes: listed(classes), empty: listed(empty) }
    }

    /// Returns the number of hosts needed at least for these instances, whatever the packing: for each resource what they hold in
    /// all by the most that any host has of it, rounded up.
    pub fn hosts_lower_bound(&self, instances: &[Share]) -> u64 {
        let largest = |i: usize| self.empty.iter().map(|class| class.room.whole.free.0[i]).max().unwrap_or(0);
        let needed = |i: usize| {
            let held: u128 =
                instances.iter().map(|share| u128::from(share.amounts.0[i]) * u128::from(share.count)).sum();
            match largest(i) {
                0 | u32::MAX => 0,
                largest => u64::try_from(held.div_ceil(u128::from(largest))).expect("hosts are below 2³²"),
            }
        };
        (0..RESOURCES).map(needed).max().unwrap_or(0)
    }

    /// Returns the share of a resource in use, 0 to 1, and `None` where no host has any, or one has no limit.
    pub fn use_ratio(&self, resource: usize) -> Option<f64> {
        let is_limited = self.empty.iter().all(|class| class.room.whole.free.0[resource] != u32::MAX);
        let all = Census::total(&self.empty, resource);
        // Hosts of single owners are in `empty` alone, and count as in use.
        let free = Census::total(&self.classes, resource);
        (is_limited && all > 0).then(|| 1.0 - free as f64 / all as f64)
    }

    /// Returns the sum of a resource over what is free, or would be on empty hosts.
    pub(super) fn total(classes: &[HostClass], resource: usize) -> u128 {
        classes
            .iter()
            .map(|class| u128::from(class.room.whole.free.0[resource]) * u128::from(class.hosts))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::host_group::{HostGroup, Hosts};
    use crate::fleet::state::HostTrigger;
    use crate::placement::config::StrategyConfig;
    use crate::placement::register::{self, REGISTER};
    use crate::placement::request::Request;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::{AccountId, Resources};

    /// Returns a fleet of a zone of plain hosts and hosts with two NUMA nodes, and of one whose hosts take so many instances.
    fn fleet() -> Fleet {
        let group = |numa_nodes: u8, max_instances: Option<u32>| HostGroup {
            hosts: Hosts::Fixed { count: 40, sellable: Resources::new(8_000, 16_384) },
            hosts_per_rack: 4,
            max_instances,
            tenancy: Default::default(),
            hardware: Default::default(),
            sockets: 0,
            numa_nodes,
            has_gpu_devices: false,
            service_window: Default::default(),
        };
        Fleet::new(&[vec![group(1, None), group(2, None)], vec![group(1, None), group(1, Some(9))]]).unwrap()
    }

    #[test]
    fn a_census_counts_each_host_as_one_by_one() {
        let mut known_by_class = 0;
        for strategy in REGISTER.iter().map(|entry| StrategyConfig::named(entry.name)) {
            let Ok(strategy) = register::build(&strategy, Seed(1)) else { continue };
            let (mut fleet, mut random) = (fleet(), Seed(3).stream(Purpose::Mix, 0));
            let mut placer = Placer::new(strategy, &mut fleet, false);
            let amounts = Resources::new(1_000, 1_024);
            let shape = placer.shape(amounts, &fleet);
            for _ in 0..300 {
                let host = HostId(random.below(160) as u32);
                let zone = fleet.zone_of(host);
                let request = Request::new(shape, amounts, AccountId(0), zone);
                match (random.below(9), fleet.hosts()[host.index()].state) {
                    (0, HostState::Active) => _ = fleet.on(host, HostTrigger::Detect),
                    (1..6, HostState::Unhealthy) => _ = fleet.on(host, HostTrigger::Repair),
                    (_, HostState::Active) if fleet.fits(host, &request.footprint()) => {
                        fleet.take(host, zone, request.footprint());
                        placer.placed(&request, host, &fleet);
                    }
                    _ => {}
                }
                placer.changed(host, zone, &mut fleet);
                let plain: Vec<Census> =
                    fleet.zones().iter().map(|zone| plainly(&fleet, zone.hosts.clone())).collect();
                known_by_class += u32::from(placer.hosts_by_class(ZoneId(0)).is_some());
                assert_eq!(Census::by_zone(&fleet, &placer), plain);
                assert_eq!(Census::by_scan(&fleet), plain);
            }
        }
        assert!(known_by_class > 0, "no strategy knows its hosts by class");
    }

    /// Counts hosts one by one.
    fn plainly(fleet: &Fleet, ids: Range<u32>) -> Census {
        let (mut classes, mut empty) = (BTreeMap::new(), BTreeMap::new());
        for id in ids.map(HostId) {
            let host = &fleet.hosts()[id.index()];
            if let Some(room) = room_of(id, fleet) {
                *classes.entry(room).or_insert(0) += 1;
            }
            if host.state == HostState::Active {
                *empty.entry(Room::empty(fleet.layouts().sku(host))).or_insert(0) += 1;
            }
        }
        Census { classes: listed(classes), empty: listed(empty) }
    }
}
