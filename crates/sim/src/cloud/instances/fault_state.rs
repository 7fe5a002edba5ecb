//! Faults of hosts, and the instances that they reach.

use std::collections::BTreeSet;

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use plimsoll_base::persist;
use plimsoll_base::units::{HostId, InstanceId};
use plimsoll_model::faults::Faults;

/// Faults of a run, and the instances on each host; kept only where hosts have faults.
pub struct FaultState {
    /// Faults to come.
    pub faults: Faults,
    /// Instances on each host, in the order of launch.
    instances_by_host: BTreeSet<(HostId, InstanceId, Slot)>,
}

persist! { FaultState {
    nested: [faults],
    derived: [instances_by_host],
} }

impl FaultState {
    /// Returns the state with these faults to come, and no instance on any host.
    pub fn new(faults: Faults) -> FaultState {
        FaultState { faults, instances_by_host: BTreeSet::new() }
    }

    /// Adds an instance that is on its host.
    #[cold]
    pub fn add(&mut self, instance: &Instance, slot: Slot) {
        self.instances_by_host.insert((instance.host, instance.id, slot));
    }

    /// Removes an instance from its host.
    #[cold]
    pub fn remove(&mut self, instance: &Instance, slot: Slot) {
        let was_there = self.instances_by_host.remove(&(instance.host, instance.id, slot));
        assert!(was_there, "an instance leaves a host it was not on");
    }

    /// Returns the instances on a host, in the order of launch.
    pub fn instances_on(&self, host: HostId) -> Vec<Slot> {
        let all = (host, InstanceId(0), Slot(0))..=(host, InstanceId(u64::MAX), Slot(u32::MAX));
        self.instances_by_host.range(all).map(|(_, _, slot)| *slot).collect()
    }

    /// Returns whether no instance is on any host.
    pub fn is_empty(&self) -> bool {
        self.instances_by_host.is_empty()
    }
}
