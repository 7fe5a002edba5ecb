//! Jobs in the control plane, and their tasks.

use serde::{Deserialize, Serialize};

use super::path::{JobPath, Step};
use super::requests::RequestId;
use super::stages::StageId;
use crate::control_plane::breaker::BreakerVerdict;
use crate::control_plane::message_queue::MessageId;
use crate::control_plane::slab::number;
use plimsoll_base::units::{Duration, HostId, ImageId, Time};

/// Task of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Task {
    /// An attempt of a client.
    Attempt(RequestId),
    /// A worker's work on a message, which is about a client's attempt.
    Delivery(RequestId, MessageId),
    /// An instance that has a host comes up.
    BringUp(BringUpId),
}

/// Number of an instance that comes up, used again once it is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BringUpId(pub u32);

number!(BringUpId);

/// An instance that comes up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BringUp {
    /// Place of the instance in the cloud's table.
    pub slot: u32,
    /// Stamp of the state in which it comes up; in any other state the bring-up is void.
    pub stamp: u16,
    /// Host of the instance.
    pub host: HostId,
    /// Rack of the host.
    pub rack: u32,
    /// Image to download; `None` for none.
    pub image: Option<ImageSize>,
    /// Time that the instance takes to boot.
    pub boot: Duration,
    /// Lifetime once it runs, where that is known.
    pub lifetime: Option<Duration>,
}

/// An image and its size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImageSize {
    /// Image.
    pub id: ImageId,
    /// Size \[GiB\].
    pub gib: u32,
}

/// Job in the control plane. Fits one line of the processor's cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Job {
    /// Task.
    pub task: Task,
    /// Path.
    pub path: JobPath,
    /// Current step.
    pub step: Step,
    /// Begin of the current service.
    pub began: Time,
    /// Since when it holds a connection; [`Time::NEVER`] where it holds none.
    pub connected: Time,
    /// The database server that it asks: 0 for the primary.
    pub node: u8,
    /// True while it reads for the cache.
    pub fills_cache: bool,
    /// True if the cache had its record.
    pub cache_hit: bool,
    /// Verdict of the breaker that let it pass.
    pub verdict: Option<BreakerVerdict>,
}

impl Job {
    /// Returns a job that stands at a step.
    pub fn new(task: Task, path: JobPath, step: Step) -> Job {
        Job {
            task,
            path,
            step,
            began: Time::ZERO,
            connected: Time::NEVER,
            node: 0,
            fills_cache: false,
            cache_hit: false,
            verdict: None,
        }
    }

    /// Returns true while it holds a connection.
    pub fn is_connected(&self) -> bool {
        self.connected < Time::NEVER
    }

    /// Returns the stage with servers of the current step.
    #[inline]
    pub(super) fn stage(&self) -> StageId {
        match self.step {
            Step::Read | Step::Write => StageId::node(self.node),
            step => step.stage(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_fills_one_line_of_the_cache() {
        assert_eq!((size_of::<Job>(), size_of::<Option<Job>>()), (64, 64));
    }
}
