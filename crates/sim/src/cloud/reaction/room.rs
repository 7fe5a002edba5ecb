//! Room on a host for a launch of one instance, if some of the instances that are there were gone; and which of them are to go.

use std::cmp::Reverse;

use crate::cloud::allocation::instance_types::TypeInfo;
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::units::{Footprint, HostId, InstanceId, RESOURCES, Resources, TypeId, ZoneId};
use plimsoll_model::fleet::host::{HostState, Pool, Sku};
use plimsoll_model::fleet::topology::{NodeOrder, Parts};
use plimsoll_model::headroom::{self, Share};
use plimsoll_model::workload::call::Launch;

/// Room on a host. Sums of free amounts may be beyond 32 bits on the way.
pub struct RoomWithout<'a> {
    world: &'a World,
    sku: &'a Sku,
    asked: Footprint,
    free: [u64; RESOURCES],
    /// Room on the parts of the host, where it is divided.
    parts: Option<Parts>,
    instances: u32,
    /// Room that others have a claim to.
    claimed: [u64; RESOURCES],
    claims: Vec<Footprint>,
}

impl<'a> RoomWithout<'a> {
    /// Returns the room on a host as it is; `None` where an empty host would not take the launch.
    pub fn on(world: &'a World, asked: &Launch, host: HostId) -> Option<RoomWithout<'a>> {
        let info = world.types.of(asked.kind);
        let record = &world.hosts.fleet.hosts()[host.index()];
        let sku = &world.hosts.fleet.skus()[record.sku.0 as usize];
        let constraint = info.constraint.unwrap_or_default();
        let takes = record.state == HostState::Active
            && record.pool == Pool::Shared
            && !constraint.whole
            && !sku.is_barred(constraint.barred)
            && sku.covers(&info.footprint());
        takes.then(|| RoomWithout {
            world,
            sku,
            asked: info.footprint(),
            free: record.free.0.map(u64::from),
            parts: world.hosts.fleet.layouts().parts(host, record).copied(),
            instances: record.instances,
            claimed: [0; RESOURCES],
            claims: Vec::new(),
        })
    }

    /// Keeps room for an instance of another launch.
    pub fn claim(&mut self, kind: TypeId) {
        let footprint = self.world.types.of(kind).footprint();
        let claimed = self.sku.taken_by(&footprint.amounts);
        (0..RESOURCES).for_each(|i| self.claimed[i] += u64::from(claimed.0[i]));
        self.claims.push(footprint);
    }

    /// Takes an instance of the host away.
    pub fn remove(&mut self, slot: Slot) {
        let given = self.given_by(slot);
        (0..RESOURCES).for_each(|i| self.free[i] += u64::from(given.0[i]));
        if let Some(parts) = &mut self.parts {
            let footprint = info(self.world, slot).footprint();
            parts.give(&self.sku.topology, &footprint, self.world.instances.affinity(slot));
        }
        self.instances -= 1;
    }

    /// Puts an instance back that was taken away.
    pub fn put_back(&mut self, slot: Slot) {
        let given = self.given_by(slot);
        (0..RESOURCES).for_each(|i| self.free[i] -= u64::from(given.0[i]));
        if let Some(parts) = &mut self.parts {
            parts.take(&info(self.world, slot).footprint(), self.world.instances.affinity(slot));
        }
        self.instances += 1;
    }

    /// Returns whether the launch fits.
    pub fn fits(&self) -> bool {
        let asked = self.asked.amounts.0;
        let wanted = self.claimed.iter().zip(asked).map(|(claimed, asked)| claimed + u64::from(asked));
        let covers = self.free.iter().zip(wanted).all(|(free, wanted)| *free >= wanted);
        let has_instances = self.instances + (self.claims.len() as u32) < self.sku.max_instances;
        has_instances && covers && self.parts.is_none_or(|parts| self.parts_fit(parts))
    }

    /// Returns whether the launch fits on the parts of a divided host beside what others have a claim to.
    fn parts_fit(&self, mut parts: Parts) -> bool {
        let topology = &self.sku.topology;
        let keep = |claim: &Footprint| {
            let affinity = parts.choose(topology, claim, NodeOrder::Lowest);
            affinity.inspect(|affinity| parts.take(claim, *affinity)).is_some()
        };
        self.claims.iter().all(keep) && parts.have_room(topology, &self.asked)
    }

    /// Returns the amounts that an instance gives back.
    fn given_by(&self, slot: Slot) -> Resources {
        self.sku.taken_by(&info(self.world, slot).amounts)
    }
}

fn info(world: &World, slot: Slot) -> &TypeInfo {
    world.types.of(world.instances.get(slot).kind)
}

/// Returns the instances of a host to take for a launch, the oldest first; `None` where that makes no room. Those that may be taken
/// are, the youngest first, until there is room, and those that turn out not to be needed are spared, the oldest first.
pub fn victims_on(
    world: &World,
    room: &mut RoomWithout,
    host: HostId,
    may_be_taken: impl Fn(Slot) -> bool,
) -> Option<Vec<Slot>> {
    let by_host = world.by_host.as_ref().expect("instances by host are kept for this");
    let mut victims = Vec::new();
    for slot in by_host.on(host).into_iter().rev().filter(|slot| may_be_taken(*slot)) {
        if room.fits() {
            break;
        }
        room.remove(slot);
        victims.push(slot);
    }
    if !room.fits() {
        return None;
    }
    victims.reverse();
    victims.retain(|slot| {
        room.put_back(*slot);
        let is_needed = !room.fits();
        if is_needed {
            room.remove(*slot);
        }
        is_needed
    });
    Some(victims)
}

/// Returns the order of hosts by their victims: the fewest first; of several the one whose oldest victim is youngest, then the lowest.
pub fn order_of_victims(
    world: &World,
    host: HostId,
    victims: &[Slot],
) -> (usize, Reverse<Option<InstanceId>>, HostId) {
    let oldest = victims.first().map(|slot| world.instances.get(*slot).id);
    (victims.len(), Reverse(oldest), host)
}

/// Returns how many instances of a type the hosts of a zone have room for as they are; hosts that an elastic group has not opened
/// count for none \[instances\].
pub fn instances_that_fit(world: &World, kind: TypeId, zone: ZoneId) -> u64 {
    let (info, fleet) = (world.types.of(kind), &world.hosts.fleet);
    let TypeInfo { amounts, numa, .. } = *info;
    let barred = info.constraint.map_or(0, |constraint| constraint.barred);
    let share = Share { kind, amounts, numa, barred, count: 0 };
    let hosts = fleet.zones()[zone.index()].hosts.clone().map(HostId);
    hosts.filter_map(|host| headroom::room_of(host, fleet)).map(|room| room.fits(&share)).sum()
}

/// Returns the zone that a launch is bound to, by its name or by that of its subnet.
pub fn zone_of(world: &World, launch: &Launch) -> Option<ZoneId> {
    launch.zone.or_else(|| launch.subnet.map(|subnet| world.network.subnets()[subnet.index()].zone))
}
