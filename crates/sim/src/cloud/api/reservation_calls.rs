//! Calls about capacity reservations: instances take reserved capacity, others follow when they leave it, and free slots
//! count against quotas.
//!
//! An open reservation takes every instance of its account that matches, and those that run already before it takes
//! free capacity (EC2 user guide, "Work with Capacity Reservations": they "automatically match new instances and running
//! instances that have matching attributes"). When an instance leaves it, the oldest matching one outside
//! becomes a member on its host, and the capacity of the one that left is released. Free slots count against the account's
//! quota of instances (API reference, "InstanceLimitExceeded": "Capacity Reservations count towards your On-Demand Instance
//! limits").

use std::collections::BTreeMap;

use crate::cloud::allocation::allocator::unused_reservation;
use crate::cloud::allocation::membership;
use crate::cloud::api::refused::Refused;
use crate::cloud::instances::quota_claims;
use crate::cloud::instances::reference::Slot;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, CapacityReservationId, Time, ZoneId};
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::request::Request;
use plimsoll_model::placement::reservations::{ReservationChange, ReservationEnd, Terms};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::handles::ReservationHandle;

/// Instances of a call, at most (`CreateCapacityReservation`, "InstanceCount", botocore 1.44.8: "Valid range: 1 - 1000").
const MOST_INSTANCES: u32 = 1000;

/// Carries out `CreateCapacityReservation`, with or without an end date.
pub fn create_reservation(
    world: &mut World,
    now: Time,
    account: AccountId,
    (name, zone): (ReservationHandle, ZoneId),
    terms: Terms,
) -> Result<(), FailureReason> {
    check_end(now, terms.until)?;
    if !(1..=MOST_INSTANCES).contains(&terms.count) {
        let (asked, most) = (u64::from(terms.count), u64::from(MOST_INSTANCES));
        return Err(Failure::InvalidParameterValue.because(LimitKind::ReservationSize, asked, most));
    }
    let slot = world.learn_type(terms.kind).request(account, zone);
    if !world.is_offered(terms.kind, zone) {
        return Err(Failure::Unsupported.into());
    }
    let id = hold(world, now, name, &slot, terms)?;
    schedule_end(world, id, terms.until);
    Ok(())
}

/// Refuses an end date that is over.
fn check_end(now: Time, until: Option<Time>) -> Result<(), FailureReason> {
    let is_over = until.is_some_and(|until| until <= now);
    if is_over { Err(Failure::InvalidParameterValue.into()) } else { Ok(()) }
}

/// Schedules the end of a reservation, if it has an end date.
fn schedule_end(world: &mut World, id: CapacityReservationId, until: Option<Time>) {
    if let Some(until) = until {
        world.timers.queue.push(until, Rank::Timer as u8, Event::Expiry(id));
    }
}

/// Carries out `ModifyCapacityReservation`: all of the change or nothing.
///
/// EC2 user guide, "Modify an active Capacity Reservation" (seen 2026-11-30): a quantity above what the quota of On-Demand Instances leaves
/// fails; "to change the instance eligibility, the Capacity Reservation must be completely idle". That fewer than are in use are refused, and
/// the codes, are assumed.
pub fn modify_reservation(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: ReservationHandle,
    change: ReservationChange,
) -> Result<(), FailureReason> {
    let id = world.api.handles.reservations.find(name.0, Failure::InvalidCapacityReservationIdNotFound)?;
    world.hosts.reservations.check_exists(account, id)?;
    check_change(world, now, id, change)?;
    let was_open = world.hosts.reservations.get(id).is_open;
    let is_open = change.is_open.unwrap_or(was_open);
    if is_open && !was_open {
        membership::watch_outside(world, world.hosts.reservations.get(id).attributes());
    }
    if let Some(count) = change.count {
        resize(world, now, id, (count, is_open))?;
    }
    if is_open != was_open {
        world.hosts.reservations.set_open(id, is_open);
        fill_slots(world, now, id);
    }
    if let Some(end) = change.end {
        world.hosts.reservations.set_end(id, end.date());
        schedule_end(world, id, end.date());
    }
    world.note_hosts();
    Ok(())
}

/// Refuses a change that no reservation of its use allows, however much room there is.
fn check_change(
    world: &World,
    now: Time,
    id: CapacityReservationId,
    change: ReservationChange,
) -> Result<(), FailureReason> {
    let reservation = world.hosts.reservations.get(id);
    let in_use = reservation.count - reservation.free;
    check_end(now, change.end.and_then(ReservationEnd::date))?;
    if change.is_open.is_some_and(|is_open| is_open != reservation.is_open) && in_use > 0 {
        return Err(Failure::IncorrectState.into());
    }
    let Some(count) = change.count else { return Ok(()) };
    // "The number of instances can't be increased or decreased by more than 1000 in a single request" (`ModifyCapacityReservation`,
    // "InstanceCount", botocore 1.44.8).
    let by = count.abs_diff(reservation.count);
    if by > MOST_INSTANCES {
        let (asked, most) = (u64::from(by), u64::from(MOST_INSTANCES));
        return Err(Failure::InvalidParameterValue.because(LimitKind::ReservationSize, asked, most));
    }
    if count == 0 || count < in_use { Err(Failure::InvalidParameterValue.into()) } else { Ok(()) }
}

/// Changes the number of instances of a reservation, which is not less than are in use. More of them are running instances that match, as
/// far as there are any and it is to be open, and free capacity for the rest.
fn resize(
    world: &mut World,
    now: Time,
    id: CapacityReservationId,
    (count, is_open): (u32, bool),
) -> Result<(), FailureReason> {
    let reservation = world.hosts.reservations.get(id);
    let (account, kind, has) = (reservation.account(), reservation.kind, reservation.count);
    let attributes = reservation.attributes();
    let unused = unused_reservation(kind, reservation.tenancy());
    let claim = quota_claims::claim_of_slot(world, kind);
    let Some(more) = count.checked_sub(has) else {
        let fewer = has - count;
        world.hosts.shrink(id, fewer);
        world.billing.usage.give(now, account, unused, u64::from(fewer));
        quota_claims::undo_slots(world, account, claim, fewer);
        return Ok(());
    };
    let there = if is_open { membership::oldest_outside(world, &attributes, more) } else { Vec::new() };
    let fresh = more - there.len() as u32;
    quota_claims::take_slots(world, now, account, claim, fresh)?;
    let grown = world.hosts.grow(id, more, there.len() as u32);
    grown.inspect_err(|_| quota_claims::undo_slots(world, account, claim, fresh))?;
    there.into_iter().for_each(|slot| membership::take_over(world, slot, id));
    world.billing.usage.take(now, account, unused, u64::from(fresh));
    Ok(())
}

/// Creates a reservation under a name: takes running instances that match first, and free capacity for the rest.
pub fn hold(
    world: &mut World,
    now: Time,
    name: ReservationHandle,
    slot: &Request,
    terms: Terms,
) -> Result<CapacityReservationId, FailureReason> {
    let attributes = (slot.account, terms.kind, slot.zone, slot.constraint.unwrap_or_default().tenancy);
    let mut there = Vec::new();
    if terms.is_open {
        membership::watch_outside(world, attributes);
        there = membership::oldest_outside(world, &attributes, terms.count);
    }
    let fresh = terms.count - there.len() as u32;
    let reserved = reserve(world, now, slot, terms, fresh);
    if world.hosts.reservations.is_empty() {
        // Instances that come and go are noted only where there is a reservation.
        world.hosts.members.outside.clear();
    }
    let id = reserved?;
    there.into_iter().for_each(|slot| membership::take_over(world, slot, id));
    let unused = unused_reservation(terms.kind, slot.tenancy());
    world.billing.usage.take(now, slot.account, unused, u64::from(fresh));
    world.api.handles.reservations.set(name.0, id);
    world.note_hosts();
    Ok(id)
}

/// Reserves capacity for the instances of a reservation that have none, within the account's quotas.
fn reserve(
    world: &mut World,
    now: Time,
    slot: &Request,
    terms: Terms,
    fresh: u32,
) -> Result<CapacityReservationId, FailureReason> {
    let (account, claim) = (slot.account, quota_claims::claim_of_slot(world, terms.kind));
    quota_claims::take_slots(world, now, account, claim, fresh)?;
    let reserved = quota_claims::create_within(world, account, Quota::CapacityReservations, 1, |world| {
        world.hosts.reserve(slot, terms, terms.count - fresh)
    });
    reserved.inspect_err(|_| quota_claims::undo_slots(world, account, claim, fresh))
}

/// Carries out `CancelCapacityReservation`.
pub fn cancel_reservation(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: ReservationHandle,
) -> Result<(), FailureReason> {
    let unknown = Failure::InvalidCapacityReservationIdNotFound;
    let id = world.api.handles.reservations.find(name.0, unknown)?;
    end_reservation(world, now, account, id)?;
    world.hosts.reservations.note_cancelled(id);
    Ok(())
}

/// Ends a reservation at its end date, unless it was cancelled before or has another by now. EC2 ends it within an hour of that date
/// (`CreateCapacityReservation`, "EndDate"); here it ends at once.
pub fn expire(world: &mut World, now: Time, id: CapacityReservationId) {
    let reservation = world.hosts.reservations.get(id);
    if reservation.count > 0 && reservation.until == Some(now) {
        let account = reservation.account();
        let answer = end_reservation(world, now, account, id).map_err(Refused::outright);
        world.recorder.answer(now, Operation::CancelReservation, account, answer);
    }
}

/// Ends a reservation: releases its free slots, and moves its instances outside, where they are taken
/// over by other reservations that match.
fn end_reservation(
    world: &mut World,
    now: Time,
    account: AccountId,
    id: CapacityReservationId,
) -> Result<(), FailureReason> {
    let freed = world.hosts.cancel(account, id)?;
    let reservation = world.hosts.reservations.get(id);
    let (kind, attributes) = (reservation.kind, reservation.attributes());
    let unused = unused_reservation(kind, reservation.tenancy());
    world.billing.usage.give(now, account, unused, u64::from(freed));
    quota_claims::undo_slots(world, account, quota_claims::claim_of_slot(world, kind), freed);
    quota_claims::uncount(world, account, Quota::CapacityReservations, 1);
    let inside = world.hosts.members.inside.get(&id).into_iter().flat_map(BTreeMap::values);
    for slot in inside.copied().collect::<Vec<Slot>>() {
        membership::leave(world, slot);
        membership::enter(world, slot, None);
    }
    for other in world.hosts.reservations.open(&attributes).to_vec() {
        fill_slots(world, now, other);
    }
    world.note_hosts();
    Ok(())
}

/// Fills the free slots of a reservation, if it is open, with matching instances from outside, as far as there are any.
fn fill_slots(world: &mut World, now: Time, id: CapacityReservationId) {
    let reservation = world.hosts.reservations.get(id);
    if !reservation.is_open {
        return;
    }
    let (account, kind) = (reservation.account(), reservation.kind);
    let unused = unused_reservation(kind, reservation.tenancy());
    let there = membership::oldest_outside(world, &reservation.attributes(), reservation.free);
    for slot in there {
        world.hosts.give_up_slot(id);
        membership::take_over(world, slot, id);
        world.billing.usage.give(now, account, unused, 1);
        quota_claims::undo_slots(world, account, quota_claims::claim_of_slot(world, kind), 1);
    }
}
