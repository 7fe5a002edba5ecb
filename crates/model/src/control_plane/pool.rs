//! A pool of connections: a station whose servers are connections, which take time to make and are closed when
//! they have been idle for long.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::job::JobId;
use super::station::{Admission, Next, Station, StationUse, Ticket};
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Rules of a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PoolRules {
    /// Connections that stay open though idle, and are open at the start.
    pub min: u32,
    /// The most connections, at least 1; `None` for no limit.
    pub max: Option<u32>,
    /// Longest idle time of a connection beyond the minimum; `None` for no limit.
    pub idle_timeout: Option<Duration>,
    /// Time to open a connection.
    pub connect: Duration,
    /// The most jobs that may wait for a connection; `None` for no limit.
    pub queue_limit: Option<u32>,
}

/// A pool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConnectionPool {
    rules: PoolRules,
    /// Its servers are the connections in use.
    station: Station,
    /// Since when each idle connection is so; the last is used first.
    idle: VecDeque<Time>,
    counts: PoolCounts,
}

persist! { ConnectionPool { values: [idle, counts], nested: [station], derived: [rules] } }

/// Answer to a job that asks for a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acquired {
    /// An idle connection.
    Idle,
    /// A new connection, open after this time.
    Connect(Duration),
    /// A place in the queue.
    Wait(Ticket),
    /// Refusal: the queue is full.
    Refused,
}

/// Counts of a pool in the window, beside the use of its connections.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct PoolCounts {
    /// Connections made.
    pub connected: u64,
    /// Connections closed because they were idle for too long.
    pub closed: u64,
    /// The most that were open at once.
    pub open_peak: u32,
}

impl ConnectionPool {
    /// Returns a pool with its minimum of connections open and idle.
    pub fn new(rules: PoolRules) -> ConnectionPool {
        ConnectionPool {
            rules,
            station: Station::new(rules.max, rules.queue_limit),
            idle: std::iter::repeat_n(Time::ZERO, rules.min as usize).collect(),
            counts: PoolCounts { open_peak: rules.min, ..PoolCounts::default() },
        }
    }

    /// Acquires a connection for a job, which holds it from now on, the time to connect included.
    #[inline]
    pub fn acquire(&mut self, now: Time, job: JobId) -> Acquired {
        self.close_idle(now);
        match self.station.arrive(now, job) {
            Admission::Queued(ticket) => Acquired::Wait(ticket),
            Admission::Refused => Acquired::Refused,
            Admission::Served if self.idle.pop_back().is_some() => Acquired::Idle,
            Admission::Served => {
                self.counts.connected += 1;
                self.counts.open_peak = self.counts.open_peak.max(self.open());
                Acquired::Connect(self.rules.connect)
            }
        }
    }

    /// Releases a connection that was held since `acquired`: the next job has it at once, if one waits.
    #[inline]
    pub fn release(&mut self, now: Time, acquired: Time) -> Option<Next> {
        self.close_idle(now);
        let next = self.station.complete(now, acquired);
        if next.is_none() {
            self.idle.push_back(now);
        }
        next
    }

    /// Returns true while the job with this ticket waits.
    #[inline]
    pub fn is_waiting(&self, ticket: Ticket) -> bool {
        self.station.is_waiting(ticket)
    }

    /// Removes a job that gives up waiting; false if it does not wait any more.
    pub fn abandon(&mut self, now: Time, ticket: Ticket) -> bool {
        self.station.abandon(now, ticket)
    }

    /// Closes connections beyond the minimum that were idle for too long, the longest idle first.
    #[inline]
    fn close_idle(&mut self, now: Time) {
        let Some(timeout) = self.rules.idle_timeout else { return };
        while self.open() > self.rules.min
            && self.idle.front().is_some_and(|since| since.after(timeout) <= now)
        {
            self.idle.pop_front();
            self.counts.closed += 1;
        }
    }

    /// Returns the number of connections that are open: in use, being made, or idle. Those idle for too long count until
    /// the next job comes or goes.
    #[inline]
    pub fn open(&self) -> u32 {
        self.station.in_service() + self.idle.len() as u32
    }

    /// Returns the number of connections that jobs hold, those that are being made among them.
    pub fn in_use(&self) -> u32 {
        self.station.in_service()
    }

    /// Returns jobs and connections as those of a station.
    pub fn usage(&self, now: Time) -> StationUse {
        self.station.usage(now)
    }

    /// Begins the statistics anew with the jobs inside.
    pub fn begin_window(&mut self, now: Time) {
        self.station.begin_window(now);
        self.counts = PoolCounts { open_peak: self.open(), ..PoolCounts::default() };
    }

    /// Returns its counts in the window.
    pub fn counts(&self) -> PoolCounts {
        self.counts
    }

    /// Panics unless every job is accounted for and no more connections are open than may be.
    pub fn assert_conserved(&self, now: Time) {
        self.station.assert_conserved(now);
        assert!(self.rules.max.is_none_or(|max| self.open() <= max), "too many connections are open");
        assert!(self.open() >= self.rules.min, "too few connections are open");
        assert!(self.idle.is_empty() || self.station.waiting() == 0, "a job waits beside an idle connection");
    }
}

#[cfg(test)]
mod tests;
