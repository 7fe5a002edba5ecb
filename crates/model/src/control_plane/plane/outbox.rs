//! Outbox of the plane: jobs that continue now, effects for its owner, and timers to be set.

use serde::{Deserialize, Serialize};

use super::requests::RequestId;
use super::short_queue::ShortQueue;
use crate::control_plane::job::JobId;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::Time;

/// Timer of the plane; its number identifies the job, request, stage or message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum PlaneTimer {
    /// The service of a job ends.
    Served,
    /// A job's connection is open.
    Connected,
    /// The instance of the job has booted.
    Booted,
    /// A job that could not write retries.
    RetryWrite,
    /// The client of the request retries.
    ClientRetry,
    /// Attempts time out.
    ClientTimeout,
    /// Jobs time out at the stage of the number.
    QueueTimeout,
    /// Jobs time out that wait for a connection to the database server of the number.
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
    /// An injected outage ends at the stage of the number.
    InjectedOutageEnds,
}

/// Effect that the owner of the plane is to carry out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Effect {
    /// A call takes effect; `Plane::committed` is to be called.
    Commit(JobId, RequestId),
    /// A call is refused for good; `Plane::refusal_told` is to be called.
    Refuse(RequestId, Failure),
    /// An instance has come up; the plane returns it.
    Finish(JobId),
}

/// Jobs that continue now, effects to be carried out and timers to be set, each in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    jobs: ShortQueue<JobId>,
    effects: ShortQueue<Effect>,
    /// Time, kind and number of each timer.
    timers: ShortQueue<(Time, PlaneTimer, u32)>,
}

impl Outbox {
    /// Lets a job continue, after all others.
    #[inline]
    pub fn resume(&mut self, job: JobId) {
        self.jobs.push(job);
    }

    /// Removes and returns the next job that continues.
    #[inline]
    pub fn next_job(&mut self) -> Option<JobId> {
        self.jobs.pop()
    }

    /// Adds an effect for the owner of the plane.
    pub fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Removes and returns the next effect.
    #[inline]
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }

    /// Asks for a timer; one that never fires is not set.
    #[inline]
    pub fn set_timer(&mut self, at: Time, timer: PlaneTimer, number: u32) {
        if at < Time::NEVER {
            self.timers.push((at, timer, number));
        }
    }

    /// Removes and returns the next timer to be set.
    #[inline]
    pub fn next_timer(&mut self) -> Option<(Time, PlaneTimer, u32)> {
        self.timers.pop()
    }

    /// Returns true if nothing is left to be done.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.effects.is_empty() && self.timers.is_empty()
    }
}
