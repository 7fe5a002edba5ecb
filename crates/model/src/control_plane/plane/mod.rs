//! The control plane of a run: calls on their way from the client to their effect.
//!
//! The plane knows no instances and no clock. Whoever owns it submits calls, hands it its alarms when they ring, and
//! then does what it wishes ([`Plane::next`]) until it wishes nothing more, and sets its alarms ([`Plane::next_timer`]).
//!
//! - `flow` is the path, from top to bottom: what a job does at each step; `path` is which step follows, `times` how
//!   long each takes, `run_queue` whose turn it is.
//! - `clients` try, wait, try again and give up; `requests` are what they want, `jobs` what works on it.
//! - `database`, `messages`, `bring_up` and `outages` are what the steps need; `stage` is one with servers.
//! - `prefetch` loads what will be looked at; `figures` is what came of it.

mod bring_up;
mod clients;
mod database;
mod deadlines;
pub mod figures;
mod flow;
pub mod jobs;
mod messages;
mod outages;
pub mod path;
mod prefetch;
mod records;
pub mod requests;
mod run_queue;
mod stage;
mod state;
mod times;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::bring_up::Images;
use self::clients::Clients;
use self::database::Node;
use self::figures::{Counts, History};
use self::jobs::{BringUp, BringUpId, Job};
use self::messages::Messages;
use self::outages::Outage;
use self::records::Records;
use self::requests::{Request, RequestId};
use self::run_queue::RunQueue;
use self::stage::{Stage, StageId};
use self::times::Times;
use super::breaker::Breaker;
use super::cache::{Cache, CacheRules};
use super::config::{ControlPlaneConfig, ReadFrom, StationConfig};
use super::job::JobId;
use super::replicas::Replicas;
use super::slab::Slab;
use super::stage::StageName;
use super::throttle::Throttle;
use crate::operation::Operation;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::Durations;
use plimsoll_base::units::{Duration, EnumMap, Time};

/// What an alarm of the plane is about; its number says which one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum PlaneTimer {
    /// The service of a job ends.
    Served,
    /// A job's connection is open.
    Connected,
    /// An instance has booted, the job says which.
    Booted,
    /// A job that could not write tries again.
    RetryWrite,
    /// A client tries again, the request says which.
    ClientRetry,
    /// Clients wait no longer.
    ClientTimeout,
    /// Jobs wait no longer, at the stage of the number.
    QueueTimeout,
    /// Jobs wait no longer for a connection to the database server of the number.
    AcquireTimeout,
    /// The visibility time-out of a message is over.
    MessageExpires,
    /// The delay of a message is over.
    MessageVisible,
    /// Downloads end on the rack of the number.
    Downloaded,
    /// An outage begins.
    OutageBegins,
    /// An outage ends.
    OutageEnds,
}

/// What the plane wishes its owner to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Effect {
    /// A call takes effect; [`Plane::committed`] is to be told.
    Commit(JobId, RequestId),
    /// A call is refused for good; [`Plane::refusal_told`] is to be told.
    Refuse(RequestId, Failure),
    /// An instance has come up; [`Plane::came_up`] says which.
    Finish(JobId),
}

/// What the scenario decides, beside the rules of the mechanisms.
#[derive(Clone, Debug)]
struct Rules {
    times: Times,
    /// While so many attempts are inside, others are refused.
    shed_above: Option<u32>,
}

/// What remembers answers of the database.
#[derive(Clone, Debug)]
struct Caches {
    records: Cache,
    types: Cache,
}

/// All state of the control plane.
#[derive(Clone, Debug)]
pub struct Plane {
    rules: Rules,
    jobs: Slab<JobId, Job>,
    requests: Slab<RequestId, Request>,
    /// Instances that come up.
    booting: Slab<BringUpId, BringUp>,
    /// Jobs that go on now, in order.
    run_queue: RunQueue,
    effects: VecDeque<Effect>,
    /// Alarms to be set: when, about what, which one.
    timers: VecDeque<(Time, PlaneTimer, u32)>,
    clients: Clients,
    throttle: Option<Throttle>,
    /// By [`StageId`].
    stages: Vec<Stage>,
    caches: Option<Caches>,
    /// The connections to the primary and the replicas.
    nodes: Vec<Node>,
    replicas: Replicas,
    records: Records,
    messages: Messages,
    /// Around the hypervisor and around the storage.
    breakers: [Option<Breaker>; 2],
    images: Images,
    outages: Vec<Outage>,
    /// Attempts inside.
    in_flight: u32,
    /// Instances there are, which a read without an index looks at.
    instance_count: u64,
    counts: Counts,
    /// From a call's intended arrival to its answer.
    answers: EnumMap<Operation, Durations>,
    history: History,
}

impl Plane {
    /// The empty plane of a configuration that has been validated.
    pub fn new(config: &ControlPlaneConfig, boot: Duration, seed: Seed) -> Plane {
        let stages = stages(config, seed);
        let replicas = match config.database.read_from {
            ReadFrom::Replica => config.database.replicas,
            ReadFrom::Primary => 0,
        };
        let breaker =
            || config.breaker.enabled.then(|| Breaker::new(config.breaker.failures, config.breaker.open_for));
        Plane {
            rules: Rules { times: Times::new(config, boot), shed_above: config.gateway.shed_above.0 },
            jobs: Slab::default(),
            requests: Slab::default(),
            booting: Slab::default(),
            run_queue: RunQueue::default(),
            effects: VecDeque::new(),
            timers: VecDeque::new(),
            clients: Clients::new(&config.clients, seed),
            throttle: config.throttle.enabled.then(|| clients::throttle(&config.throttle)),
            nodes: (0..=config.database.replicas).map(|_| Node::new(&config.database.pool)).collect(),
            stages,
            caches: config.cache.enabled.then(|| caches(config)),
            replicas: Replicas::new(vec![config.database.lag; replicas as usize]),
            records: Records::default(),
            messages: Messages::new(&config.queue, &config.workers),
            breakers: [breaker(), breaker()],
            images: Images::new(&config.images),
            outages: outages::resolve(&config.outages, config.database.replicas),
            in_flight: 0,
            instance_count: 0,
            counts: Counts::default(),
            answers: EnumMap::default(),
            history: History::default(),
        }
    }

    /// The next alarm that is to be set, in the order in which they came up.
    #[inline]
    pub fn next_timer(&mut self) -> Option<(Time, PlaneTimer, u32)> {
        self.timers.pop_front()
    }

    /// So many instances are there.
    #[inline]
    pub fn note_instance_count(&mut self, instance_count: u64) {
        self.instance_count = instance_count;
    }

    /// An alarm rings.
    #[inline]
    pub fn fire(&mut self, now: Time, timer: PlaneTimer, number: u32) {
        let job = JobId(number);
        match timer {
            PlaneTimer::Served => self.served(now, job),
            PlaneTimer::Connected | PlaneTimer::Booted => self.go_on(now, job),
            PlaneTimer::RetryWrite => self.run_queue.push(job),
            PlaneTimer::ClientRetry => self.attempt(now, RequestId(number)),
            PlaneTimer::ClientTimeout => self.clients_time_out(now),
            PlaneTimer::QueueTimeout => self.queue_times_out(now, StageId(number as u8)),
            PlaneTimer::AcquireTimeout => self.acquiring_times_out(now, number as u8),
            PlaneTimer::MessageExpires => self.message_expires(now, number),
            PlaneTimer::MessageVisible => self.message_appears(now, number),
            PlaneTimer::Downloaded => self.downloads_end(now, number),
            PlaneTimer::OutageBegins => self.outage_begins(now, number as usize),
            PlaneTimer::OutageEnds => self.outage_ends(now, number as usize),
        }
    }

    /// The next thing to be done for the plane; `None` when it has gone as far as it comes now.
    #[inline]
    pub fn next(&mut self, now: Time) -> Option<Effect> {
        loop {
            if !self.effects.is_empty() {
                return self.effects.pop_front();
            }
            let job = self.run_queue.pop()?;
            if let Some(effect) = self.advance(now, job) {
                return Some(effect);
            }
        }
    }

    #[inline]
    fn set_timer(&mut self, at: Time, timer: PlaneTimer, number: u32) {
        if at < Time::NEVER {
            self.timers.push_back((at, timer, number));
        }
    }
}

/// Every stage with servers, by its [`StageId`].
fn stages(config: &ControlPlaneConfig, seed: Seed) -> Vec<Stage> {
    let workers = StationConfig { servers: config.workers.count, ..StationConfig::default() };
    let primary = StationConfig { servers: config.database.servers, ..StationConfig::default() };
    let replica = StationConfig { servers: config.database.replica_servers, ..StationConfig::default() };
    let mut stages = vec![
        (StageName::Gateway, config.gateway.station()),
        (StageName::Validation, config.validation.clone()),
        (StageName::Cache, StationConfig::default()),
        (StageName::Workers, workers),
        (StageName::Hypervisor, config.hypervisor.clone()),
        (StageName::Storage, config.storage.clone()),
        (StageName::Primary, primary),
    ];
    stages.extend((1..=config.database.replicas).map(|i| (StageName::Replica(i as u8), replica.clone())));
    let stage =
        |(id, (name, config)): (u8, (StageName, StationConfig))| Stage::new(StageId(id), name, &config, seed);
    (0..).zip(stages).map(stage).collect()
}

fn caches(config: &ControlPlaneConfig) -> Caches {
    let cache = |ttl| {
        Cache::new(CacheRules {
            capacity: config.cache.capacity.0.unwrap_or(u32::MAX),
            ttl: Some(ttl),
            invalidate_on_write: config.cache.invalidate_on_write,
            coalesce: config.cache.coalesce,
        })
    };
    Caches { records: cache(config.cache.ttl), types: cache(config.cache.type_ttl) }
}
