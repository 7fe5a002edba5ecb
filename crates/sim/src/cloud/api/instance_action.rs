//! Actions on instances: each instance that a call names is tried and has its own answer.

use crate::cloud::api::refused::Refused;
use crate::cloud::api::{modify, start, tags, targets};
use crate::cloud::instances::extras::Extras;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::{Reference, Slot};
use crate::cloud::observe::ledger::{DigestEvent, NO_HOST};
use crate::cloud::world::World;
use crate::scenario::config::RepeatedCalls;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{AccountId, Time, ZoneId};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::operation::Operation;
use plimsoll_model::transition::Transition;
use plimsoll_model::workload::call::{Modification, Tag, Targets};

/// Action that a call requests of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstanceAction<'a> {
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

/// Bars that instances of a call set for each other.
#[derive(Default)]
struct Bars {
    /// True if the account has no instance of one of the names.
    has_unknown: bool,
    /// Zones of the instances that are protected against the action.
    protected: Vec<ZoneId>,
}

impl InstanceAction<'_> {
    fn trigger(self) -> Trigger {
        match self {
            InstanceAction::Start => Trigger::Start,
            InstanceAction::Stop => Trigger::Stop,
            InstanceAction::Hibernate => Trigger::Hibernate,
            InstanceAction::Reboot => Trigger::Reboot,
            InstanceAction::Terminate => Trigger::Terminate,
            InstanceAction::Describe => Trigger::Describe,
            InstanceAction::Modify(Modification { kind: Some(_), .. }) => Trigger::ModifyType,
            InstanceAction::Modify(_) | InstanceAction::AddTags(_) | InstanceAction::RemoveTags(_) => {
                Trigger::ModifyAttribute
            }
        }
    }

    /// Returns whether the action asks for the state that an instance is in or is entering.
    fn is_met_by(self, state: State) -> bool {
        match self {
            InstanceAction::Start => matches!(state, State::Pending | State::Running),
            InstanceAction::Stop | InstanceAction::Hibernate => {
                matches!(state, State::Stopping | State::Stopped)
            }
            _ => false,
        }
    }

    fn operation(self) -> Operation {
        match self {
            InstanceAction::Start => Operation::Start,
            InstanceAction::Stop => Operation::Stop,
            InstanceAction::Hibernate => Operation::Hibernate,
            InstanceAction::Reboot => Operation::Reboot,
            InstanceAction::Terminate => Operation::Terminate,
            InstanceAction::Describe => Operation::Describe,
            InstanceAction::Modify(_) => Operation::Modify,
            InstanceAction::AddTags(_) => Operation::CreateTags,
            InstanceAction::RemoveTags(_) => Operation::DeleteTags,
        }
    }
}

/// Applies an action to every instance that a call names. Each is tried and has its own answer, unless the others of the
/// call bar it; the call as a whole fails when any does, with the first one's failure.
pub fn on_targets(
    world: &mut World,
    now: Time,
    account: AccountId,
    targets: &Targets,
    action: InstanceAction,
) {
    let operation = action.operation();
    let mut first_failure = None;
    let targets = targets::resolve(world, account, targets);
    let bars = if targets.len() > 1 { find_bars(world, account, &targets, action) } else { Bars::default() };
    for instance in &targets {
        let answer = match *instance {
            Some(reference) => {
                if let Some(failure) = barred(world, &bars, account, reference) {
                    world.recorder.ledger.count_answer(operation, Some(failure));
                    continue;
                }
                ask(world, now, account, reference, action)
            }
            None => Err(Refused::outright(Failure::InvalidInstanceIdNotFound)),
        };
        let failure = answer.err().map(|refused| refused.reason.failure);
        first_failure = first_failure.or(failure);
        world.recorder.ledger.count_answer(operation, failure);
        if let Err(refused) = answer {
            world.recorder.refuse(now, operation, account, refused, 1);
        }
    }
    world.api.targets = targets;
    world.recorder.ledger.count_call(operation, first_failure);
}

/// Finds the bars that instances of one call set for each other. An unknown one refuses the whole call, termination
/// protection all of its zone (`TerminateInstances`: "because of a single incorrect instance ID, none of the
/// instances are terminated"; "the specified instances that are in the same Availability Zone as the protected
/// instance are not terminated"). That an unknown one does so in the other calls too is assumed.
#[cold]
fn find_bars(
    world: &World,
    account: AccountId,
    targets: &[Option<Reference>],
    action: InstanceAction,
) -> Bars {
    let is_known = |instance: &Option<Reference>| instance.is_some_and(|known| known.account == account);
    let mut bars = Bars { has_unknown: !targets.iter().all(is_known), ..Bars::default() };
    if action == InstanceAction::Terminate {
        let alive = targets.iter().flatten().filter_map(|instance| world.instances.resolve(*instance));
        let protected = alive.filter(|slot| allowed(world, *slot, action).is_err());
        bars.protected = protected.map(|slot| world.instances.get(slot).zone).collect();
    }
    bars
}

/// Returns the failure of an instance that other instances of the call bar.
#[inline]
fn barred(world: &World, bars: &Bars, account: AccountId, instance: Reference) -> Option<Failure> {
    if bars.has_unknown && instance.account == account {
        return Some(Failure::InvalidInstanceIdNotFound);
    }
    if bars.protected.is_empty() {
        return None;
    }
    let slot = world.instances.resolve(instance)?;
    let is_barred = bars.protected.contains(&world.instances.get(slot).zone)
        && allowed(world, slot, InstanceAction::Terminate).is_ok();
    is_barred.then_some(Failure::OperationNotPermitted)
}

/// Applies an action to an instance of the account, live or ended.
fn ask(
    world: &mut World,
    now: Time,
    account: AccountId,
    reference: Reference,
    action: InstanceAction,
) -> Result<(), Refused> {
    match world.instances.resolve(reference) {
        _ if reference.account != account => Err(Refused::outright(Failure::InvalidInstanceIdNotFound)),
        Some(slot) => apply(world, now, slot, action),
        None => operate_on_ended(world, now, reference, action),
    }
}

/// Applies an action to an instance that has ended, of which only number and owner are known.
fn operate_on_ended(
    world: &mut World,
    now: Time,
    reference: Reference,
    action: InstanceAction,
) -> Result<(), Refused> {
    match State::Terminated.on(action.trigger()) {
        Transition::Stay if action == InstanceAction::Describe => {
            world.recorder.ledger.digest(now, DigestEvent::Described, reference.id, NO_HOST);
            world.recorder.ledger.record_latency(Operation::Describe, world.recorder.call_age);
            Ok(())
        }
        Transition::Stay => Ok(()),
        Transition::Refused(failure) => Err(Refused::outright(failure)),
        other => panic!("{action:?} of an ended instance means {other:?}"),
    }
}

/// Applies an action to an instance, as the table of states allows.
pub fn apply(world: &mut World, now: Time, slot: Slot, action: InstanceAction) -> Result<(), Refused> {
    let instance = world.instances.get(slot);
    let (id, host) = (instance.id, if instance.has_host { instance.host } else { NO_HOST });
    let (kind, zone, state) = (instance.kind, instance.zone, instance.state);
    let refused = |reason| Refused { reason, kind: Some(kind), zone: Some(zone), launch: None, placed: 0 };
    let next = state.on(action.trigger());
    if let Transition::Refused(failure) = next {
        let passes = world.api.repeated_calls == RepeatedCalls::Pass && action.is_met_by(state);
        return if passes { Ok(()) } else { Err(refused(failure.into())) };
    }
    allowed(world, slot, action).map_err(|failure| refused(failure.into()))?;
    match (next, action) {
        (Transition::To(State::Pending), _) => return start::start(world, now, slot).map_err(refused),
        (Transition::To(State::Stopping), _) => {
            lifecycle::stop(world, now, slot, action == InstanceAction::Hibernate)
        }
        (Transition::To(State::ShuttingDown), _) => lifecycle::terminate(world, now, slot),
        (Transition::Stay, InstanceAction::Reboot) => {
            world.recorder.ledger.digest(now, DigestEvent::Rebooted, id, host)
        }
        (Transition::Stay, InstanceAction::Describe) => {
            world.recorder.ledger.digest(now, DigestEvent::Described, id, host)
        }
        (Transition::Stay, InstanceAction::Modify(change)) => {
            modify::modify(world, slot, change).map_err(refused)?;
            world.recorder.ledger.digest(now, DigestEvent::Modified, id, host);
        }
        (Transition::Stay, InstanceAction::AddTags(tags)) => {
            tags::add_tags(world, slot, tags).map_err(refused)?;
            world.recorder.ledger.digest(now, DigestEvent::Modified, id, host);
        }
        (Transition::Stay, InstanceAction::RemoveTags(keys)) => {
            tags::remove_tags(world, slot, keys);
            world.recorder.ledger.digest(now, DigestEvent::Modified, id, host);
        }
        (Transition::Stay, InstanceAction::Terminate) => {}
        (other, action) => panic!("{action:?} of a {} instance means {other:?}", state.name()),
    }
    if matches!(next, Transition::Stay) && action != InstanceAction::Terminate {
        world.recorder.ledger.record_latency(action.operation(), world.recorder.call_age);
    }
    Ok(())
}

/// Checks an action against the attributes of an instance beside its state.
pub fn allowed(world: &World, slot: Slot, action: InstanceAction) -> Result<(), Failure> {
    let extras = world.instances.extras.get(slot);
    match action {
        InstanceAction::Terminate if extras.is_some_and(|extras| extras.protected) => {
            Err(Failure::OperationNotPermitted)
        }
        // Only EC2 starts an instance again that the spot market has stopped (EC2 user guide, "Behavior of Spot
        // Instance interruptions").
        InstanceAction::Start if extras.is_some_and(|extras| extras.waits_for_market) => {
            Err(Failure::IncorrectInstanceState)
        }
        // EC2's answer, as reported: "You can't stop the Spot Instance [...] because it is associated with a one-time Spot Instance
        // request. You can only stop Spot Instances associated with persistent Spot Instance requests."
        InstanceAction::Stop | InstanceAction::Hibernate
            if extras
                .and_then(|it| it.options.as_ref())
                .is_some_and(|options| options.is_one_time_spot()) =>
        {
            Err(Failure::UnsupportedOperation)
        }
        InstanceAction::Hibernate if !extras.is_some_and(Extras::can_hibernate) => {
            Err(Failure::UnsupportedHibernation)
        }
        _ => Ok(()),
    }
}
