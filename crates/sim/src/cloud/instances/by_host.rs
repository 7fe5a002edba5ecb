//! Instances by host, kept only where a flow asks for those on a host: faults, backfilling, preemption.

use std::collections::BTreeSet;

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use plimsoll_base::units::{HostId, InstanceId};

/// Instances that are on a host.
#[derive(Clone, Debug, Default)]
pub struct InstancesByHost(BTreeSet<(HostId, InstanceId, Slot)>);

impl InstancesByHost {
    /// Returns those of all instances that are on hosts.
    pub fn of<'a>(instances: impl Iterator<Item = (Slot, &'a Instance)>) -> InstancesByHost {
        let on_hosts = instances.filter(|(_, instance)| instance.has_host);
        InstancesByHost(on_hosts.map(|(slot, instance)| (instance.host, instance.id, slot)).collect())
    }

    /// Adds an instance that is on its host.
    #[cold]
    pub fn add(&mut self, instance: &Instance, slot: Slot) {
        self.0.insert((instance.host, instance.id, slot));
    }

    /// Removes an instance from its host.
    #[cold]
    pub fn remove(&mut self, instance: &Instance, slot: Slot) {
        let was_there = self.0.remove(&(instance.host, instance.id, slot));
        assert!(was_there, "an instance leaves a host it was not on");
    }

    /// Returns the instances on a host, in the order of launch.
    pub fn on(&self, host: HostId) -> Vec<Slot> {
        let all = (host, InstanceId(0), Slot(0))..=(host, InstanceId(u64::MAX), Slot(u32::MAX));
        self.0.range(all).map(|(_, _, slot)| *slot).collect()
    }

    /// Returns whether no instance is on any host.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
