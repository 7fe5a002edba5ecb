//! Reading and writing: the cache, the connections, the primary and its replicas.

use super::deadlines::Deadlines;
use super::flow::StepOutcome;
use super::jobs::Job;
use super::path::{RecordKey, Step};
use super::{Caches, Plane, PlaneTimer};
use crate::control_plane::cache::{Cache, Lookup};
use crate::control_plane::config::PoolConfig;
use crate::control_plane::job::JobId;
use crate::control_plane::pool::{Acquired, Pool, PoolRules};
use crate::control_plane::replicas::Read;
use crate::control_plane::station::{Next, Ticket};
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::Durations;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, Time};

/// The connections to a server of the database.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub pool: Pool,
    /// Whoever waits too long.
    pub deadlines: Deadlines<(Ticket, JobId)>,
    /// How long those waited who have got a connection.
    pub waits: Durations,
    /// How long they held it.
    pub holds: Durations,
}

persist! { Node {
    values: [deadlines, waits, holds],
    nested: [pool],
} }

impl Node {
    pub fn new(config: &PoolConfig) -> Node {
        let pool = Pool::new(PoolRules {
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

impl RecordKey {
    /// Its key in the cache; `None` for what is not there. Instances have even ones, questions about many odd ones.
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

/// The key of a question about many instances of an account: its bits well mixed (the finalizer of MurmurHash3).
#[inline]
fn question_key(account: AccountId, query: u64) -> u64 {
    let mut key = query ^ (u64::from(account.0) << 32);
    key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    key = (key ^ (key >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (key ^ (key >> 33)) | 1
}

impl Caches {
    /// The cache that a subject belongs in.
    #[inline]
    fn of(&mut self, record: RecordKey) -> &mut Cache {
        if matches!(record, RecordKey::InstanceType(_)) { &mut self.types } else { &mut self.records }
    }
}

impl Plane {
    /// A job has looked into the cache: it knows, or reads, or waits for another that reads the same.
    #[inline]
    pub(super) fn cache_result(&mut self, now: Time, id: JobId) -> StepOutcome {
        let record = self.jobs[id].path.record();
        let (Some(key), Some(caches)) = (record.key(), &mut self.caches) else { return StepOutcome::Passed };
        let (_, changed) = self.records.times(record);
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

    /// A job has read: the cache takes it in, and whoever waited for that goes on. What the replica does not have yet
    /// is not there for the job.
    #[inline]
    pub(super) fn cache_fill(&mut self, now: Time, id: JobId) -> StepOutcome {
        let Job { node, fills_cache, path, .. } = self.jobs[id];
        let record = path.record();
        let (made, changed) = self.records.times(record);
        let mut version = changed;
        if let Some(replica) = node.checked_sub(1) {
            let replica = usize::from(replica);
            if self.replicas.read(replica, now, made, changed) == Read::NotYet {
                return self.fail(now, id, Failure::InvalidInstanceIdNotFound);
            }
            version = changed.min(self.replicas.shows(replica, now));
        }
        if fills_cache && let (Some(key), Some(caches)) = (record.key(), &mut self.caches) {
            self.jobs[id].fills_cache = false;
            for waiter in caches.of(record).fill(now, key, version.0) {
                self.go_on(now, waiter);
            }
        }
        StepOutcome::Passed
    }

    /// What a job was to read for the cache does not come: whoever waited for that looks again.
    pub(super) fn cache_fill_fails(&mut self, id: JobId) {
        if !std::mem::take(&mut self.jobs[id].fills_cache) {
            return;
        }
        let record = self.jobs[id].path.record();
        let key = record.key().expect("it loads what has a key");
        let caches = self.caches.as_mut().expect("it loads for a cache");
        for waiter in caches.of(record).load_failed(key) {
            self.jobs[waiter].step = Step::CacheLookup;
            self.run_queue.push(waiter);
        }
    }

    /// The record of an instance changes.
    #[inline]
    pub fn record_changed(&mut self, now: Time, slot: u32, id: u64, account: AccountId) {
        self.records.changed(now, slot, id, account);
        if let Some(caches) = &mut self.caches {
            caches.records.wrote(id << 1);
            caches.records.wrote(question_key(account, 0));
        }
    }

    /// The server that the next read goes to: the replicas in turn, the primary where there are none.
    #[inline]
    pub(super) fn node_to_read(&mut self) -> u8 {
        self.replicas.take_turn().map_or(0, |replica| replica as u8 + 1)
    }

    /// A job gets a connection to the server that it asks.
    #[inline]
    pub(super) fn connect(&mut self, now: Time, id: JobId) -> StepOutcome {
        let node = self.jobs[id].node;
        let Node { pool, deadlines, waits, .. } = &mut self.nodes[usize::from(node)];
        let connects = match pool.acquire(now, id) {
            Acquired::Idle => Duration::ZERO,
            Acquired::Connect(time) => time,
            Acquired::Wait(ticket) => {
                deadlines.push(now, (ticket, id), |(ticket, _)| !pool.is_waiting(ticket));
                if let Some(due) = deadlines.wake() {
                    self.set_timer(due, PlaneTimer::AcquireTimeout, u32::from(node));
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
        self.set_timer(now.after(connects), PlaneTimer::Connected, id.0);
        StepOutcome::Waits
    }

    /// A job gives its connection back, if it has one: whoever waits for it has it now.
    #[inline]
    pub(super) fn disconnect(&mut self, now: Time, id: JobId) {
        let Job { node, connected, .. } = &mut self.jobs[id];
        let since = std::mem::replace(connected, Time::NEVER);
        if since == Time::NEVER {
            return;
        }
        let Node { pool, waits, holds, .. } = &mut self.nodes[usize::from(*node)];
        holds.record(now.since(since));
        if let Some(Next { job, waited }) = pool.release(now, since) {
            waits.record(waited);
            self.jobs[job].connected = now;
            self.go_on(now, job);
        }
    }

    /// Those who have waited too long for a connection give up.
    pub(super) fn acquiring_times_out(&mut self, now: Time, node: u8) {
        loop {
            let Node { pool, deadlines, .. } = &mut self.nodes[usize::from(node)];
            let Some((ticket, id)) = deadlines.due(now) else { break };
            if pool.abandon(now, ticket) {
                self.fail(now, id, Failure::InternalError);
            }
        }
        if let Some(due) = self.nodes[usize::from(node)].deadlines.wake() {
            self.set_timer(due, PlaneTimer::AcquireTimeout, u32::from(node));
        }
    }
}
