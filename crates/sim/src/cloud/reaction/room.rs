//! Room on a host for a launch of one instance, if some of the instances that are there were gone.

use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::units::{HostId, RESOURCES, Resources};
use plimsoll_model::fleet::host::{HostState, Pool, Sku};
use plimsoll_model::workload::call::Launch;

/// Room on a host. Sums of free amounts may be beyond 32 bits on the way.
pub struct RoomWithout<'a> {
    world: &'a World,
    sku: &'a Sku,
    asked: &'a Resources,
    free: [u64; RESOURCES],
    instances: u32,
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
            && sku.capacity.covers(&info.amounts);
        let free = record.free.0.map(u64::from);
        takes.then_some(RoomWithout { world, sku, asked: &info.amounts, free, instances: record.instances })
    }

    /// Takes an instance of the host away.
    pub fn remove(&mut self, slot: Slot) {
        let given = self.given_by(slot);
        (0..RESOURCES).for_each(|i| self.free[i] += u64::from(given.0[i]));
        self.instances -= 1;
    }

    /// Puts an instance back that was taken away.
    pub fn put_back(&mut self, slot: Slot) {
        let given = self.given_by(slot);
        (0..RESOURCES).for_each(|i| self.free[i] -= u64::from(given.0[i]));
        self.instances += 1;
    }

    /// Returns whether the launch fits.
    pub fn fits(&self) -> bool {
        let covers = self.free.iter().zip(self.asked.0).all(|(free, asked)| *free >= u64::from(asked));
        self.instances < self.sku.max_instances && covers
    }

    /// Returns the amounts that an instance gives back.
    fn given_by(&self, slot: Slot) -> Resources {
        self.sku.taken_by(&self.world.types.of(self.world.instances.get(slot).kind).amounts)
    }
}
