//! A station: servers in front of one queue, first come first served, with a bound.
//!
//! The caller draws the length of a service and calls at its end; a job whose service takes no time may be completed
//! at once.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::job::JobId;
use super::occupancy::Occupancy;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// Servers and the queue before them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Station {
    /// Number of servers; `None` for no limit.
    servers: Option<u32>,
    /// The most that may wait; `None` for no limit.
    queue_limit: Option<u32>,
    /// True while no service begins: an outage hangs the servers.
    held: bool,
    /// Jobs that wait, and gaps of those that gave up. The first is never a gap.
    queue: VecDeque<Waiting>,
    /// The ticket of the first in `queue`.
    first: u64,
    waiting: Occupancy,
    in_service: Occupancy,
    counts: Counts,
}

persist! { Station {
    values: [held, queue, first, waiting, in_service, counts],
    derived: [servers, queue_limit],
} }

/// A place in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Waiting {
    since: Time,
    /// `None` for a job that gave up.
    job: Option<JobId>,
}

/// Counts and sums of the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
struct Counts {
    began: Time,
    /// Inside when the window began.
    carried: u64,
    arrivals: u64,
    started: u64,
    completed: u64,
    refused: u64,
    timed_out: u64,
    /// Sum of the waits of jobs whose service began, from their arrivals \[ns\].
    waited: u128,
    /// Sum of the services of completed jobs, from their starts \[ns\].
    served: u128,
}

/// A place in the queue of a station, never given twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Ticket(pub u64);

/// Admission of a job that arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Service begins now.
    Served,
    /// The job waits.
    Queued(Ticket),
    /// The queue is full.
    Refused,
}

/// A job that has waited and whose service begins now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Next {
    /// The job.
    pub job: JobId,
    /// Time it has waited.
    pub waited: Duration,
}

impl Station {
    /// Returns an empty station with so many servers and places to wait; `None` for no limit.
    pub fn new(servers: Option<u32>, queue_limit: Option<u32>) -> Station {
        Station {
            servers,
            queue_limit,
            held: false,
            queue: VecDeque::new(),
            first: 0,
            waiting: Occupancy::default(),
            in_service: Occupancy::default(),
            counts: Counts::default(),
        }
    }

    /// Takes in the arrival of a job.
    #[inline]
    pub fn arrive(&mut self, now: Time, job: JobId) -> Admission {
        self.counts.arrivals += 1;
        if self.is_free() {
            self.in_service.enter(now);
            self.counts.started += 1;
            return Admission::Served;
        }
        if self.queue_limit.is_some_and(|limit| self.waiting.present() >= limit) {
            self.counts.refused += 1;
            return Admission::Refused;
        }
        self.waiting.enter(now);
        self.queue.push_back(Waiting { since: now, job: Some(job) });
        Admission::Queued(Ticket(self.first + self.queue.len() as u64 - 1))
    }

    /// Returns true if every arrival is served at once, whatever their number.
    #[inline]
    pub fn is_unlimited(&self) -> bool {
        self.servers.is_none() && self.is_free()
    }

    /// Counts a job that is served in no time, where the station [is unlimited](Station::is_unlimited). The same as
    /// [`Station::arrive`] and [`Station::complete`] in one breath.
    #[inline]
    pub fn pass(&mut self) {
        assert!(self.is_unlimited(), "a job passes by others");
        self.counts.arrivals += 1;
        self.counts.started += 1;
        self.counts.completed += 1;
    }

    /// Ends a service that began at `began`: the next job's begins, if one waits.
    #[inline]
    pub fn complete(&mut self, now: Time, began: Time) -> Option<Next> {
        self.in_service.leave(now, began);
        self.counts.completed += 1;
        self.counts.served += u128::from(now.since(began).0);
        self.start_next(now)
    }

    /// Returns true if the job with this ticket still waits.
    #[inline]
    pub fn is_waiting(&self, ticket: Ticket) -> bool {
        let place = ticket.0.checked_sub(self.first).and_then(|i| self.queue.get(i as usize));
        place.is_some_and(|place| place.job.is_some())
    }

    /// Removes a job that gives up waiting; false if it does not wait any more. Takes constant time.
    pub fn abandon(&mut self, now: Time, ticket: Ticket) -> bool {
        let Some(place) = ticket.0.checked_sub(self.first).and_then(|i| self.queue.get_mut(i as usize))
        else {
            return false;
        };
        if place.job.take().is_none() {
            return false;
        }
        let since = place.since;
        self.waiting.leave(now, since);
        self.counts.timed_out += 1;
        self.drop_gaps();
        true
    }

    /// Stops services from beginning until [`Station::release`]. Those under way go on.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Lets services begin again and returns those that begin now. The iterator is to be used up.
    #[must_use = "each of these begins its service"]
    pub fn release(&mut self, now: Time) -> impl Iterator<Item = Next> {
        self.held = false;
        std::iter::from_fn(move || self.start_next(now))
    }

    /// Sets the number of servers and returns the jobs whose service begins now. Where there are more in
    /// service than servers, they finish, and no other begins before. The iterator is to be used up.
    #[must_use = "each of these begins its service"]
    pub fn set_servers(&mut self, now: Time, servers: Option<u32>) -> impl Iterator<Item = Next> {
        self.servers = servers;
        std::iter::from_fn(move || self.start_next(now))
    }

    #[inline]
    fn is_free(&self) -> bool {
        // After a restore with more servers a job may wait beside a free server: an arrival does not overtake it.
        !self.held
            && self.waiting.present() == 0
            && self.servers.is_none_or(|servers| self.in_service.present() < servers)
    }

    #[inline]
    fn start_next(&mut self, now: Time) -> Option<Next> {
        if self.waiting.present() == 0 {
            return None;
        }
        let is_full = self.servers.is_some_and(|servers| self.in_service.present() >= servers);
        if self.held || is_full {
            return None;
        }
        let Waiting { since, job } = self.queue.pop_front()?;
        self.first += 1;
        self.drop_gaps();
        self.waiting.leave(now, since);
        self.in_service.enter(now);
        let waited = now.since(since);
        self.counts.started += 1;
        self.counts.waited += u128::from(waited.0);
        Some(Next { job: job.expect("the first in the queue is no gap"), waited })
    }

    fn drop_gaps(&mut self) {
        while self.queue.front().is_some_and(|first| first.job.is_none()) {
            self.queue.pop_front();
            self.first += 1;
        }
    }

    /// Returns the number of jobs that wait.
    #[inline]
    pub fn waiting(&self) -> u32 {
        self.waiting.present()
    }

    /// Returns the number of jobs in service.
    #[inline]
    pub fn in_service(&self) -> u32 {
        self.in_service.present()
    }

    /// Returns the number of servers; `None` for no limit.
    pub fn servers(&self) -> Option<u32> {
        self.servers
    }

    /// Begins the statistics anew with the jobs inside.
    pub fn begin_window(&mut self, now: Time) {
        let carried = u64::from(self.waiting()) + u64::from(self.in_service());
        self.counts = Counts { began: now, carried, ..Counts::default() };
        self.waiting.begin_window(now);
        self.in_service.begin_window(now);
    }

    /// Returns what happened in the window up to `now`.
    pub fn usage(&self, now: Time) -> StationUse {
        let Counts { began, arrivals, started, completed, refused, timed_out, waited, served, .. } =
            self.counts;
        StationUse {
            length: now.since(began),
            servers: self.servers,
            waiting: self.waiting(),
            in_service: self.in_service(),
            held: self.in_service(),
            arrivals,
            started,
            completed,
            refused,
            timed_out,
            waited,
            served,
            queue_ns: self.waiting.integral(now),
            busy_ns: self.in_service.integral(now),
            places: self.servers,
            occupied_ns: self.in_service.integral(now),
            queue_peak: self.waiting.peak(),
        }
    }

    /// Panics unless every job that arrived has left or is inside, and Little's law holds for queue and servers.
    pub fn assert_conserved(&self, now: Time) {
        let Counts { carried, arrivals, completed, refused, timed_out, .. } = self.counts;
        let inside = u64::from(self.waiting()) + u64::from(self.in_service());
        assert_eq!(carried + arrivals, completed + refused + timed_out + inside, "jobs are lost: {self:?}");
        let queued = self.queue.iter().filter(|place| place.job.is_some()).count();
        assert_eq!(queued, self.waiting() as usize, "the queue is miscounted: {self:?}");
        assert!(self.queue_limit.is_none_or(|limit| self.waiting() <= limit), "the queue is over its limit");
        self.waiting.assert_little(now);
        self.in_service.assert_little(now);
    }
}

/// Counts and sums of a station in a window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct StationUse {
    /// Length of the window.
    pub length: Duration,
    /// Number of servers; `None` for no limit.
    pub servers: Option<u32>,
    /// Waiting at the end.
    pub waiting: u32,
    /// In service at the end.
    pub in_service: u32,
    /// Held by servers at the end, in service or beyond it.
    pub held: u32,
    /// Jobs that came.
    pub arrivals: u64,
    /// Services that began.
    pub started: u64,
    /// Services that ended.
    pub completed: u64,
    /// Jobs that found the queue full.
    pub refused: u64,
    /// Jobs that gave up waiting.
    pub timed_out: u64,
    /// Sum of the waits of those whose service began \[ns\].
    pub waited: u128,
    /// Sum of the services that ended \[ns\].
    pub served: u128,
    /// Sum of the queue's length over time \[ns\].
    pub queue_ns: u128,
    /// Sum of the jobs in service over time \[ns\].
    pub busy_ns: u128,
    /// Jobs that its servers can hold at once; `None` for any number.
    pub places: Option<u32>,
    /// Sum of the jobs that its servers hold over time \[ns\]: those in service, and those that wait for a later stage
    /// without letting go of their server.
    pub occupied_ns: u128,
    /// The longest the queue was.
    pub queue_peak: u32,
}

impl StationUse {
    /// Returns the mean wait of the jobs whose service began \[s\]; `None` if there were none.
    pub fn wait_s_mean(&self) -> Option<f64> {
        mean_s(self.waited, self.started)
    }

    /// Returns the mean length of the services that ended \[s\]; `None` of none.
    pub fn service_s_mean(&self) -> Option<f64> {
        mean_s(self.served, self.completed)
    }

    /// Returns the share of the servers' time that was spent in service; `None` without a number of servers or without time.
    pub fn busy_ratio(&self) -> Option<f64> {
        let offered = u128::from(self.servers?) * u128::from(self.length.0);
        (offered > 0).then(|| self.busy_ns as f64 / offered as f64)
    }

    /// Returns the share of the servers' places that were held, in service or beyond it: at 1 the stage takes nothing more.
    /// `None` without a number of places or without time.
    pub fn occupied_ratio(&self) -> Option<f64> {
        let offered = u128::from(self.places?) * u128::from(self.length.0);
        (offered > 0).then(|| self.occupied_ns as f64 / offered as f64)
    }

    /// Returns the mean length of the queue; `None` without time.
    pub fn queue_length_mean(&self) -> Option<f64> {
        (self.length.0 > 0).then(|| self.queue_ns as f64 / self.length.0 as f64)
    }
}

fn mean_s(sum_ns: u128, count: u64) -> Option<f64> {
    (count > 0).then(|| sum_ns as f64 / count as f64 / NS_PER_S as f64)
}

#[cfg(test)]
mod tests;
