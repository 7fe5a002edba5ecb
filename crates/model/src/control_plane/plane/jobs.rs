//! What is on its way through the control plane: jobs, and what they are there for.

use serde::{Deserialize, Serialize};

use super::course::Course;
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

/// Where a job stands: what it waits for, or does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// It is taken in.
    Gateway,
    /// It is checked.
    Validate,
    /// It asks the cache.
    Look,
    /// It has the cache's answer.
    Consult,
    /// It waits for what another reads for the cache.
    AwaitLoad,
    /// It gets a connection to read.
    ConnectToRead,
    /// It reads.
    Read,
    /// It has read.
    Learn,
    /// It gets a connection to write.
    ConnectToWrite,
    /// It writes.
    Write,
    /// It becomes a message.
    Send,
    /// Its message is with the queue and the workers.
    Await,
    /// A worker works on it.
    Work,
    /// The hypervisor does its part.
    Hypervisor,
    /// The storage does its part.
    Store,
    /// It takes effect.
    Act,
    /// The image is downloaded.
    Download,
    /// The instance boots.
    Boot,
    /// The instance runs.
    Run,
}

/// Something on its way through the control plane, on one line of the processor's cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Job {
    /// What it is there for.
    pub task: Task,
    /// Where it goes.
    pub course: Course,
    /// Where it stands.
    pub step: Step,
    /// When its present service began.
    pub began: Time,
    /// Since when it holds a connection; [`Time::NEVER`] where it holds none.
    pub connected: Time,
    /// The database server that it asks: 0 for the primary.
    pub node: u8,
    /// It reads for the cache.
    pub loads: bool,
    /// It knows what it looked for.
    pub knows: bool,
    /// What the breaker said that let it through.
    pub verdict: Option<Verdict>,
}

impl Job {
    /// A job that stands at a step.
    pub fn new(task: Task, course: Course, step: Step) -> Job {
        Job {
            task,
            course,
            step,
            began: Time::ZERO,
            connected: Time::NEVER,
            node: 0,
            loads: false,
            knows: false,
            verdict: None,
        }
    }

    /// Whether it holds a connection.
    pub fn is_connected(&self) -> bool {
        self.connected < Time::NEVER
    }

    /// The stage with servers that it is at.
    #[inline]
    pub(super) fn stage(&self) -> StageId {
        match self.step {
            Step::Gateway => StageId::GATEWAY,
            Step::Validate => StageId::VALIDATION,
            Step::Look => StageId::CACHE,
            Step::Work => StageId::WORKERS,
            Step::Hypervisor => StageId::HYPERVISOR,
            Step::Store => StageId::STORAGE,
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
