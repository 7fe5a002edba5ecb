//! A call of the demand taken apart: which instances it means, which flow answers it, how it is counted.

use super::Cloud;
use super::ledger::{Happening, NO_HOST};
use super::observe::{Detail, Observation, Refusal};
use super::reference::{Reference, Slot};
use crate::scenario::config::RepeatedCalls;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Time, TypeId, ZoneId};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::operation::Operation;
use plimsoll_model::transition::Transition;
use plimsoll_model::workload::call::{Action, Call, Modification, Tag, Targets};
use plimsoll_model::workload::handles::Handle;

/// A refused request, as far as its flow knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub reason: FailureReason,
    pub kind: Option<TypeId>,
    pub zone: Option<ZoneId>,
    /// Of a launch: the number in the demand of the first instance it asks for.
    pub launch: Option<u64>,
}

impl Refused {
    /// A refusal that no instance or place has a part in.
    pub fn outright(reason: impl Into<FailureReason>) -> Refused {
        Refused { reason: reason.into(), kind: None, zone: None, launch: None }
    }
}

/// What is asked of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish<'a> {
    Start,
    Stop,
    Hibernate,
    Reboot,
    Terminate,
    Describe,
    Modify(&'a Modification),
    AddTags(&'a [Tag]),
    RemoveTags(&'a [String]),
}

/// Bars that instances of one call set for each other.
#[derive(Default)]
struct Batch {
    /// The account has no instance of one of the names.
    has_unknown: bool,
    /// The zones of instances that are protected against what is asked.
    protected: Vec<ZoneId>,
}

impl Wish<'_> {
    fn trigger(self) -> Trigger {
        match self {
            Wish::Start => Trigger::Start,
            Wish::Stop => Trigger::Stop,
            Wish::Hibernate => Trigger::Hibernate,
            Wish::Reboot => Trigger::Reboot,
            Wish::Terminate => Trigger::Terminate,
            Wish::Describe => Trigger::Describe,
            Wish::Modify(Modification { kind: Some(_), .. }) => Trigger::ModifyType,
            Wish::Modify(_) | Wish::AddTags(_) | Wish::RemoveTags(_) => Trigger::ModifyAttribute,
        }
    }

    /// Returns whether the wish is for the state an instance is in, or comes to.
    fn is_met_by(self, state: State) -> bool {
        match self {
            Wish::Start => matches!(state, State::Pending | State::Running),
            Wish::Stop | Wish::Hibernate => matches!(state, State::Stopping | State::Stopped),
            _ => false,
        }
    }

    fn operation(self) -> Operation {
        match self {
            Wish::Start => Operation::Start,
            Wish::Stop => Operation::Stop,
            Wish::Hibernate => Operation::Hibernate,
            Wish::Reboot => Operation::Reboot,
            Wish::Terminate => Operation::Terminate,
            Wish::Describe => Operation::Describe,
            Wish::Modify(_) => Operation::Modify,
            Wish::AddTags(_) => Operation::CreateTags,
            Wish::RemoveTags(_) => Operation::DeleteTags,
        }
    }
}

impl Cloud {
    #[inline(always)] // every launch
    pub(super) fn on_call(&mut self, now: Time, call: &Call) {
        let account = call.account;
        let (targets, wish) = match &call.action {
            Action::Launch(launch) => return self.on_launch(now, account, launch),
            Action::Describe(query) => return self.describe(now, account, query),
            Action::Resource(resource) => return self.on_resource(now, account, resource),
            Action::Start(targets) => (targets, Wish::Start),
            Action::Stop(targets, false) => (targets, Wish::Stop),
            Action::Stop(targets, true) => (targets, Wish::Hibernate),
            Action::Reboot(targets) => (targets, Wish::Reboot),
            Action::Terminate(targets) => (targets, Wish::Terminate),
            Action::Modify(targets, change) => (targets, Wish::Modify(change)),
            Action::CreateTags(targets, tags) => (targets, Wish::AddTags(tags)),
            Action::DeleteTags(targets, keys) => (targets, Wish::RemoveTags(keys)),
        };
        self.for_each_target(now, account, targets, wish);
    }

    /// Carries a wish out on every instance that is meant. Each is tried and has its own answer, unless the others of
    /// the call bar it; the call as a whole fails when any does, with the first one's reason.
    fn for_each_target(&mut self, now: Time, account: AccountId, targets: &Targets, wish: Wish) {
        let operation = wish.operation();
        let mut first_failure = None;
        let meant = self.meant_by(account, targets);
        let batch = if meant.len() > 1 { self.batch(account, &meant, wish) } else { Batch::default() };
        for instance in &meant {
            let answer = match *instance {
                Some(reference) => {
                    if let Some(failure) = self.barred(&batch, account, reference) {
                        self.ledger.count_answer(operation, Some(failure));
                        continue;
                    }
                    self.ask(now, account, reference, wish)
                }
                None => Err(Refused::outright(Failure::InvalidInstanceIdNotFound)),
            };
            let failure = answer.err().map(|refused| refused.reason.failure);
            first_failure = first_failure.or(failure);
            self.ledger.count_answer(operation, failure);
            if let Err(refused) = answer {
                self.refuse(now, operation, account, refused, 1);
            }
        }
        self.meant = meant;
        self.ledger.count_call(operation, first_failure);
    }

    /// Finds the bars that instances of one call set for each other. An unknown one refuses the whole call, termination
    /// protection all of its zone (`TerminateInstances`: "because of a single incorrect instance ID, none of the
    /// instances are terminated"; "the specified instances that are in the same Availability Zone as the protected
    /// instance are not terminated"). That an unknown one does so in the other calls too is assumed.
    #[cold]
    fn batch(&self, account: AccountId, meant: &[Option<Reference>], wish: Wish) -> Batch {
        let is_known = |instance: &Option<Reference>| instance.is_some_and(|known| known.account == account);
        let mut batch = Batch { has_unknown: !meant.iter().all(is_known), ..Batch::default() };
        if wish == Wish::Terminate {
            let alive = meant.iter().flatten().filter_map(|instance| self.instances.resolve(*instance));
            let protected = alive.filter(|slot| self.allowed(*slot, wish).is_err());
            batch.protected = protected.map(|slot| self.instances.get(slot).zone).collect();
        }
        batch
    }

    /// Why an instance of a call is barred by others of it, which have the failure told.
    #[inline]
    fn barred(&self, batch: &Batch, account: AccountId, instance: Reference) -> Option<Failure> {
        if batch.has_unknown && instance.account == account {
            return Some(Failure::InvalidInstanceIdNotFound);
        }
        if batch.protected.is_empty() {
            return None;
        }
        let slot = self.instances.resolve(instance)?;
        let is_barred = batch.protected.contains(&self.instances.get(slot).zone)
            && self.allowed(slot, Wish::Terminate).is_ok();
        is_barred.then_some(Failure::OperationNotPermitted)
    }

    /// The instances that a call means, in its order, whether they are still alive or not; `None` for a name that no
    /// launch has used, or where there is nobody to draw. The list is `meant`, to be put back after use.
    pub(super) fn meant_by(&mut self, account: AccountId, targets: &Targets) -> Vec<Option<Reference>> {
        let mut meant = std::mem::take(&mut self.meant);
        meant.clear();
        if let Targets::Drawn { draw, count } = *targets {
            meant.extend(self.instances.drawn(account, draw, count).map(Some));
            if meant.is_empty() {
                meant.push(None);
            }
        }
        for &handle in targets.handles() {
            match self.named(handle) {
                [] => meant.push(None),
                named => meant.extend(named.iter().copied().map(Some)),
            }
        }
        meant
    }

    /// The instances a name stands for.
    pub(super) fn named(&self, handle: Handle) -> &[Reference] {
        self.names.instances.of(handle)
    }

    /// The first instance of a name, alive and the account's.
    pub(super) fn first_named(&self, account: AccountId, handle: Handle) -> Result<Slot, FailureReason> {
        let alive = self.named(handle).first().filter(|reference| reference.account == account);
        let slot = alive.and_then(|reference| self.instances.resolve(*reference));
        slot.ok_or(Failure::InvalidInstanceIdNotFound.into())
    }

    fn ask(
        &mut self,
        now: Time,
        account: AccountId,
        reference: Reference,
        wish: Wish,
    ) -> Result<(), Refused> {
        match self.instances.resolve(reference) {
            _ if reference.account != account => Err(Refused::outright(Failure::InvalidInstanceIdNotFound)),
            Some(slot) => self.operate(now, slot, wish),
            None => self.operate_on_ended(now, reference, wish),
        }
    }

    /// A wish about an instance that has ended. Of it only number and owner are known.
    fn operate_on_ended(&mut self, now: Time, reference: Reference, wish: Wish) -> Result<(), Refused> {
        match State::Terminated.on(wish.trigger()) {
            Transition::Stay if wish == Wish::Describe => {
                self.ledger.happened(now, Happening::Described, reference.id, NO_HOST);
                self.ledger.took(Operation::Describe, self.late());
                Ok(())
            }
            Transition::Stay => Ok(()),
            Transition::Refused(failure) => Err(Refused::outright(failure)),
            other => panic!("{wish:?} of an ended instance means {other:?}"),
        }
    }

    /// Carries a wish out on one instance, as the table of states allows.
    pub(super) fn operate(&mut self, now: Time, slot: Slot, wish: Wish) -> Result<(), Refused> {
        let instance = self.instances.get(slot);
        let (id, host) = (instance.id, if instance.has_host { instance.host } else { NO_HOST });
        let (kind, zone, state) = (instance.kind, instance.zone, instance.state);
        let refused = |reason| Refused { reason, kind: Some(kind), zone: Some(zone), launch: None };
        let next = state.on(wish.trigger());
        if let Transition::Refused(failure) = next {
            let passes = self.repeated_calls == RepeatedCalls::Pass && wish.is_met_by(state);
            return if passes { Ok(()) } else { Err(refused(failure.into())) };
        }
        self.allowed(slot, wish).map_err(|failure| refused(failure.into()))?;
        match (next, wish) {
            (Transition::To(State::Pending), _) => return self.start(now, slot).map_err(refused),
            (Transition::To(State::Stopping), _) => self.stop(now, slot, wish == Wish::Hibernate),
            (Transition::To(State::ShuttingDown), _) => self.terminate(now, slot),
            (Transition::Stay, Wish::Reboot) => self.ledger.happened(now, Happening::Rebooted, id, host),
            (Transition::Stay, Wish::Describe) => self.ledger.happened(now, Happening::Described, id, host),
            (Transition::Stay, Wish::Modify(change)) => {
                self.modify(slot, change).map_err(refused)?;
                self.ledger.happened(now, Happening::Modified, id, host);
            }
            (Transition::Stay, Wish::AddTags(tags)) => {
                self.add_tags(slot, tags).map_err(refused)?;
                self.ledger.happened(now, Happening::Modified, id, host);
            }
            (Transition::Stay, Wish::RemoveTags(keys)) => {
                self.remove_tags(slot, keys);
                self.ledger.happened(now, Happening::Modified, id, host);
            }
            (Transition::Stay, Wish::Terminate) => {}
            (other, wish) => panic!("{wish:?} of a {} instance means {other:?}", state.name()),
        }
        if matches!(next, Transition::Stay) && wish != Wish::Terminate {
            self.ledger.took(wish.operation(), self.late());
        }
        Ok(())
    }

    /// Counts a call about one thing with its outcome.
    pub(super) fn answer(
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

    /// Records a refusal and reports it.
    pub(super) fn refuse(
        &mut self,
        now: Time,
        operation: Operation,
        account: AccountId,
        refused: Refused,
        count: u32,
    ) {
        let Refused { reason, kind, zone, launch } = refused;
        self.ledger.refused(now, operation, reason.failure, count, account, kind);
        if self.ledger.in_window && self.outbox.wants(Detail::Series) {
            let refusal = Refusal { at: now, operation, account, kind, zone, reason, count, launch };
            self.outbox.push(Observation::Refused(refusal));
        }
    }
}
