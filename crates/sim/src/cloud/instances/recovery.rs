//! Recovery: instances whose host fails, is maintained or retired migrate, come up elsewhere, stop or end.

use crate::cloud::allocation::allocator::{HostAllocation, ReservationCriteria};
use crate::cloud::allocation::{membership, requests};
use crate::cloud::api::placement_calls;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{lifecycle, quota_claims};
use crate::cloud::observe::decisions;
use crate::cloud::observe::explain::Occasion;
use crate::cloud::observe::ledger::DigestEvent;
use crate::cloud::observe::log::log_decision;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{HostId, InstanceId, Time};
use plimsoll_model::faults::{Drain, Faults, HostEvent, OnFailure};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::placement::request::{Constraint, Tenancy};
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::transition::Transition;

/// Capacity that an instance has, and capacity that it takes instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Relocation {
    from: HostAllocation,
    to: HostAllocation,
}

/// Treatment of an instance that cannot stay on its host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Eviction {
    /// The instance goes on on another host without a break.
    Migrate,
    /// The instance comes up again on another host.
    Recover,
    Stop,
    Terminate,
}

/// Schedules the next fault.
pub fn schedule_next(world: &mut World) {
    let due = due(world);
    if due < Time::NEVER {
        world.timers.queue.push(due, Rank::HostFault as u8, Event::Fault);
    }
}

/// Applies the host events that are due. A timer without any is one that an injected fault has overtaken.
pub fn on_fault(world: &mut World, now: Time) {
    if due(world) <= now {
        apply_due(world, now);
        schedule_next(world);
    }
}

/// Injects a fault, or ends one, and applies the host events that come of it at once.
pub fn inject(world: &mut World, now: Time, change: impl FnOnce(&mut Faults)) {
    let timer = due(world);
    change(world.faults.as_mut().expect("hosts can have faults"));
    apply_due(world, now);
    if due(world) < timer {
        schedule_next(world);
    }
}

/// Returns the time of the next host event; [`Time::NEVER`] for never.
fn due(world: &World) -> Time {
    world.faults.as_ref().map_or(Time::NEVER, Faults::due)
}

fn apply_due(world: &mut World, now: Time) {
    while let Some((_, event)) = world.faults.as_mut().and_then(|faults| faults.next_until(now)) {
        apply_host_event(world, now, event);
    }
}

/// Applies an event to its host, and evicts the instances that cannot stay.
fn apply_host_event(world: &mut World, now: Time, event: HostEvent) {
    let host = event.host();
    log_decision!("plimsoll::host", now, host = host.0, ?event);
    let zone = world.hosts.fleet.zone_of(host);
    world.hosts.fleet.on(host, event.trigger());
    world.hosts.placer.changed(host, zone, &mut world.hosts.fleet);
    world.note_hosts();
    let on_failure = world.faults.as_ref().expect("a fault has its source").on_failure();
    let mut replacement = None;
    let eviction = match event {
        HostEvent::Failed(_) => {
            world.recorder.ledger.digest(now, DigestEvent::HostFailed, InstanceId(0), host);
            world.recorder.ledger.count_event(|counts| &mut counts.host_failures);
            return;
        }
        HostEvent::Arrived(_)
        | HostEvent::Repaired(_)
        | HostEvent::MaintenanceEnds(_)
        | HostEvent::MaintenanceAnnounced(_) => {
            return;
        }
        HostEvent::Detected(_) => {
            replacement = placement_calls::replace_host(world, now, host);
            match on_failure {
                _ if replacement.is_some() => Eviction::Recover,
                OnFailure::Restart => Eviction::Recover,
                OnFailure::Stop => Eviction::Stop,
                OnFailure::Terminate => Eviction::Terminate,
            }
        }
        HostEvent::MaintenanceBegins(_, drain) | HostEvent::Retired(_, drain) => match drain {
            Drain::Migrate => Eviction::Migrate,
            Drain::Stop => Eviction::Stop,
            Drain::Terminate => Eviction::Terminate,
        },
    };
    world.hosts.move_slots(host);
    world.note_hosts();
    for slot in world.instances_on(host) {
        evict(world, now, slot, (eviction, replacement));
    }
    if let Some(replacement) = replacement {
        placement_calls::give_up_replaced(world, now, host, replacement);
        world.note_hosts();
    }
}

/// Evicts an instance from its host, to the one that replaces it where there is any. An instance that is to move and finds no other
/// host stops.
fn evict(world: &mut World, now: Time, slot: Slot, (eviction, onto): (Eviction, Option<HostId>)) {
    let moving = match eviction {
        Eviction::Migrate | Eviction::Recover => Trigger::Recovered,
        Eviction::Stop => Trigger::Lost,
        Eviction::Terminate => Trigger::Terminate,
    };
    let state = world.instances.get(slot).state;
    match (state.on(moving), eviction) {
        (Transition::To(State::Pending), Eviction::Migrate) => {
            if migrate(world, now, slot).is_err() {
                lose(world, now, slot);
            }
        }
        (Transition::To(State::Pending), _) => {
            if recover(world, now, slot, onto).is_err() {
                lose(world, now, slot);
            }
        }
        (Transition::To(State::ShuttingDown), _) => {
            world.recorder.ledger.count_event(|counts| &mut counts.instances_lost);
            lifecycle::terminate(world, now, slot);
        }
        _ => lose(world, now, slot),
    }
}

/// Brings an instance up again on another host, with its addresses and volumes. Nothing changes where
/// there is none.
fn recover(world: &mut World, now: Time, slot: Slot, onto: Option<HostId>) -> Result<(), FailureReason> {
    let relocation = allocate_elsewhere(world, now, slot, (Occasion::Recovery, onto))?;
    if world.instances.get(slot).state == State::Running {
        lifecycle::leave_running(world, now, slot);
        world.instances.extras_mut(slot).recovers = true;
    }
    move_to(world, now, slot, relocation);
    follow_host(world, slot, onto);
    world.recorder.ledger.count_event(|counts| &mut counts.recoveries);
    lifecycle::enter(world, now, slot, State::Pending);
    lifecycle::come_up_again(world, now, slot);
    Ok(())
}

/// Lets an instance that named its dedicated host name the one that replaces it (EC2 user guide, "Host recovery", read 2026-11: "the
/// recovered instances establish host affinity with the replacement Dedicated Host").
fn follow_host(world: &mut World, slot: Slot, onto: Option<HostId>) {
    let own = world.instances.extras.get(slot).and_then(|extras| extras.constraint);
    if let (Some(onto), Some(own @ Constraint { tenancy: Tenancy::Host(Some(_)), .. })) = (onto, own) {
        let constraint = Constraint { tenancy: Tenancy::Host(Some(onto)), ..own };
        world.instances.extras_mut(slot).constraint = Some(constraint);
    }
}

/// Moves a running instance to another host. Nothing changes where there is none.
fn migrate(world: &mut World, now: Time, slot: Slot) -> Result<(), FailureReason> {
    let relocation = allocate_elsewhere(world, now, slot, (Occasion::Migration, None))?;
    move_to(world, now, slot, relocation);
    world.recorder.ledger.count_event(|counts| &mut counts.migrations);
    Ok(())
}

/// Allocates capacity on any host but that of the instance, or on the one that replaces it. A slot of a reservation moves with it; and
/// where no host has capacity for it, another free slot is taken.
fn allocate_elsewhere(
    world: &mut World,
    now: Time,
    slot: Slot,
    (occasion, onto): (Occasion, Option<HostId>),
) -> Result<Relocation, FailureReason> {
    let kind = world.instances.get(slot).kind;
    let (old_request, from) = (requests::request_of(world, slot), requests::allocation_of(world, slot));
    let mut request = old_request;
    let mut constraint: Constraint = request.constraint.unwrap_or_default();
    constraint.excluded = Some(from.host);
    if onto.is_some() {
        constraint.tenancy = Tenancy::Host(onto);
    }
    request.constraint = Some(constraint);
    let preference = world.instances.extras.get(slot).map_or(Preference::Open, |extras| extras.preference);
    // It leaves its group while another host is chosen, so that it does not count as a second member.
    world.hosts.placer.removed(&old_request, from.host, &world.hosts.fleet);
    let criteria = ReservationCriteria { kind, preference };
    let diagnosis = decisions::diagnose_instance(world, now, slot, &request);
    let along = from.reservation.and_then(|_| world.hosts.place(&request, true).ok());
    let along = along.map(|placed| placed.allocation);
    let found = match along {
        Some(placed) => {
            let plain = HostAllocation { reservation: None, ..from };
            Ok(Relocation { from: plain, to: HostAllocation { reservation: from.reservation, ..placed } })
        }
        None => {
            let found = world.hosts.allocate(now, &request, criteria, true, &mut world.billing.usage);
            found.map(|taken| Relocation { from, to: taken.allocation })
        }
    };
    if let Some(diagnosis) = diagnosis {
        let allocation = found.map(|relocation| along.unwrap_or(relocation.to));
        decisions::record_move(world, now, occasion, (request, criteria), diagnosis, allocation);
    }
    world.hosts.placer.added(&old_request, from.host, &world.hosts.fleet);
    found
}

/// Moves the instance to the new host, and releases the capacity on the old one.
fn move_to(world: &mut World, now: Time, slot: Slot, Relocation { from, to }: Relocation) {
    let (request, was) =
        (requests::request_of(world, slot), requests::allocation_of(world, slot).reservation);
    world.note_off_host(slot);
    let instance = world.instances.get_mut(slot);
    instance.host = to.host;
    let (id, account) = (instance.id, instance.account);
    world.instances.set_affinity(slot, to.affinity);
    if !world.hosts.reservations.is_empty() {
        membership::leave(world, slot);
        membership::enter(world, slot, to.reservation);
    }
    let is_kept = membership::release(world, now, &request, from);
    let took_slot = to.reservation.is_some() && (from.reservation.is_some() || was.is_none());
    if took_slot && !is_kept {
        quota_claims::undo(world, account, quota_claims::claim_of(world, slot));
    }
    world.note_on_host(slot);
    world.recorder.ledger.digest(now, DigestEvent::Moved, id, to.host);
    world.note_hosts();
}

/// Handles an instance that has lost its host and has no other: one that was ending has ended, any other is stopped.
fn lose(world: &mut World, now: Time, slot: Slot) {
    match world.instances.get(slot).state.on(Trigger::Lost) {
        Transition::To(State::Terminated) => lifecycle::terminated(world, now, slot),
        Transition::To(State::Stopped) => {
            world.recorder.ledger.count_event(|counts| &mut counts.instances_lost);
            match world.instances.get(slot).state {
                State::Running => stop_at_once(world, now, slot),
                _ => lifecycle::stopped(world, now, slot),
            }
        }
        other => panic!("an instance without a host means {other:?}"),
    }
}

/// Stops a running instance without the time that stopping takes.
fn stop_at_once(world: &mut World, now: Time, slot: Slot) {
    lifecycle::leave_running(world, now, slot);
    lifecycle::enter(world, now, slot, State::Stopping);
    lifecycle::stopped(world, now, slot);
}
