//! A call of the demand taken apart: which instances it means, which flow answers it, how it is counted.

use super::Cloud;
use super::instance::{Reference, Slot};
use super::ledger::{Happening, NO_HOST};
use super::observe::{Observer, Refusal};
use crate::failure::Failure;
use crate::lifecycle::{Move, Operation, State, Trigger};
use crate::units::{AccountId, Duration, InstanceId, Time, TypeId, ZoneId};
use crate::workload::call::{Action, Call, Handle};

/// A refused request, as far as its flow knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub failure: Failure,
    pub kind: Option<TypeId>,
    pub zone: Option<ZoneId>,
}

impl Cloud {
    pub(super) fn on_call(&mut self, call: &Call, observer: &mut dyn Observer) {
        let (now, account) = (call.at, call.account);
        let (operation, handle) = match &call.action {
            Action::Launch(launch) => return self.on_launch(now, account, launch, observer),
            Action::Start(handle) => (Operation::Start, Some(*handle)),
            Action::Stop(handle) => (Operation::Stop, Some(*handle)),
            Action::Reboot(handle) => (Operation::Reboot, Some(*handle)),
            Action::Terminate(handle) => (Operation::Terminate, Some(*handle)),
            Action::Describe(handle) => (Operation::Describe, *handle),
            Action::Modify(handle, _) => (Operation::Modify, Some(*handle)),
        };
        let to_kind = if let Action::Modify(_, kind) = call.action { Some(kind) } else { None };
        let answer = match handle {
            None => {
                self.ledger.happened(now, Happening::Described, InstanceId(u64::from(account.0)), NO_HOST);
                Ok(())
            }
            Some(handle) => self.each_named(now, account, operation, handle, to_kind),
        };
        self.answer(now, operation, account, answer, observer);
    }

    /// Carries an operation out on every instance of a name. Each is tried; the call fails when any does,
    /// with the first one's reason.
    fn each_named(
        &mut self,
        now: Time,
        account: AccountId,
        operation: Operation,
        handle: Handle,
        to_kind: Option<TypeId>,
    ) -> Result<(), Refused> {
        let named = self.named.get(handle.0 as usize).map_or(0, Vec::len);
        let mut answer = if named == 0 { Err(not_found()) } else { Ok(()) };
        for i in 0..named {
            let reference = self.named[handle.0 as usize][i];
            let one = match self.instances.resolve(reference) {
                _ if reference.account != account => Err(not_found()),
                Some(slot) => self.operate(now, operation, slot, to_kind),
                None => self.operate_on_ended(now, operation, reference),
            };
            answer = answer.and(one);
        }
        answer
    }

    /// An operation on an instance that has ended. Of it only number and owner are known.
    fn operate_on_ended(
        &mut self,
        now: Time,
        operation: Operation,
        reference: Reference,
    ) -> Result<(), Refused> {
        match State::Terminated.on(Trigger::Call(operation)) {
            Move::Stay if operation == Operation::Describe => {
                self.ledger.happened(now, Happening::Described, reference.id, NO_HOST);
                self.ledger.took(operation, Duration::ZERO);
                Ok(())
            }
            Move::Stay => Ok(()),
            Move::Refused(failure) => Err(Refused { failure, kind: None, zone: None }),
            other => panic!("{operation:?} on an ended instance means {other:?}"),
        }
    }

    /// Carries an operation out on one instance, as the table of states allows.
    pub(super) fn operate(
        &mut self,
        now: Time,
        operation: Operation,
        slot: Slot,
        to_kind: Option<TypeId>,
    ) -> Result<(), Refused> {
        let instance = self.instances.get(slot);
        let (id, host) = (instance.id, if instance.has_host { instance.host } else { NO_HOST });
        let (kind, zone, state) = (instance.kind, instance.zone, instance.state);
        let refused = |failure| Refused { failure, kind: Some(kind), zone: Some(zone) };
        match (state.on(Trigger::Call(operation)), operation) {
            (Move::Refused(failure), _) => return Err(refused(failure)),
            (Move::Never, _) => panic!("{operation:?} is not a call on an instance"),
            (Move::To(State::Pending), _) => return self.start(now, slot).map_err(refused),
            (Move::To(State::Stopping), _) => self.stop(now, slot),
            (Move::To(State::ShuttingDown), _) => self.terminate(now, slot),
            (Move::To(state), _) => panic!("no call leads to {state:?}"),
            (Move::Stay, Operation::Reboot) => self.ledger.happened(now, Happening::Rebooted, id, host),
            (Move::Stay, Operation::Describe) => self.ledger.happened(now, Happening::Described, id, host),
            (Move::Stay, Operation::Modify) => {
                self.instances.get_mut(slot).kind = to_kind.expect("a modify call names a type");
                self.ledger.happened(now, Happening::Modified, id, host);
            }
            (Move::Stay, _) => {}
        }
        if matches!(operation, Operation::Reboot | Operation::Describe | Operation::Modify) {
            self.ledger.took(operation, Duration::ZERO);
        }
        Ok(())
    }

    /// Counts a call other than a launch with its outcome.
    pub(super) fn answer(
        &mut self,
        now: Time,
        operation: Operation,
        account: AccountId,
        answer: Result<(), Refused>,
        observer: &mut dyn Observer,
    ) {
        self.ledger.count_call(operation, answer.err().map(|refused| refused.failure));
        if let Err(refused) = answer {
            self.refuse(now, operation, account, refused, 1, observer);
        }
    }

    /// Writes a refusal down and tells the observer.
    pub(super) fn refuse(
        &mut self,
        now: Time,
        operation: Operation,
        account: AccountId,
        refused: Refused,
        count: u32,
        observer: &mut dyn Observer,
    ) {
        let Refused { failure, kind, zone } = refused;
        self.ledger.refused(now, operation, failure, count, account, kind);
        if self.ledger.in_window {
            let refusal = Refusal { at: now, operation, account, kind, zone, failure, count };
            observer.refused(&refusal, &self.directory);
        }
    }
}

fn not_found() -> Refused {
    Refused { failure: Failure::InvalidInstanceIdNotFound, kind: None, zone: None }
}
