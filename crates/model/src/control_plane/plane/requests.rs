//! Requests of clients: one for each call, over all its attempts.

use serde::{Deserialize, Serialize};

use super::path::JobPath;
use crate::control_plane::job::JobId;
use crate::control_plane::slab::number;
use crate::control_plane::throttle::ApiClass;
use crate::operation::Operation;
use crate::workload::call::Call;
use plimsoll_base::units::{AccountId, Duration, Time};

/// Number of a client of an SDK.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SdkClientId(pub u32);

/// Number of a request, used again once it is settled and nothing works on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RequestId(pub u32);

number!(RequestId);

/// Properties of a call that the control plane needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// Operation.
    pub operation: Operation,
    /// Account of the caller.
    pub account: AccountId,
    /// Class of its token buckets.
    pub class: ApiClass,
    /// Number of instances that it is about.
    pub resources: u32,
    /// Path of its jobs.
    pub path: JobPath,
    /// True if a service of the cloud makes it, which uses no SDK.
    pub is_of_service: bool,
}

/// State of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Client {
    /// Waits for the answer to its attempt.
    Waits(JobId),
    /// Waits before it retries.
    BacksOff,
    /// Has its answer.
    Answered,
    /// Has given up.
    GaveUp,
}

/// Call with the progress of its attempts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientRequest {
    /// The call, until it takes effect or is refused for good.
    pub call: Option<Call>,
    /// Intended arrival, from which latencies count.
    pub intended: Time,
    /// The lifetimes of the instances it launches, where they are drawn.
    pub lifetimes: Box<[Duration]>,
    /// Properties of the call.
    pub profile: Profile,
    /// Attempts so far, at the page that is asked for now.
    pub attempts: u32,
    /// Pages asked for before.
    pub page: u32,
    /// The delay before the last attempt.
    pub delay: Duration,
    /// Client of an SDK that makes it, and the cost of its last retry \[tokens\]; `None` of a loop written by hand.
    pub sdk: Option<(SdkClientId, Option<u32>)>,
    /// True once its call was answered: another answer is not counted.
    pub was_answered: bool,
    /// Number of the last attempt over all requests.
    pub attempt: u64,
    /// State of its client.
    pub client: Client,
    /// True if its client retries by the rules of the scenario; one from outside has rules of its own.
    pub retries: bool,
    /// True once its outcome is counted: it has taken effect, or never will.
    pub is_settled: bool,
    /// Number of jobs that work on it.
    pub jobs: u32,
}
