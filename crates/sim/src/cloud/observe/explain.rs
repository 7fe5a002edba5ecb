//! Explanations: every decision about the place of one instance, or of one launch. Without `--explain` this costs one
//! branch a placement.

use serde::Serialize;

use crate::cloud::allocation::allocator::HostAllocation;
use crate::cloud::api::launch_context::LaunchContext;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{CapacityReservationId, HostId, InstanceId, Time, TypeId, ZoneId};
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

/// Step of a launch that may wait or be tried again: what became of a request.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LaunchStep {
    /// Time.
    pub at: Time,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// Type that was asked for.
    pub kind: TypeId,
    /// Zone that was asked for; `None`: any.
    pub zone: Option<ZoneId>,
    /// Outcome of the request.
    pub outcome: StepOutcome,
}

/// Outcome of a request of a launch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StepOutcome {
    /// So many instances were launched.
    Launched(u32),
    /// The launch waits in line, having found no room for this reason.
    Waits(FailureReason),
    /// The request was refused, and the launch goes on with its next choice at once.
    NextChoice(FailureReason),
    /// The request was refused, and the client's SDK sends it again.
    SentAgain(FailureReason),
    /// The request was refused, and the launch begins another attempt at this time.
    NextAttempt(FailureReason, Time),
    /// The launch is refused for good.
    Refused(FailureReason),
}

/// Every decision about a subject, in order.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// Subject.
    pub subject: Subject,
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Steps of the launch, where launches wait or are tried again; of an instance none.
    pub steps: Vec<LaunchStep>,
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
        DecisionLog {
            explanation: Explanation { subject, decisions: Vec::new(), steps: Vec::new(), left_out: 0 },
            launch: None,
        }
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

    /// Adds a step of a launch, by the numbers of its instances in the demand, if that is the subject; up to the most that are kept.
    pub fn add_step(&mut self, first: u64, count: u32, step: LaunchStep) {
        let numbers = first..first + u64::from(count);
        if !matches!(self.explanation.subject, Subject::Launch(number) if numbers.contains(&number)) {
            return;
        }
        if self.explanation.steps.len() < MOST {
            self.explanation.steps.push(step);
        } else {
            self.explanation.left_out += 1;
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
