//! What a scenario provides before anybody calls: placement groups, dedicated hosts, capacity reservations.

use super::Cloud;
use super::calls::Refused;
use super::event::{Event, Rank};
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::provisions::ProvidedReservation;
use plimsoll_model::placement::request::Constraint;
use plimsoll_model::placement::reservations::Terms;
use plimsoll_model::workload::handles::ReservationHandle;

impl Cloud {
    /// Everything that is there at time zero, and the terms of reservations to come. Of each dedicated host
    /// whether there was one, to be told once the run has begun.
    pub(super) fn provide(&mut self) -> Vec<(AccountId, Result<(), Refused>)> {
        self.name_images();
        let mut answers = Vec::new();
        let provisions = self.provisions.clone();
        for group in &provisions.groups {
            match &group.account {
                None => self.placer.groups.create_for_everyone(&group.name, group.rule),
                Some(account) => {
                    let account = self.directory.account(account);
                    let created = self.placer.groups.create(account, &group.name, group.rule);
                    created.expect("the scenario names each group once");
                }
            }
        }
        for hosts in &provisions.dedicated_hosts {
            let account = self.directory.account(&hosts.account);
            for _ in 0..hosts.count {
                let place = (hosts.zone, hosts.groups.as_slice());
                let answer = self.dedicate(Time::ZERO, account, place, hosts.terms.clone());
                answers.push((account, answer.map(|_| ()).map_err(Refused::outright)));
            }
        }
        for (number, reservation) in (0..).zip(&provisions.capacity_reservations) {
            let terms = [(Some(reservation.from), true), (reservation.until, false)];
            for (after, begins) in terms {
                if let Some(after) = after {
                    let event = Event::Term(number, begins);
                    self.queue.push(Time::ZERO.after(after), Rank::Timer as u8, event);
                }
            }
        }
        answers
    }

    /// The term of a reservation begins, or is over.
    pub(super) fn on_term(&mut self, now: Time, number: u32, begins: bool) {
        let provided = self.provisions.capacity_reservations[number as usize].clone();
        let account = self.directory.account(&provided.account);
        let (operation, answer) = if begins {
            (Operation::CreateReservation, self.begin_reservation(now, account, &provided))
        } else {
            let name = self.directory.handles.reservation(&provided.name);
            if self.names.reservations.find(name.0, Failure::InvalidCapacityReservationIdNotFound).is_err() {
                return; // There was no room when it was to begin: it has nothing to end.
            }
            (Operation::CancelReservation, self.cancel_reservation(now, account, name))
        };
        self.answer(now, operation, account, answer.map_err(Refused::outright));
    }

    fn begin_reservation(
        &mut self,
        now: Time,
        account: AccountId,
        provided: &ProvidedReservation,
    ) -> Result<(), FailureReason> {
        let ProvidedReservation { kind, count, is_open, zone, tenancy, .. } = *provided;
        let name: ReservationHandle = self.directory.handles.reservation(&provided.name);
        let own = Constraint { tenancy, ..Constraint::default() };
        let slot = Cloud::with_constraint(Cloud::request(self.kind(kind), account, zone), kind, Some(own));
        if !self.is_offered(kind, zone) {
            return Err(Failure::Unsupported.into());
        }
        self.hold(now, name, &slot, Terms { kind, count, is_open }).map(|_| ())
    }
}
