//! Provisions of a scenario before the first call: placement groups, dedicated hosts, capacity reservations.

use crate::cloud::allocation::requests;
use crate::cloud::api::refused::Refused;
use crate::cloud::api::{placement_calls, reservation_calls};
use crate::cloud::instances::volumes;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::provisions::ProvidedReservation;
use plimsoll_model::placement::request::Constraint;
use plimsoll_model::placement::reservations::Terms;
use plimsoll_model::workload::handles::ReservationHandle;

/// Provides everything that exists at time zero, and schedules the terms of reservations. Returns the answer for each
/// dedicated host, to be reported once the run has begun.
pub fn provide(world: &mut World) -> Vec<(AccountId, Result<(), Refused>)> {
    volumes::name_images(world);
    let mut answers = Vec::new();
    let provisions = world.hosts.provisions.clone();
    provisions.counted_types.iter().for_each(|kind| _ = world.learn_type(*kind));
    for group in &provisions.groups {
        match &group.account {
            None => world.hosts.placer.groups.create_for_everyone(&group.name, group.rule),
            Some(account) => {
                let account = world.directory.account(account);
                let created = world.hosts.placer.groups.create(account, &group.name, group.rule);
                created.expect("the scenario names each group once");
            }
        }
    }
    for hosts in &provisions.dedicated_hosts {
        let account = world.directory.account(&hosts.account);
        for _ in 0..hosts.count {
            let place = (hosts.zone, hosts.groups.as_slice());
            let answer = placement_calls::dedicate(world, Time::ZERO, account, place, (&hosts.terms, 1));
            answers.push((account, answer.map(|_| ()).map_err(Refused::outright)));
        }
    }
    for (number, reservation) in (0..).zip(&provisions.capacity_reservations) {
        let terms = [(Some(reservation.from), true), (reservation.until, false)];
        for (after, begins) in terms {
            if let Some(after) = after {
                let event = Event::Term(number, begins);
                world.timers.queue.push(Time::ZERO.after(after), Rank::Timer as u8, event);
            }
        }
    }
    answers
}

/// Begins or ends the term of a reservation.
pub fn on_term(world: &mut World, now: Time, number: u32, begins: bool) {
    let provided = world.hosts.provisions.capacity_reservations[number as usize].clone();
    let account = world.directory.account(&provided.account);
    let (operation, answer) = if begins {
        (Operation::CreateReservation, begin_reservation(world, now, account, &provided))
    } else {
        let name = world.directory.handles.reservation(&provided.name);
        let unknown = Failure::InvalidCapacityReservationIdNotFound;
        let Ok(id) = world.api.handles.reservations.find(name.0, unknown) else {
            return; // There was no room when it was to begin: it has nothing to end.
        };
        if world.hosts.reservations.get(id).until != Some(now) {
            return; // A call has changed its end date, or cancelled it.
        }
        (Operation::CancelReservation, reservation_calls::cancel_reservation(world, now, account, name))
    };
    world.recorder.answer(now, operation, account, answer.map_err(Refused::outright));
}

/// Begins a capacity reservation of the scenario.
fn begin_reservation(
    world: &mut World,
    now: Time,
    account: AccountId,
    provided: &ProvidedReservation,
) -> Result<(), FailureReason> {
    let ProvidedReservation { kind, count, is_open, zone, tenancy, .. } = *provided;
    let name: ReservationHandle = world.directory.handles.reservation(&provided.name);
    let own = Constraint { tenancy, ..Constraint::default() };
    let slot = requests::with_constraint(world.learn_type(kind).request(account, zone), kind, Some(own));
    if !world.is_offered(kind, zone) {
        return Err(Failure::Unsupported.into());
    }
    let until = provided.until.map(|after| Time::ZERO.after(after));
    reservation_calls::hold(world, now, name, &slot, Terms { kind, count, is_open, until }).map(|_| ())
}
