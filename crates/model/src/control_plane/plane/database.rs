//! Reads and writes: the cache, the connections, the primary and its replicas.

use super::deadlines::Deadlines;
use super::flow::StepOutcome;
use super::jobs::Job;
use super::path::{RecordKey, Step};
use super::records::Records;
use super::{Plane, PlaneTimer};
use crate::control_plane::cache::{Cache, CacheRules, Lookup};
use crate::control_plane::config::{CacheConfig, DatabaseConfig, PoolConfig, ReadFrom};
use crate::control_plane::job::JobId;
use crate::control_plane::pool::{Acquired, ConnectionPool, PoolRules};
use crate::control_plane::replicas::{Read, Replicas};
use crate::control_plane::station::{Next, Ticket};
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::Durations;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, Time};

/// Connections to a server of the database.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub pool: ConnectionPool,
    /// Deadlines of jobs that wait for a connection.
    pub deadlines: Deadlines<(Ticket, JobId)>,
    /// Times that jobs waited for their connection.
    pub waits: Durations,
    /// Times that they held it.
    pub holds: Durations,
}

persist! { Node {
    values: [deadlines, waits, holds],
    nested: [pool],
} }

impl Node {
    pub fn new(config: &PoolConfig) -> Node {
        let pool = ConnectionPool::new(PoolRules {
            min: config.min,
            max: config.max.0,
            idle_timeout: config.idle_timeout,
            connect: config.connect,
            queue_limit: None,
        });
        Node {
            pool,
            deadlines: Deadlines::new(config.acquire_timeout),
            waits: Durations::default(),
            holds: Durations::default(),
        }
    }

    pub fn begin_window(&mut self, now: Time) {
        self.pool.begin_window(now);
        self.waits = Durations::default();
        self.holds = Durations::default();
    }
}

/// Caches of answers of the database.
#[derive(Clone, Debug)]
pub(super) struct Caches {
    pub records: Cache,
    pub types: Cache,
}

persist! { Caches {
    nested: [records, types],
} }

/// The database: connections to the primary and the replicas, the records, and the caches in front of them.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// Connections to the primary and the replicas.
    pub nodes: Vec<Node>,
    pub replicas: Replicas,
    pub records: Records,
    pub caches: Option<Caches>,
}

persist! { Database {
    values: [records],
    nested: [caches, nodes, replicas],
} }

impl Database {
    pub fn new(config: &DatabaseConfig, cache: &CacheConfig) -> Database {
        let read_replicas = match config.read_from {
            ReadFrom::Replica => config.replicas,
            ReadFrom::Primary => 0,
        };
        Database {
            nodes: (0..=config.replicas).map(|_| Node::new(&config.pool)).collect(),
            replicas: Replicas::new(vec![config.lag; read_replicas as usize]),
            records: Records::default(),
            caches: cache.enabled.then(|| Caches::new(cache)),
        }
    }

    /// Notes that the record of an instance changes.
    #[inline]
    pub fn record_changed(&mut self, now: Time, slot: u32, id: u64, account: AccountId) {
        self.records.changed(now, slot, id, account);
        if let Some(caches) = &mut self.caches {
            caches.records.wrote(id << 1);
            caches.records.wrote(question_key(account, 0));
        }
    }

    /// Returns the server of the next read: the replicas in turn, the primary where there are none.
    #[inline]
    pub fn node_to_read(&mut self) -> u8 {
        self.replicas.take_turn().map_or(0, |replica| replica as u8 + 1)
    }

    pub fn begin_window(&mut self, now: Time) {
        self.nodes.iter_mut().for_each(|node| node.begin_window(now));
        if let Some(caches) = &mut self.caches {
            caches.records.begin_window();
            caches.types.begin_window();
        }
        self.replicas.begin_window();
    }
}

impl RecordKey {
    /// Returns the key in the cache; `None` for no record. Instances have even keys, queries odd ones.
    #[inline]
    pub(super) fn key(self) -> Option<u64> {
        match self {
            RecordKey::Instance { id, .. } => Some(id << 1),
            RecordKey::Query { account, query } => Some(question_key(account, query)),
            RecordKey::InstanceType(kind) => Some(u64::from(kind.0)),
            RecordKey::None => None,
        }
    }
}

/// Returns the key of a query about many instances of an account, with its bits mixed (finalizer of MurmurHash3).
#[inline]
fn question_key(account: AccountId, query: u64) -> u64 {
    let mut key = query ^ (u64::from(account.0) << 32);
    key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    key = (key ^ (key >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (key ^ (key >> 33)) | 1
}

impl Caches {
    fn new(config: &CacheConfig) -> Caches {
        let cache = |ttl| {
            Cache::new(CacheRules {
                capacity: config.capacity.0.unwrap_or(u32::MAX),
                ttl: Some(ttl),
                invalidate_on_write: config.invalidate_on_write,
                coalesce: config.coalesce,
            })
        };
        Caches { records: cache(config.ttl), types: cache(config.type_ttl) }
    }

    /// Returns the cache that holds a record.
    #[inline]
    fn of(&mut self, record: RecordKey) -> &mut Cache {
        if matches!(record, RecordKey::InstanceType(_)) { &mut self.types } else { &mut self.records }
    }
}

impl Plane {
    /// Notes that the record of an instance changes.
    #[inline]
    pub fn record_changed(&mut self, now: Time, slot: u32, id: u64, account: AccountId) {
        self.database.record_changed(now, slot, id, account);
    }

    /// Handles the result of a lookup: a hit, a read, or a wait for another job that reads the same.
    #[inline]
    pub(super) fn cache_result(&mut self, now: Time, id: JobId) -> StepOutcome {
        let record = self.jobs[id].path.record();
        let (Some(key), Some(caches)) = (record.key(), &mut self.database.caches) else {
            return StepOutcome::Passed;
        };
        let (_, changed) = self.database.records.times(record);
        let cache = caches.of(record);
        match cache.lookup(now, key, changed.0) {
            Lookup::Hit { .. } => self.jobs[id].cache_hit = true,
            Lookup::Miss { already_loading } => {
                if already_loading && cache.coalesces() {
                    cache.wait(key, id);
                    self.jobs[id].step = Step::AwaitCacheFill;
                    return StepOutcome::Waits;
                }
                self.jobs[id].fills_cache = true;
            }
        }
        StepOutcome::Passed
    }

    /// Fills the cache with what a job has read; jobs that waited for it continue. A record that the replica does not
    /// have yet is not found.
    #[inline]
    pub(super) fn cache_fill(&mut self, now: Time, id: JobId) -> StepOutcome {
        let Job { node, fills_cache, path, .. } = self.jobs[id];
        let record = path.record();
        let (made, changed) = self.database.records.times(record);
        let mut version = changed;
        if let Some(replica) = node.checked_sub(1) {
            let replica = usize::from(replica);
            if self.database.replicas.read(replica, now, made, changed) == Read::NotYet {
                return self.fail(now, id, Failure::InvalidInstanceIdNotFound);
            }
            version = changed.min(self.database.replicas.shows(replica, now));
        }
        if fills_cache && let (Some(key), Some(caches)) = (record.key(), &mut self.database.caches) {
            self.jobs[id].fills_cache = false;
            for waiter in caches.of(record).fill(now, key, version.0) {
                self.go_on(now, waiter);
            }
        }
        StepOutcome::Passed
    }

    /// Gives up the cache fill of a job that failed: the jobs that waited for it repeat their lookup.
    pub(super) fn cache_fill_fails(&mut self, id: JobId) {
        if !std::mem::take(&mut self.jobs[id].fills_cache) {
            return;
        }
        let record = self.jobs[id].path.record();
        let key = record.key().expect("it loads what has a key");
        let caches = self.database.caches.as_mut().expect("it loads for a cache");
        for waiter in caches.of(record).load_failed(key) {
            self.jobs[waiter].step = Step::CacheLookup;
            self.outbox.resume(waiter);
        }
    }

    /// Acquires a connection for a job.
    #[inline]
    pub(super) fn connect(&mut self, now: Time, id: JobId) -> StepOutcome {
        let node = self.jobs[id].node;
        let Node { pool, deadlines, waits, .. } = &mut self.database.nodes[usize::from(node)];
        let connects = match pool.acquire(now, id) {
            Acquired::Idle => Duration::ZERO,
            Acquired::Connect(time) => time,
            Acquired::Wait(ticket) => {
                deadlines.push(now, (ticket, id), |(ticket, _)| !pool.is_waiting(ticket));
                if let Some(due) = deadlines.wake() {
                    self.outbox.set_timer(due, PlaneTimer::AcquireTimeout, u32::from(node));
                }
                return StepOutcome::Waits;
            }
            Acquired::Refused => return self.fail(now, id, Failure::ServiceUnavailable),
        };
        waits.record(Duration::ZERO);
        self.jobs[id].connected = now;
        if connects == Duration::ZERO {
            return StepOutcome::Passed;
        }
        self.outbox.set_timer(now.after(connects), PlaneTimer::Connected, id.0);
        StepOutcome::Waits
    }

    /// Releases the connection of a job, if it has one, to the next job that waits.
    #[inline]
    pub(super) fn disconnect(&mut self, now: Time, id: JobId) {
        let Job { node, connected, .. } = &mut self.jobs[id];
        let since = std::mem::replace(connected, Time::NEVER);
        if since == Time::NEVER {
            return;
        }
        let Node { pool, waits, holds, .. } = &mut self.database.nodes[usize::from(*node)];
        holds.record(now.since(since));
        if let Some(Next { job, waited }) = pool.release(now, since) {
            waits.record(waited);
            self.jobs[job].connected = now;
            self.go_on(now, job);
        }
    }

    /// Times out jobs that have waited too long for a connection.
    pub(super) fn acquiring_times_out(&mut self, now: Time, node: u8) {
        loop {
            let Node { pool, deadlines, .. } = &mut self.database.nodes[usize::from(node)];
            let Some((ticket, id)) = deadlines.due(now) else { break };
            if pool.abandon(now, ticket) {
                self.fail(now, id, Failure::InternalError);
            }
        }
        if let Some(due) = self.database.nodes[usize::from(node)].deadlines.wake() {
            self.outbox.set_timer(due, PlaneTimer::AcquireTimeout, u32::from(node));
        }
    }
}
