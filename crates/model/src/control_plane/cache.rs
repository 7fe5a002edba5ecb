//! A read-through cache with a time to live, eviction of the least recently used value, and optional invalidation on
//! writes.
//!
//! A value is a version of a record: any number that grows with each write. The caller passes the record's current
//! version to a lookup, so that an older answer counts as stale.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::job::JobId;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

mod slots;
mod table;

use slots::{Slots, Value};

/// Rules of a cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CacheRules {
    /// Greatest number of values; an expired value may count until it is looked up or evicted.
    pub capacity: u32,
    /// Time to live of a value; `None` for no limit.
    pub ttl: Option<Duration>,
    /// True if a write invalidates the value.
    pub invalidate_on_write: bool,
    /// True if misses of a key that is being loaded wait for that load.
    pub coalesce: bool,
}

/// A cache.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cache {
    rules: CacheRules,
    slots: Slots,
    /// Jobs that wait for the load of a key, in order.
    waiters: BTreeMap<u64, VecDeque<JobId>>,
    counts: CacheCounts,
}

persist! { Cache { values: [slots, waiters, counts], derived: [rules] } }

/// Result of a lookup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// A value.
    Hit {
        /// True if the record has a later version.
        stale: bool,
    },
    /// No value. The job loads it and calls [`Cache::fill`] or [`Cache::load_failed`]; where the load is
    /// on its way already and the cache coalesces, it waits instead ([`Cache::wait`]).
    Miss {
        /// True if another job loads it already.
        already_loading: bool,
    },
}

/// Counts of a cache in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct CacheCounts {
    /// Lookups that found a value, stale ones included.
    pub hits: u64,
    /// Hits with a version that was not the record's latest.
    pub stale: u64,
    /// Lookups that found none.
    pub misses: u64,
    /// Misses of a key that was being loaded.
    pub stampedes: u64,
    /// Values taken in.
    pub fills: u64,
    /// Values that made room for others.
    pub evicted: u64,
    /// Values that expired.
    pub expired: u64,
    /// Values forgotten because of a write.
    pub invalidated: u64,
}

impl CacheCounts {
    /// Returns the share of lookups that found a value; `None` without lookups.
    pub fn hit_ratio(&self) -> Option<f64> {
        let looks = self.hits + self.misses;
        (looks > 0).then(|| self.hits as f64 / looks as f64)
    }
}

impl Cache {
    /// Returns an empty cache.
    pub fn new(rules: CacheRules) -> Cache {
        Cache { rules, slots: Slots::new(), waiters: BTreeMap::new(), counts: CacheCounts::default() }
    }

    /// Prefetches the place of a key that will be looked up.
    #[inline]
    pub fn prefetch_place(&self, key: u64) {
        self.slots.prefetch_place(key);
    }

    /// Prefetches the value of a key shortly before its lookup.
    #[inline]
    pub fn prefetch_value(&self, key: u64) {
        self.slots.prefetch_slot(key);
    }

    /// Looks up the value of a key, whose record is at version `current`.
    #[inline]
    pub fn lookup(&mut self, now: Time, key: u64, current: u64) -> Lookup {
        if let Some(slot) = self.slots.find(key)
            && let Some(Value { version, expires }) = self.slots.get(slot).value
        {
            if now < expires {
                if self.evicts() {
                    self.slots.touch(slot);
                }
                let stale = version < current;
                self.counts.hits += 1;
                self.counts.stale += u64::from(stale);
                return Lookup::Hit { stale };
            }
            self.slots.take(slot);
            self.counts.expired += 1;
        }
        self.miss(key)
    }

    /// Returns true if values are evicted: only then the order of use matters.
    #[inline]
    fn evicts(&self) -> bool {
        self.rules.capacity < u32::MAX
    }

    fn miss(&mut self, key: u64) -> Lookup {
        let slot = self.slots.find_or_add(key);
        let loads = self.slots.loads_mut(slot);
        let already_loading = *loads > 0;
        if !(already_loading && self.rules.coalesce) {
            *loads += 1;
        }
        self.counts.misses += 1;
        self.counts.stampedes += u64::from(already_loading);
        Lookup::Miss { already_loading }
    }

    /// Returns true if misses of a key that is being loaded wait for that load.
    #[inline]
    pub fn coalesces(&self) -> bool {
        self.rules.coalesce
    }

    /// Lets a job wait for the load of a key that is on its way.
    pub fn wait(&mut self, key: u64, job: JobId) {
        assert!(self.rules.coalesce && self.is_loading(key), "a job waits for a load that no job makes");
        self.waiters.entry(key).or_default().push_back(job);
    }

    /// Takes in the version that a load has read and returns the jobs that waited for it, in order. The last load decides,
    /// even where its version is the older one.
    pub fn fill(&mut self, now: Time, key: u64, version: u64) -> VecDeque<JobId> {
        let slot = self.slots.find_or_add(key);
        let loads = self.slots.loads_mut(slot);
        *loads = loads.checked_sub(1).expect("a value is filled in that no job loads");
        self.counts.fills += 1;
        self.forget_expired(now, slot);
        if self.slots.get(slot).value.is_none() {
            self.make_room();
        }
        if self.rules.capacity > 0 {
            let expires = self.rules.ttl.map_or(Time::NEVER, |ttl| now.after(ttl));
            self.slots.put(slot, Value { version, expires });
        } else {
            self.counts.evicted += 1;
            self.slots.tidy(slot);
        }
        self.take_waiters(key)
    }

    /// Forgets expired values from the least recently used on, but for the slot that is filled. The values that
    /// are left were all used within the last time to live, so the number of values is bounded even if no request
    /// ever asks for the expired ones again.
    #[inline]
    fn forget_expired(&mut self, now: Time, filled: u32) {
        while let Some(oldest) = self.slots.oldest().filter(|oldest| *oldest != filled)
            && self.slots.get(oldest).value.is_some_and(|value| value.expires <= now)
        {
            self.slots.take(oldest);
            self.counts.expired += 1;
        }
    }

    fn make_room(&mut self) {
        while self.slots.values() >= self.rules.capacity
            && let Some(oldest) = self.slots.oldest()
        {
            self.slots.take(oldest);
            self.counts.evicted += 1;
        }
    }

    /// Takes in the failure of a load and returns the jobs that waited for it, in order, unless another load is on its way.
    pub fn load_failed(&mut self, key: u64) -> VecDeque<JobId> {
        let slot = self.slots.find(key).expect("a load fails that no job makes");
        let loads = self.slots.loads_mut(slot);
        *loads = loads.checked_sub(1).expect("a load fails that no job makes");
        let is_last = *loads == 0;
        self.slots.tidy(slot);
        if is_last { self.take_waiters(key) } else { VecDeque::new() }
    }

    #[inline]
    fn take_waiters(&mut self, key: u64) -> VecDeque<JobId> {
        if self.waiters.is_empty() { VecDeque::new() } else { self.waiters.remove(&key).unwrap_or_default() }
    }

    /// Takes in a write to the record: its value is dropped where the cache invalidates on write. A load that is on its way may
    /// still bring the earlier version.
    pub fn wrote(&mut self, key: u64) {
        if self.rules.invalidate_on_write {
            self.invalidate(key);
        }
    }

    /// Forgets a value.
    pub fn invalidate(&mut self, key: u64) {
        if let Some(slot) = self.slots.find(key)
            && self.slots.take(slot).is_some()
        {
            self.counts.invalidated += 1;
        }
    }

    fn is_loading(&self, key: u64) -> bool {
        self.slots.find(key).is_some_and(|slot| self.slots.get(slot).loads > 0)
    }

    /// Returns the number of values held.
    pub fn values(&self) -> u32 {
        self.slots.values()
    }

    /// Counts begin anew.
    pub fn begin_window(&mut self) {
        self.counts = CacheCounts::default();
    }

    /// Returns its counts in the window.
    pub fn counts(&self) -> CacheCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
