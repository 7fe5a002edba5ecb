//! Stage with servers: its station, random stream, outage and figures.

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

/// Condition of a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Condition {
    /// Works normally.
    Sound,
    /// Refuses every job.
    Refuses,
    /// Begins no service.
    Hangs,
    /// Services take this many thousandths of their time.
    Slow(u32),
}

/// Outage of a stage that a client has injected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InjectedOutage {
    /// Condition of the stage meanwhile.
    pub condition: Condition,
    /// End.
    pub until: Time,
}

/// Stage with servers.
#[derive(Clone, Debug)]
pub struct Stage {
    pub name: StageName,
    pub station: Station,
    /// Deadlines of jobs that wait.
    pub deadlines: Deadlines<(Ticket, JobId)>,
    pub condition: Condition,
    /// Condition by the outages of the scenario.
    pub planned: Condition,
    /// Injected outage, which goes before those of the scenario.
    pub injected: Option<InjectedOutage>,
    /// Number of jobs refused because of an outage.
    pub turned_away: u64,
    /// Waiting times of jobs whose service has begun.
    pub waits: Durations,
    /// Service times.
    pub services: Durations,
    /// Random stream of the service times.
    pub stream: Stream,
}

persist! { Stage {
    values: [deadlines, condition, planned, injected, turned_away, waits, services],
    nested: [station, stream],
    derived: [name],
} }

/// Admission of a job to a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Service begins.
    Served,
    /// The job waits.
    Waits,
    /// There is no room for the job.
    Refused,
}

impl Stage {
    /// Returns an empty stage whose service times come from the stream of this number.
    pub fn new(name: StageName, config: &StationConfig, stream: u64, seed: Seed) -> Stage {
        Stage {
            name,
            station: Station::new(config.servers.0, config.queue_limit.0),
            deadlines: Deadlines::new(config.queue_timeout),
            condition: Condition::Sound,
            planned: Condition::Sound,
            injected: None,
            turned_away: 0,
            waits: Durations::default(),
            services: Durations::default(),
            stream: seed.stream(Purpose::Service, stream),
        }
    }

    /// Takes a job that arrives.
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

    /// Returns true if every job is served at once.
    #[inline]
    pub fn is_open(&self) -> bool {
        !matches!(self.condition, Condition::Refuses) && self.station.is_unlimited()
    }

    /// Passes a job whose service takes no time, where the stage [is open](Stage::is_open).
    #[inline]
    pub fn pass(&mut self) {
        self.station.pass();
        self.note(Duration::ZERO, Duration::ZERO);
    }

    /// Returns the service time in the current condition, from the time in normal operation.
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

    /// Returns a job that has waited too long, if it still waits.
    pub fn give_up(&mut self, now: Time) -> Option<JobId> {
        while let Some((ticket, job)) = self.deadlines.due(now) {
            if self.station.abandon(now, ticket) {
                return Some(job);
            }
        }
        None
    }

    /// Sets the condition by the outages there are. Returns the jobs whose service begins now.
    pub fn turn(&mut self, now: Time) -> Vec<Next> {
        let condition = self.injected.map_or(self.planned, |injected| injected.condition);
        let hung = std::mem::replace(&mut self.condition, condition) == Condition::Hangs;
        match condition {
            Condition::Hangs => self.station.hold(),
            _ if hung => return self.station.release(now).collect(),
            _ => {}
        }
        Vec::new()
    }

    /// Begins a window.
    pub fn begin_window(&mut self, now: Time) {
        self.station.begin_window(now);
        self.turned_away = 0;
        self.waits = Durations::default();
        self.services = Durations::default();
    }
}
