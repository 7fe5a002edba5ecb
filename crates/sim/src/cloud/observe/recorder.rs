//! The recorder: the ledger, and the observations that flows report.

use crate::cloud::api::refused::Refused;
use crate::cloud::observe::breakdown::Breakdown;
use crate::cloud::observe::explain::DecisionLog;
use crate::cloud::observe::headroom_sampler::HeadroomSampler;
use crate::cloud::observe::ledger::Ledger;
use crate::cloud::observe::observation::{Observation, Refusal};
use crate::cloud::observe::observer::Detail;
use crate::cloud::observe::outbox::ObservationOutbox;
use crate::cloud::observe::row_recorder::RowRecorder;
use crate::cloud::observe::shortage::FirstShortage;
use crate::cloud::observe::unmet::UnmetDemand;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Duration, Time};
use plimsoll_model::operation::Operation;

/// Records of a run.
#[derive(Default)]
pub struct Recorder {
    /// Counts, integrals, durations and the digest.
    pub ledger: Ledger,
    /// Use and launches by zone, kind of hosts and type.
    pub breakdown: Breakdown,
    /// Demand that was refused and would still last.
    pub unmet: UnmetDemand,
    /// Observations of the event in progress.
    pub outbox: ObservationOutbox,
    /// Histories of instances; `None` where the observer asks for no rows.
    pub rows: Option<Box<RowRecorder>>,
    /// Samples of the headroom; `None` where the scenario asks for none.
    pub headroom: Option<HeadroomSampler>,
    /// Decisions about the subject of `--explain`; `None` without one.
    pub decisions: Option<Box<DecisionLog>>,
    /// Time since the call that takes effect now was made; 0 without a control plane.
    pub call_age: Duration,
    /// First refusal since it was last taken: that of a client's call in progress.
    pub refusal: Option<FailureReason>,
}

impl Recorder {
    /// Counts a call about one resource with its outcome.
    pub fn answer(
        &mut self,
        now: Time,
        operation: Operation,
        account: AccountId,
        answer: Result<(), Refused>,
    ) {
        self.ledger.count_call(operation, answer.err().map(|refused| refused.reason.failure));
        if let Err(refused) = answer {
            self.refuse(now, operation, account, refused, 1);
        }
    }

    /// Records the refusal of a number of instances, or of a call, and reports it.
    pub fn refuse(
        &mut self,
        now: Time,
        operation: Operation,
        account: AccountId,
        refused: Refused,
        count: u32,
    ) {
        if refused.reason.failure.shortage().is_some() && self.ledger.first_shortage.is_none() {
            self.ledger.first_shortage = Some(Box::new(FirstShortage::of(now, operation, &refused)));
        }
        let Refused { reason, kind, zone, launch, placed: _ } = refused;
        self.refusal.get_or_insert(reason);
        self.ledger.refused(now, operation, reason.failure, count, account, kind);
        if self.ledger.in_window && self.outbox.wants(Detail::Series) {
            let refusal = Refusal { at: now, operation, account, kind, zone, reason, count, launch };
            self.outbox.push(Observation::Refused(refusal));
        }
    }
}
