//! A stage with servers: its station, the times that its services take, what it is up to in an outage, its figures.

use serde::{Deserialize, Serialize};

use super::deadlines::Deadlines;
use crate::control_plane::config::StationConfig;
use crate::control_plane::job::JobId;
use crate::control_plane::stage::StageName;
use crate::control_plane::station::{Admission, Next, Station, Ticket};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::metrics::Durations;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Number of a stage with servers, in the order of [`Stages`](super::Plane).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageId(pub u8);

impl StageId {
    pub const GATEWAY: StageId = StageId(0);
    pub const VALIDATION: StageId = StageId(1);
    pub const CACHE: StageId = StageId(2);
    pub const WORKERS: StageId = StageId(3);
    pub const HYPERVISOR: StageId = StageId(4);
    pub const STORAGE: StageId = StageId(5);

    /// A server of the database: 0 for the primary, then the replicas.
    pub const fn node(node: u8) -> StageId {
        StageId(6 + node)
    }

    /// The stage of a name. Panics on one without servers.
    pub fn of(name: StageName) -> StageId {
        match name {
            StageName::Gateway => StageId::GATEWAY,
            StageName::Validation => StageId::VALIDATION,
            StageName::Cache => StageId::CACHE,
            StageName::Workers => StageId::WORKERS,
            StageName::Hypervisor => StageId::HYPERVISOR,
            StageName::Storage => StageId::STORAGE,
            StageName::Primary => StageId::node(0),
            StageName::Replica(number) => StageId::node(number),
            StageName::PrimaryPool | StageName::ReplicaPool(_) | StageName::Queue | StageName::Images => {
                panic!("{name} has no servers")
            }
        }
    }

    /// As a position.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How well a stage works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Condition {
    /// As it should.
    Sound,
    /// It refuses whoever comes.
    Refuses,
    /// No service begins.
    Hangs,
    /// Services take longer, by so many thousandths of their time.
    Slow(u32),
}

/// A stage with servers.
#[derive(Clone, Debug)]
pub struct Stage {
    pub name: StageName,
    pub station: Station,
    /// Whoever waits too long.
    pub deadlines: Deadlines<(Ticket, JobId)>,
    pub condition: Condition,
    /// Refused because of an outage.
    pub turned_away: u64,
    /// How long those waited whose service has begun.
    pub waits: Durations,
    /// How long their services take.
    pub services: Durations,
    /// What service times are drawn from.
    pub stream: Stream,
}

persist! { Stage {
    values: [deadlines, condition, turned_away, waits, services],
    nested: [station, stream],
    derived: [name],
} }

/// What becomes of a job that comes to a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Its service begins.
    Served,
    /// It waits.
    Waits,
    /// There is no room for it.
    Refused,
}

impl Stage {
    /// An empty stage. Its number keys its random stream.
    pub fn new(id: StageId, name: StageName, config: &StationConfig, seed: Seed) -> Stage {
        Stage {
            name,
            station: Station::new(config.servers.0, config.queue_limit.0),
            deadlines: Deadlines::new(config.queue_timeout),
            condition: Condition::Sound,
            turned_away: 0,
            waits: Durations::default(),
            services: Durations::default(),
            stream: seed.stream(Purpose::Service, u64::from(id.0)),
        }
    }

    /// A job comes.
    #[inline]
    pub fn arrive(&mut self, now: Time, job: JobId) -> Arrival {
        if matches!(self.condition, Condition::Refuses) {
            self.turned_away += 1;
            return Arrival::Refused;
        }
        match self.station.arrive(now, job) {
            Admission::Served => Arrival::Served,
            Admission::Queued(ticket) => {
                let station = &self.station;
                self.deadlines.push(now, (ticket, job), |(ticket, _)| !station.is_waiting(ticket));
                Arrival::Waits
            }
            Admission::Refused => Arrival::Refused,
        }
    }

    /// Returns whether whoever comes is served at once.
    #[inline]
    pub fn is_open(&self) -> bool {
        !matches!(self.condition, Condition::Refuses) && self.station.is_unlimited()
    }

    /// A job passes whose service takes no time, where the stage [is open](Stage::is_open).
    #[inline]
    pub fn pass(&mut self) {
        self.station.pass();
        self.note(Duration::ZERO, Duration::ZERO);
    }

    /// Returns how long a service takes that would take so long if all were well.
    #[inline]
    pub fn stretched(&self, time: Duration) -> Duration {
        match self.condition {
            Condition::Slow(milli) => {
                let time = u128::from(time.0) * u128::from(milli) / 1000;
                Duration(u64::try_from(time).unwrap_or(u64::MAX))
            }
            _ => time,
        }
    }

    /// Notes the wait and the time of a service that begins.
    #[inline]
    pub fn note(&mut self, waited: Duration, time: Duration) {
        self.waits.record(waited);
        self.services.record(time);
    }

    /// A job that has waited for too long, if it still waits.
    pub fn give_up(&mut self, now: Time) -> Option<JobId> {
        while let Some((ticket, job)) = self.deadlines.due(now) {
            if self.station.abandon(now, ticket) {
                return Some(job);
            }
        }
        None
    }

    /// It works as told from now on: gives those whose service begins now.
    pub fn turn(&mut self, now: Time, condition: Condition) -> Vec<Next> {
        let hung = std::mem::replace(&mut self.condition, condition) == Condition::Hangs;
        match condition {
            Condition::Hangs => self.station.hold(),
            _ if hung => return self.station.release(now).collect(),
            _ => {}
        }
        Vec::new()
    }

    /// Statistics begin anew.
    pub fn begin_window(&mut self, now: Time) {
        self.station.begin_window(now);
        self.turned_away = 0;
        self.waits = Durations::default();
        self.services = Durations::default();
    }
}
