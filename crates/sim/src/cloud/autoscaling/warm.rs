//! Warm pool of a group: the instances that are prepared for it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::cloud::instances::reference::Reference;
use plimsoll_base::metrics::TimeWeighted;
use plimsoll_base::units::{InstanceId, Time, TypeId};

/// Prepared instance.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WarmInstance {
    pub instance: Reference,
    /// Position of its zone in the list of the group.
    pub zone: usize,
    pub kind: TypeId,
    /// True once it is in the state in which it waits.
    pub is_ready: bool,
}

/// Instances of a warm pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WarmInstances {
    instances: BTreeMap<InstanceId, WarmInstance>,
    /// Instances of each zone that are ordered and not launched yet.
    ordered: Vec<u32>,
    /// Number of those that are ready.
    pub ready: TimeWeighted,
}

impl WarmInstances {
    /// Returns an empty pool over so many zones.
    pub fn new(zones: usize) -> WarmInstances {
        WarmInstances { ordered: vec![0; zones], ..WarmInstances::default() }
    }

    /// Returns the number of instances, those on their way among them.
    pub fn count(&self) -> u32 {
        self.instances.len() as u32 + self.ordered.iter().sum::<u32>()
    }

    /// Returns whether an instance is prepared and not taken.
    pub fn has(&self, id: InstanceId) -> bool {
        self.instances.contains_key(&id)
    }

    /// Returns an instance of the pool.
    pub fn get_mut(&mut self, id: InstanceId) -> Option<&mut WarmInstance> {
        self.instances.get_mut(&id)
    }

    /// Returns the zone with fewest of the pool, the first of these.
    pub fn emptiest_zone(&self) -> usize {
        let count = |zone: &usize| {
            let there = self.instances.values().filter(|warm| warm.zone == *zone).count();
            there + self.ordered[*zone] as usize
        };
        (0..self.ordered.len()).min_by_key(count).expect("a group has a zone")
    }

    /// Counts an instance that is ordered in a zone.
    pub fn order(&mut self, zone: usize) {
        self.ordered[zone] += 1;
    }

    /// Notes the end of an order of so many instances.
    pub fn settle(&mut self, zone: usize, instances: u32) {
        self.ordered[zone] -= instances;
    }

    /// Adds an instance.
    pub fn add(&mut self, warm: WarmInstance) {
        self.instances.insert(warm.instance.id, warm);
    }

    /// Removes an instance.
    pub fn remove(&mut self, id: InstanceId) -> Option<WarmInstance> {
        self.instances.remove(&id)
    }

    /// Returns the ready instance that is taken next: of the zones in their order, the one launched first.
    pub fn next_ready(&self, zones: &[usize]) -> Option<WarmInstance> {
        let ready = |zone: &usize| self.instances.values().find(|warm| warm.is_ready && warm.zone == *zone);
        zones.iter().find_map(ready).copied()
    }

    /// Returns the ready instance that was launched last, which ends where there are too many.
    pub fn last_ready(&self) -> Option<WarmInstance> {
        self.instances.values().rev().find(|warm| warm.is_ready).copied()
    }

    /// Notes the number of this moment.
    pub fn note_level(&mut self, now: Time) {
        let ready = self.instances.values().filter(|warm| warm.is_ready).count() as u64;
        self.ready.set(now, ready);
    }
}
