//! An instance, or one launch, followed through every decision about its place. A run that is asked about
//! nothing only sees that nobody asks.

use serde::Serialize;

use super::Cloud;
use super::place::Order;
use super::reference::Slot;
use super::seat::{Seat, Wanted};
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{CapacityReservationId, HostId, InstanceId, Time, TypeId};
use plimsoll_model::placement::diagnosis::Diagnosis;
use plimsoll_model::placement::request::Request;

/// Decisions that are kept of one subject: enough to read, and a bound for memory.
const MOST: usize = 1000;

/// What somebody asks about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// An instance, by its number in the order of launch.
    Instance(InstanceId),
    /// The launch that asked for the instance of this number in the demand, whether it got it or not.
    Launch(u64),
}

/// Why a place was looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// The instance was launched.
    Launch,
    /// It was started again.
    Start,
    /// It had to leave its host, and goes on elsewhere without a break.
    Migration,
    /// Its host failed, and it comes up again elsewhere.
    Recovery,
}

/// How a decision ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// With a host.
    Placed(HostId),
    /// With a slot of a capacity reservation, whatever the strategy would have taken.
    Claimed(HostId, CapacityReservationId),
    /// With a host that was given back: the launch as a whole did not come about in this zone.
    Undone(HostId),
    /// Without.
    Refused(FailureReason),
}

/// A decision about a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// Why a place was looked for.
    pub occasion: Occasion,
    /// Of a launch: the number of the instance in the demand.
    pub number: Option<u64>,
    /// The instance's type.
    pub kind: TypeId,
    /// What was looked for, where.
    pub request: Request,
    /// The hosts there were.
    pub diagnosis: Diagnosis,
    /// How it ended.
    pub ending: Ending,
}

/// Every decision about a subject, in order.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// What was asked about.
    pub subject: Subject,
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Later ones that were not kept.
    pub left_out: u64,
}

/// An explanation in the making.
pub(super) struct Inquiry {
    explanation: Explanation,
    /// The launch that its decisions about a launch belong to, by its first number in the demand.
    launch: Option<u64>,
}

impl Inquiry {
    /// Returns whether a decision of a launch is about the subject. Of several launches that wanted to make an instance of
    /// a number the last one did.
    fn concerns(&mut self, id: InstanceId, order: &Order) -> bool {
        let (first, count) = (order.launch.first_instance, u64::from(order.launch.max_count));
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

    fn add(&mut self, decision: Decision) {
        if self.explanation.decisions.len() < MOST {
            self.explanation.decisions.push(decision);
        } else {
            self.explanation.left_out += 1;
        }
    }
}

impl Cloud {
    /// Every decision about the subject's place is to be told.
    pub fn explain(&mut self, subject: Subject) {
        let explanation = Explanation { subject, decisions: Vec::new(), left_out: 0 };
        self.inquiry = Some(Box::new(Inquiry { explanation, launch: None }));
    }

    /// [`Cloud::place_one`] where somebody asks.
    #[cold]
    pub(super) fn place_one_explained(&mut self, order: &Order, may_open: bool) -> Result<(), FailureReason> {
        let nth = self.batch.len();
        let id = self.instances.next_id(nth);
        if !self.inquiry.as_mut().is_some_and(|inquiry| inquiry.concerns(id, order)) {
            return self.place_one_unexplained(order, may_open);
        }
        let diagnosis = self.placer.diagnose(&order.request, may_open, &self.fleet);
        let placed = self.place_one_unexplained(order, may_open);
        let seat = placed.map(|()| {
            let placement = self.batch.last().expect("it was placed just now");
            Seat { host: placement.host, reservation: placement.reservation }
        });
        self.note_decision(Decision {
            at: order.now,
            occasion: Occasion::Launch,
            number: Some(order.launch.first_instance + nth as u64),
            kind: order.launch.kind,
            request: order.request,
            diagnosis,
            ending: ending(seat),
        });
        placed
    }

    /// What was placed for a launch is given back.
    #[cold]
    pub(super) fn undo_decisions(&mut self, order: &Order) {
        let Some(inquiry) = &mut self.inquiry else { return };
        let launch = order.launch;
        let numbers = launch.first_instance..launch.first_instance + u64::from(launch.max_count);
        let of_launch = |decision: &&mut Decision| decision.number.is_some_and(|of| numbers.contains(&of));
        for decision in inquiry.explanation.decisions.iter_mut().filter(of_launch) {
            if let Ending::Placed(host) | Ending::Claimed(host, _) = decision.ending {
                decision.ending = Ending::Undone(host);
            }
        }
    }

    /// Looks at every host for an instance that is there already, if it is the one that somebody asks about.
    pub(super) fn diagnosis_for(&self, slot: Slot, request: &Request) -> Option<Diagnosis> {
        let subject = self.inquiry.as_ref()?.explanation.subject;
        let is_asked = subject == Subject::Instance(self.instances.get(slot).id);
        is_asked.then(|| self.placer.diagnose(request, true, &self.fleet))
    }

    /// What came of that.
    #[cold]
    pub(super) fn explain_move(
        &mut self,
        at: Time,
        occasion: Occasion,
        (request, wanted): (Request, Wanted),
        diagnosis: Diagnosis,
        seat: Result<Seat, FailureReason>,
    ) {
        let (number, kind) = (None, wanted.kind);
        self.note_decision(Decision { at, occasion, number, kind, request, diagnosis, ending: ending(seat) });
    }

    /// The run and the plain scan must have come to the same.
    fn note_decision(&mut self, decision: Decision) {
        if let Ending::Placed(host) = decision.ending {
            let winner = decision.diagnosis.winner.as_ref().map(|winner| winner.host);
            assert_eq!(winner, Some(host), "the run and the plain scan take different hosts");
        }
        self.inquiry.as_mut().expect("somebody asks").add(decision);
    }

    /// The whole explanation. A number that no instance has had yet explains nothing.
    pub(super) fn explained(&mut self) -> Option<Explanation> {
        let mut explanation = self.inquiry.take()?.explanation;
        if matches!(explanation.subject, Subject::Instance(id) if id >= self.instances.next_id(0)) {
            explanation.decisions.clear();
        }
        Some(explanation)
    }
}

fn ending(seat: Result<Seat, FailureReason>) -> Ending {
    match seat {
        Ok(Seat { host, reservation: None }) => Ending::Placed(host),
        Ok(Seat { host, reservation: Some(id) }) => Ending::Claimed(host, id),
        Err(reason) => Ending::Refused(reason),
    }
}
