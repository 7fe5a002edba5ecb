//! Explanations: every decision about the place of one instance, or of one launch. Without `--explain` this costs one
//! branch a placement.

use serde::Serialize;

use crate::cloud::allocation::allocator::HostAllocation;
use crate::cloud::api::launch_context::LaunchContext;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{CapacityReservationId, HostId, InstanceId, Time, TypeId};
use plimsoll_model::placement::diagnosis::Diagnosis;
use plimsoll_model::placement::request::Request;

/// Decisions that are kept of one subject: enough to read, and a bound for memory.
const MOST: usize = 1000;

/// Subject of `--explain`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// An instance, by its number in the order of launch.
    Instance(InstanceId),
    /// The launch that asked for the instance of this number in the demand, whether it got it or not.
    Launch(u64),
}

/// Occasion of a decision about a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// The instance was launched.
    Launch,
    /// The instance was started again.
    Start,
    /// The instance had to leave its host, and goes on elsewhere without a break.
    Migration,
    /// The host failed, and the instance comes up again elsewhere.
    Recovery,
}

/// Result of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The instance got a host.
    Placed(HostId),
    /// The instance got a slot of a capacity reservation, which no strategy chooses.
    Claimed(HostId, CapacityReservationId),
    /// The instance got a host, which was given back because the launch as a whole failed in this zone.
    Undone(HostId),
    /// The instance got no host.
    Refused(FailureReason),
}

/// Decision about a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// Time.
    pub at: Time,
    /// Occasion of a decision about a place.
    pub occasion: Occasion,
    /// Number in the demand of the instance of a launch; `None` for other decisions.
    pub number: Option<u64>,
    /// The instance's type.
    pub kind: TypeId,
    /// Request, with its zone.
    pub request: Request,
    /// Hosts that the decision was made among.
    pub diagnosis: Diagnosis,
    /// Result.
    pub ending: Ending,
}

/// Every decision about a subject, in order.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// Subject.
    pub subject: Subject,
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Later ones that were not kept.
    pub left_out: u64,
}

/// Explanation under construction.
pub struct DecisionLog {
    pub(in crate::cloud) explanation: Explanation,
    /// The launch that its decisions about a launch belong to, by its first number in the demand.
    launch: Option<u64>,
}

impl DecisionLog {
    /// Returns a log without decisions.
    pub fn new(subject: Subject) -> DecisionLog {
        DecisionLog { explanation: Explanation { subject, decisions: Vec::new(), left_out: 0 }, launch: None }
    }

    /// Returns whether a decision of a launch is about the subject. Of several launches that tried to make the instance
    /// of a number, the last one made it.
    pub fn concerns(&mut self, id: InstanceId, context: &LaunchContext) -> bool {
        let (first, count) = (context.launch.first_instance, u64::from(context.launch.max_count));
        match self.explanation.subject {
            Subject::Launch(number) => (first..first + count).contains(&number),
            Subject::Instance(subject) if subject == id => {
                if self.launch != Some(first) {
                    self.explanation.decisions.clear();
                    self.explanation.left_out = 0;
                    self.launch = Some(first);
                }
                true
            }
            Subject::Instance(_) => false,
        }
    }

    /// Adds a decision, up to the most that are kept.
    pub fn add(&mut self, decision: Decision) {
        if self.explanation.decisions.len() < MOST {
            self.explanation.decisions.push(decision);
        } else {
            self.explanation.left_out += 1;
        }
    }
}

pub(in crate::cloud) fn ending(allocation: Result<HostAllocation, FailureReason>) -> Ending {
    match allocation {
        Ok(HostAllocation { host, reservation: None, .. }) => Ending::Placed(host),
        Ok(HostAllocation { host, reservation: Some(id), .. }) => Ending::Claimed(host, id),
        Err(reason) => Ending::Refused(reason),
    }
}
