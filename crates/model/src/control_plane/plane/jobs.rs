//! What is on its way through the control plane: jobs, and what they are there for.

use serde::{Deserialize, Serialize};

use super::path::{JobPath, Step};
use super::requests::RequestId;
use super::stage::StageId;
use crate::control_plane::breaker::Verdict;
use crate::control_plane::message_queue::MessageId;
use crate::control_plane::slab::number;
use plimsoll_base::units::{Duration, HostId, ImageId, Time};

/// What a job is there for.
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
    /// Its place in the cloud's table.
    pub slot: u32,
    /// The stamp of the state in which it comes up: in another one it does not any more.
    pub stamp: u16,
    /// Its host.
    pub host: HostId,
    /// The host's rack.
    pub rack: u32,
    /// What is to be downloaded; `None` where nothing is.
    pub image: Option<ImageSize>,
    /// How long it lives from then on, where that is known.
    pub lifetime: Option<Duration>,
}

/// An image and its size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImageSize {
    /// Which.
    pub id: ImageId,
    /// How large \[GiB\].
    pub gib: u32,
}

/// Something on its way through the control plane, on one line of the processor's cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Job {
    /// What it is there for.
    pub task: Task,
    /// Where it goes.
    pub path: JobPath,
    /// Where it stands.
    pub step: Step,
    /// When its present service began.
    pub began: Time,
    /// Since when it holds a connection; [`Time::NEVER`] where it holds none.
    pub connected: Time,
    /// The database server that it asks: 0 for the primary.
    pub node: u8,
    /// It reads for the cache.
    pub fills_cache: bool,
    /// It knows what it looked for.
    pub cache_hit: bool,
    /// What the breaker said that let it through.
    pub verdict: Option<Verdict>,
}

impl Job {
    /// A job that stands at a step.
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

    /// Returns whether it holds a connection.
    pub fn is_connected(&self) -> bool {
        self.connected < Time::NEVER
    }

    /// The stage with servers that it is at.
    #[inline]
    pub(super) fn stage(&self) -> StageId {
        match self.step {
            Step::Gateway => StageId::GATEWAY,
            Step::Validation => StageId::VALIDATION,
            Step::CacheLookup => StageId::CACHE,
            Step::Worker => StageId::WORKERS,
            Step::Hypervisor => StageId::HYPERVISOR,
            Step::Storage => StageId::STORAGE,
            Step::Read | Step::Write => StageId::node(self.node),
            step => unreachable!("{step:?} has no servers"),
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
