//! The hosts of a fleet counted by class: hosts of equal capacity with equally much free are one class.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Share;
use crate::fleet::Fleet;
use crate::fleet::host::{Host, HostState, Pool, Sku};
use crate::fleet::layout::Layouts;
use crate::fleet::topology::{NodeOrder, Parts, Topology};
use plimsoll_base::units::{Footprint, HostId, RESOURCES, Resources};

/// Room left on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Room {
    /// Free amounts. Network bandwidth is `u32::MAX` where it has no limit.
    pub free: Resources,
    /// Instances it may still have; `u32::MAX` where there is no limit.
    pub instances: u32,
    /// Number of the set of types that the host runs.
    pub hardware: u8,
    /// Division of the host and the room on its parts, if it is divided.
    pub parts: Option<(Topology, Parts)>,
}

impl Room {
    /// Returns the room of an empty host.
    pub fn empty(sku: &Sku) -> Room {
        let topology = sku.topology;
        Room {
            free: sku.capacity,
            instances: sku.max_instances,
            hardware: sku.hardware,
            parts: (!topology.is_flat()).then(|| (topology, topology.empty())),
        }
    }

    /// Returns true if the host takes an instance of a type.
    #[inline]
    pub fn has_room(&self, share: &Share) -> bool {
        let Room { free, instances, hardware, parts } = self;
        let is_enough = free.covers(&share.amounts) && *instances > 0;
        let has_parts = |(topology, parts): &(Topology, Parts)| parts.have_room(topology, &share.footprint());
        is_enough && share.barred >> hardware & 1 == 0 && parts.as_ref().is_none_or(has_parts)
    }

    /// Returns the number of instances of a type that the host takes.
    pub fn fits(&self, share: &Share) -> u64 {
        match (share.barred >> self.hardware & 1 == 1, &self.parts) {
            (true, _) => 0,
            (false, None) => self.holds(&share.amounts),
            (false, Some((topology, parts))) => {
                let most = self.holds(&share.amounts);
                filled(topology, parts, &share.footprint(), most).1
            }
        }
    }

    /// Returns the number of requests of one size that the host has room for.
    fn holds(&self, request: &Resources) -> u64 {
        let of = |i: usize| match (self.free.0[i], request.0[i]) {
            (u32::MAX, _) | (_, 0) => u64::MAX,
            (free, asked) => u64::from(free / asked),
        };
        let most = if self.instances == u32::MAX { u64::MAX } else { u64::from(self.instances) };
        // An empty request fits any number of times: it counts once.
        match (0..RESOURCES).map(of).fold(most, u64::min) {
            u64::MAX => 1,
            count => count,
        }
    }

    /// Returns what is left after `count` instances of a type, which fit.
    pub fn less(&self, share: &Share, count: u64) -> Room {
        let parts = self.parts.as_ref().map(|(topology, parts)| {
            let (left, placed) = filled(topology, parts, &share.footprint(), count);
            assert_eq!(placed, count, "no more is taken than fits");
            (*topology, left)
        });
        Room { parts, ..self.less_amounts(&share.amounts, count) }
    }

    fn less_amounts(&self, request: &Resources, count: u64) -> Room {
        let count = u32::try_from(count).expect("what fits on a host is counted in 32 bits");
        let mut left = *self;
        for i in 0..RESOURCES {
            if left.free.0[i] != u32::MAX {
                let taken = request.0[i].checked_mul(count);
                left.free.0[i] = taken
                    .and_then(|taken| left.free.0[i].checked_sub(taken))
                    .expect("no more is taken than fits");
            }
        }
        if left.instances != u32::MAX {
            left.instances -= count;
        }
        left
    }
}

/// Returns the parts of a host after at most so many instances of a size, placed one after the other as a fleet does, and
/// their number.
fn filled(topology: &Topology, parts: &Parts, footprint: &Footprint, most: u64) -> (Parts, u64) {
    let (mut parts, mut placed) = (*parts, 0);
    while placed < most
        && let Some(affinity) = parts.choose(topology, footprint, NodeOrder::Lowest)
    {
        parts.take(footprint, affinity);
        placed += 1;
    }
    (parts, placed)
}

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
    takes_any.then_some(Room { free: host.free, instances, hardware: sku.hardware, parts })
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
    /// Counts the hosts of each zone of a fleet. One pass over them: 32 bytes a host, in order.
    pub fn by_zone(fleet: &Fleet) -> Vec<Census> {
        fleet.zones().iter().map(|zone| Census::of_hosts(fleet, zone.hosts.clone())).collect()
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
        let largest = |i: usize| self.empty.iter().map(|class| class.room.free.0[i]).max().unwrap_or(0);
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
        let is_limited = self.empty.iter().all(|class| class.room.free.0[resource] != u32::MAX);
        let all = Census::total(&self.empty, resource);
        // Hosts of single owners are in `empty` alone, and count as in use.
        let free = Census::total(&self.classes, resource);
        (is_limited && all > 0).then(|| 1.0 - free as f64 / all as f64)
    }

    /// Returns the sum of a resource over what is free, or would be on empty hosts.
    pub(super) fn total(classes: &[HostClass], resource: usize) -> u128 {
        classes.iter().map(|class| u128::from(class.room.free.0[resource]) * u128::from(class.hosts)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::host_group::{HostGroup, Hosts};
    use crate::fleet::state::HostTrigger;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::ZoneId;

    /// Returns a fleet of plain hosts, of hosts with two NUMA nodes, and of hosts that take so many instances.
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
        Fleet::new(&[vec![group(1, None), group(2, None), group(1, Some(9))]]).unwrap()
    }

    #[test]
    fn a_census_counts_each_host_as_one_by_one() {
        let (mut fleet, mut random) = (fleet(), Seed(3).stream(Purpose::Mix, 0));
        let request = Footprint::from(Resources::new(1_000, 1_024));
        for _ in 0..300 {
            let host = HostId(random.below(120) as u32);
            match (random.below(9), fleet.hosts()[host.index()].state) {
                (0, HostState::Active) => _ = fleet.on(host, HostTrigger::Detect),
                (1..6, HostState::Unhealthy) => _ = fleet.on(host, HostTrigger::Repair),
                (_, HostState::Active) if fleet.fits(host, &request) => {
                    fleet.take(host, ZoneId(0), request);
                }
                _ => {}
            }
            let (mut classes, mut empty) = (BTreeMap::new(), BTreeMap::new());
            for id in (0..120).map(HostId) {
                let host = &fleet.hosts()[id.index()];
                if let Some(room) = room_of(id, &fleet) {
                    *classes.entry(room).or_insert(0) += 1;
                }
                if host.state == HostState::Active {
                    *empty.entry(Room::empty(fleet.layouts().sku(host))).or_insert(0) += 1;
                }
            }
            let plain = Census { classes: listed(classes), empty: listed(empty) };
            assert_eq!(Census::by_zone(&fleet), [plain]);
        }
    }
}
