//! What clients want: a request for each call, however often they try.

use serde::{Deserialize, Serialize};

use super::path::JobPath;
use crate::control_plane::job::JobId;
use crate::control_plane::slab::number;
use crate::control_plane::throttle::Class;
use crate::operation::Operation;
use crate::workload::call::Call;
use plimsoll_base::units::{AccountId, Duration, Time};

/// Number of a request, used again once it is settled and nothing works on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RequestId(pub u32);

number!(RequestId);

/// What the control plane has to know of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// What is called.
    pub operation: Operation,
    /// Who calls.
    pub account: AccountId,
    /// The buckets it takes tokens from.
    pub class: Class,
    /// Instances that it is about.
    pub resources: u32,
    /// Where its jobs go.
    pub path: JobPath,
}

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Client {
    /// It waits for the answer to its attempt.
    Waits(JobId),
    /// It waits before it tries again.
    BacksOff,
    /// It has its answer.
    Answered,
    /// It has given up.
    GaveUp,
}

/// A call, and how far it has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The call, until it takes effect or is refused for good.
    pub call: Option<Call>,
    /// When it was meant to come: what latencies count from.
    pub intended: Time,
    /// The lifetimes of the instances it launches, where they are drawn.
    pub lifetimes: Box<[Duration]>,
    /// What the control plane knows of it.
    pub profile: Profile,
    /// Attempts so far, at the page that is asked for now.
    pub attempts: u32,
    /// Pages asked for before.
    pub page: u32,
    /// The delay before the last attempt.
    pub delay: Duration,
    /// Number of the last attempt over all requests.
    pub attempt: u64,
    /// What its client does.
    pub client: Client,
    /// Its outcome is counted: it has had its effect, or never will.
    pub is_settled: bool,
    /// Jobs that work on it.
    pub jobs: u32,
}
