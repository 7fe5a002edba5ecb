//! Control plane of a run: calls on their path from the client to their effect.
//!
//! The plane knows no instances and no clock. Its owner submits calls, fires its timers when they are due, carries out its
//! effects ([`Plane::next`]) until there is none, and sets its timers ([`Plane::next_timer`]).
//!
//! - `stages` is the table of stages with servers; `path` the order of the steps of a job, `times` their durations.
//! - `flow` takes a job from step to step; `outbox` holds the jobs that continue now, effects and timers.
//! - `clients` attempt, wait, retry and give up, `sdk_clients` by the rules of an SDK; `requests` are their calls, `jobs` what
//!   works on them.
//! - `database`, `messages`, `bring_up` and `outages` implement the steps; `stage` is a stage with servers.
//! - `prefetch` loads what will be read soon; `figures` are the results.

mod bring_up;
mod clients;
mod database;
mod deadlines;
pub mod figures;
mod flow;
pub mod jobs;
mod messages;
mod outages;
mod outbox;
pub mod path;
mod prefetch;
mod records;
pub mod requests;
mod sdk_clients;
mod short_queue;
mod stage;
pub(super) mod stages;
mod state;
mod times;

use self::bring_up::Images;
use self::clients::Clients;
use self::database::Database;
use self::figures::Results;
use self::jobs::{BringUp, BringUpId, Job};
use self::messages::Messages;
use self::outages::Outage;
use self::outbox::Outbox;
pub use self::outbox::{Effect, PlaneTimer};
use self::requests::{ClientRequest, RequestId};
use self::stage::Stage;
use self::stages::StageId;
use self::times::Times;
use super::breaker::Breaker;
use super::config::ControlPlaneConfig;
use super::job::JobId;
use super::slab::Slab;
use super::throttle::Throttle;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::units::Time;

/// Settings of the scenario beside the rules of the mechanisms.
#[derive(Clone, Debug)]
struct Rules {
    times: Times,
    /// Number of attempts in flight at which others are refused.
    shed_above: Option<u32>,
}

/// All state of the control plane.
#[derive(Clone, Debug)]
pub struct Plane {
    rules: Rules,
    jobs: Slab<JobId, Job>,
    requests: Slab<RequestId, ClientRequest>,
    /// Instances that boot.
    booting: Slab<BringUpId, BringUp>,
    outbox: Outbox,
    clients: Clients,
    throttle: Option<Throttle>,
    /// By [`StageId`].
    stages: Vec<Stage>,
    database: Database,
    messages: Messages,
    /// Around the hypervisor and around the storage.
    breakers: [Option<Breaker>; 2],
    images: Images,
    outages: Vec<Outage>,
    /// Attempts in flight.
    in_flight: u32,
    /// Number of instances, which a read without an index scans.
    instance_count: u64,
    results: Results,
}

impl Plane {
    /// Returns the empty control plane of a validated configuration.
    pub fn new(config: &ControlPlaneConfig, seed: Seed) -> Plane {
        let stages = stages::configurations(config).into_iter();
        let stages = stages.map(|(name, station, stream)| Stage::new(name, &station, stream, seed)).collect();
        let breaker =
            || config.breaker.enabled.then(|| Breaker::new(config.breaker.failures, config.breaker.open_for));
        Plane {
            rules: Rules { times: Times::new(config), shed_above: config.gateway.shed_above.0 },
            jobs: Slab::default(),
            requests: Slab::default(),
            booting: Slab::default(),
            outbox: Outbox::default(),
            clients: Clients::new(&config.clients, seed),
            throttle: config.throttle.enabled.then(|| clients::throttle(&config.throttle)),
            stages,
            database: Database::new(&config.database, &config.cache),
            messages: Messages::new(&config.queue, &config.workers),
            breakers: [breaker(), breaker()],
            images: Images::new(&config.images),
            outages: outages::resolve(&config.outages, config.database.replicas),
            in_flight: 0,
            instance_count: 0,
            results: Results::default(),
        }
    }

    /// Removes and returns the next timer to be set, in the order in which they arose.
    #[inline]
    pub fn next_timer(&mut self) -> Option<(Time, PlaneTimer, u32)> {
        self.outbox.next_timer()
    }

    /// Notes the number of instances.
    #[inline]
    pub fn note_instance_count(&mut self, instance_count: u64) {
        self.instance_count = instance_count;
    }

    /// Fires a timer.
    #[inline]
    pub fn fire(&mut self, now: Time, timer: PlaneTimer, number: u32) {
        let job = JobId(number);
        match timer {
            PlaneTimer::Served => self.served(now, job),
            PlaneTimer::Connected | PlaneTimer::Booted => self.go_on(now, job),
            PlaneTimer::RetryWrite => self.outbox.resume(job),
            PlaneTimer::ClientRetry => self.attempt(now, RequestId(number)),
            PlaneTimer::ClientTimeout => self.clients_time_out(now),
            PlaneTimer::QueueTimeout => self.queue_times_out(now, StageId(number as u8)),
            PlaneTimer::AcquireTimeout => self.acquiring_times_out(now, number as u8),
            PlaneTimer::MessageExpires => self.message_expires(now, number),
            PlaneTimer::MessageVisible => self.message_appears(now, number),
            PlaneTimer::Downloaded => self.downloads_end(now, number),
            PlaneTimer::OutageBegins => self.outage_begins(now, number as usize),
            PlaneTimer::OutageEnds => self.outage_ends(now, number as usize),
            PlaneTimer::InjectedOutageEnds => self.injected_outage_ends(now, StageId(number as u8)),
        }
    }

    /// Returns the next effect to be carried out; `None` when every job waits.
    #[inline]
    pub fn next(&mut self, now: Time) -> Option<Effect> {
        loop {
            if let Some(effect) = self.outbox.next_effect() {
                return Some(effect);
            }
            let job = self.outbox.next_job()?;
            if let Some(effect) = self.advance(now, job) {
                return Some(effect);
            }
        }
    }
}
