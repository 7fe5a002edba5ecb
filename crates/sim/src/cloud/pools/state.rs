//! State of the pools: the instances of each by what they do, and the jobs that wait.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

use crate::cloud::instances::reference::Reference;
use plimsoll_base::metrics::{Durations, TimeWeighted};
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, InstanceId, Time};
use plimsoll_model::pools::JobPool;

/// Job that has an instance, or waits for one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PoolJob {
    /// Number of its source in the scenario.
    pub source: u16,
    pub arrived: Time,
    /// Time that it needs its instance for.
    pub lifetime: Duration,
    /// Time at which it is done; `None` until its instance runs.
    pub done: Option<Time>,
}

/// Pool of instances.
#[derive(Debug)]
pub struct InstancePool {
    pub rule: JobPool,
    /// Instances that are ready, those that have been longest first.
    pub ready: VecDeque<Reference>,
    /// Instances that are launched and not ready yet.
    pub coming: BTreeMap<InstanceId, Reference>,
    /// Instances that are ordered and not launched yet.
    pub ordered: u32,
    /// Instances that a job has.
    pub busy: BTreeMap<InstanceId, PoolJob>,
    /// Jobs that wait, in the order of their arrival.
    pub waiting: VecDeque<PoolJob>,
    /// Orders so far, which go to the zones in turn.
    pub orders: u64,
    pub levels: PoolLevels,
}

persist! { InstancePool {
    values: [ready, coming, ordered, busy, waiting, orders, levels],
    derived: [rule],
} }

/// Numbers of a pool over time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct PoolLevels {
    /// Instances ready \[instances\].
    pub ready: TimeWeighted,
    /// Instances ordered or coming up \[instances\].
    pub coming: TimeWeighted,
    /// Instances that a job has \[instances\].
    pub busy: TimeWeighted,
    /// Jobs that wait \[jobs\].
    pub waiting: TimeWeighted,
}

impl PoolLevels {
    fn each(&mut self) -> [&mut TimeWeighted; 4] {
        [&mut self.ready, &mut self.coming, &mut self.busy, &mut self.waiting]
    }
}

impl InstancePool {
    /// Returns an empty pool.
    pub fn new(rule: JobPool) -> InstancePool {
        InstancePool {
            rule,
            ready: VecDeque::new(),
            coming: BTreeMap::new(),
            ordered: 0,
            busy: BTreeMap::new(),
            waiting: VecDeque::new(),
            orders: 0,
            levels: PoolLevels::default(),
        }
    }

    /// Notes the numbers of this moment.
    pub fn note_levels(&mut self, now: Time) {
        let coming = self.coming.len() as u64 + u64::from(self.ordered);
        let values = [self.ready.len() as u64, coming, self.busy.len() as u64, self.waiting.len() as u64];
        for (level, value) in self.levels.each().into_iter().zip(values) {
            level.set(now, value);
        }
    }

    /// Begins to count, at the end of the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        self.levels.each().into_iter().for_each(|level| level.begin_window(now));
    }

    /// Panics unless the pool has as many instances as its rule says: its size, and one more for each job that waits.
    pub fn assert_conserved(&self) {
        let has = self.ready.len() + self.coming.len() + self.ordered as usize;
        let wants = self.rule.size as usize + self.waiting.len();
        assert_eq!(has, wants, "instances of pool {}", self.rule.name);
    }
}

/// Counts of the jobs of a source since the end of the warm-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobTally {
    /// Jobs that came \[jobs\].
    pub arrived: u64,
    /// Jobs that found an instance ready \[jobs\].
    pub at_once: u64,
    /// Jobs whose instance was lost before they were done \[jobs\].
    pub lost: u64,
    /// Time from the arrival of a job until its instance runs.
    pub waits: Durations,
}
