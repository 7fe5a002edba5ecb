//! Warm pool of a group: the instances that are prepared for it. All numbers count an instance by its weight.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    pub weight: u32,
    /// True once it is in the state in which it waits.
    pub is_ready: bool,
}

/// Prepared instances in a zone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ZoneWarm {
    /// All of them, those that are ordered among them.
    count: u32,
    /// Instances that are ordered and not launched yet.
    ordered: u32,
    /// Instances that are ready, in the order of launch.
    ready: BTreeSet<InstanceId>,
}

/// Instances of a warm pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WarmInstances {
    instances: BTreeMap<InstanceId, WarmInstance>,
    zones: Vec<ZoneWarm>,
    /// Number of those that are ready now.
    ready_now: u32,
    /// Number of those that are ready, over time.
    pub ready: TimeWeighted,
}

impl WarmInstances {
    /// Returns an empty pool over so many zones.
    pub fn new(zones: usize) -> WarmInstances {
        WarmInstances { zones: vec![ZoneWarm::default(); zones], ..WarmInstances::default() }
    }

    /// Returns the number of instances, those on their way among them.
    pub fn count(&self) -> u32 {
        self.zones.iter().map(|zone| zone.count).sum()
    }

    /// Returns whether an instance is prepared and not taken.
    pub fn has(&self, id: InstanceId) -> bool {
        self.instances.contains_key(&id)
    }

    /// Returns whether an instance of the pool is ready.
    pub fn is_ready(&self, id: InstanceId) -> bool {
        self.instances[&id].is_ready
    }

    /// Returns the zone with fewest of the pool, the first of these.
    pub fn emptiest_zone(&self) -> usize {
        (0..self.zones.len()).min_by_key(|zone| self.zones[*zone].count).expect("a group has a zone")
    }

    /// Counts instances that are ordered in a zone.
    pub fn order(&mut self, zone: usize, instances: u32) {
        self.zones[zone].count += instances;
        self.zones[zone].ordered += instances;
    }

    /// Notes the end of an order of so many instances.
    pub fn settle(&mut self, zone: usize, instances: u32) {
        self.zones[zone].count -= instances;
        self.zones[zone].ordered -= instances;
    }

    /// Adds an instance.
    pub fn add(&mut self, warm: WarmInstance) {
        self.zones[warm.zone].count += warm.weight;
        self.instances.insert(warm.instance.id, WarmInstance { is_ready: false, ..warm });
        self.set_ready(warm.instance.id, warm.is_ready);
    }

    /// Notes whether an instance of the pool is ready.
    pub fn set_ready(&mut self, id: InstanceId, is_ready: bool) {
        let warm = self.instances.get_mut(&id).expect("the instance is in the pool");
        if warm.is_ready == is_ready {
            return;
        }
        warm.is_ready = is_ready;
        let ready = &mut self.zones[warm.zone].ready;
        if is_ready {
            ready.insert(id);
            self.ready_now += warm.weight;
        } else {
            ready.remove(&id);
            self.ready_now -= warm.weight;
        }
    }

    /// Removes an instance of the pool.
    pub fn remove(&mut self, id: InstanceId) {
        self.set_ready(id, false);
        let warm = self.instances.remove(&id).expect("the instance is in the pool");
        self.zones[warm.zone].count -= warm.weight;
    }

    /// Returns the ready instance that is taken next: of the zones in their order, the one launched first.
    pub fn next_ready(&self, zones: &[usize]) -> Option<WarmInstance> {
        zones.iter().find_map(|zone| self.zones[*zone].ready.first()).map(|id| self.instances[id])
    }

    /// Returns the ready instance that was launched last, which ends where there are too many.
    pub fn last_ready(&self) -> Option<WarmInstance> {
        self.zones.iter().filter_map(|zone| zone.ready.last()).max().map(|id| self.instances[id])
    }

    /// Notes the number of this moment.
    pub fn note_level(&mut self, now: Time) {
        self.ready.set(now, u64::from(self.ready_now));
    }

    /// Panics unless the numbers are those of the instances.
    pub fn assert_conserved(&self, name: &str) {
        for (number, zone) in self.zones.iter().enumerate() {
            let of_zone = || self.instances.values().filter(|warm| warm.zone == number);
            let there: u32 = of_zone().map(|warm| warm.weight).sum();
            assert_eq!(there + zone.ordered, zone.count, "warm pool of group {name}");
            let ready: BTreeSet<InstanceId> =
                of_zone().filter(|warm| warm.is_ready).map(|warm| warm.instance.id).collect();
            assert_eq!(ready, zone.ready, "ready instances of the warm pool of group {name}");
        }
        let ready: u32 = self.instances.values().filter(|warm| warm.is_ready).map(|warm| warm.weight).sum();
        assert_eq!(ready, self.ready_now, "ready instances of the warm pool of group {name}");
    }
}
