//! Capacity reservations and the instances in them: who takes room that is held, who follows when it is left, and
//! what counts against quotas.
//!
//! An open reservation takes every instance of its account that matches, those that run already before it takes
//! fresh room (EC2 user guide, "Work with Capacity Reservations": they "automatically match new instances and running
//! instances that have matching attributes"). When an instance leaves it, the oldest that matches and runs outside
//! follows, and the room of the one that left is free. Free slots count against the account's quota of instances
//! (API reference, "InstanceLimitExceeded": "Capacity Reservations count towards your On-Demand Instance limits").

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::Cloud;
use super::calls::Refused;
use super::event::{Event, Rank};
use super::quotas::claim;
use super::reference::Slot;
use super::seat::{Wanted, unused_reservation};
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, CapacityReservationId, InstanceId, Time, TypeId, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::request::{Request, Tenancy};
use plimsoll_model::placement::reservations::{Attributes, Preference, Terms};
use plimsoll_model::quota::{Claim, Quota};
use plimsoll_model::workload::handles::ReservationHandle;

/// Instances on hosts by the reservation they are in, and those outside that an open one may take over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Occupancy {
    inside: BTreeMap<CapacityReservationId, BTreeMap<InstanceId, Slot>>,
    /// Of those attributes alone that an open reservation has had.
    outside: BTreeMap<Attributes, BTreeMap<InstanceId, Slot>>,
}

impl Cloud {
    /// Returns whether an instance of a request will take a slot over, which counts against quotas already.
    #[inline]
    pub(super) fn is_counted(&self, request: &Request, wanted: Wanted) -> bool {
        let Wanted { kind, preference } = wanted;
        let seek = || self.reservations.seek(request, kind, preference, &self.placer, &self.fleet);
        !self.reservations.is_empty() && matches!(seek(), Ok(Some(_)))
    }

    /// An instance is on its host, in the room of a reservation or outside.
    #[cold]
    pub(super) fn enter_room(&mut self, slot: Slot, reservation: Option<CapacityReservationId>) {
        let instance = self.instances.get(slot).id;
        if let Some(id) = reservation {
            self.extras_mut(slot).reservation = reservation;
            self.occupancy.inside.entry(id).or_default().insert(instance, slot);
        } else if let Some(attributes) = self.attributes(slot)
            && let Some(outside) = self.occupancy.outside.get_mut(&attributes)
        {
            outside.insert(instance, slot);
        }
    }

    /// An instance leaves its host, or one room for another.
    #[cold]
    pub(super) fn leave_room(&mut self, slot: Slot) {
        let instance = self.instances.get(slot).id;
        if let Some(id) = self.seat_of(slot).reservation {
            self.extras_mut(slot).reservation = None;
            let inside = self.occupancy.inside.get_mut(&id).expect("the reservation has an instance");
            inside.remove(&instance);
            if inside.is_empty() {
                self.occupancy.inside.remove(&id);
            }
        } else if let Some(attributes) = self.attributes(slot)
            && let Some(outside) = self.occupancy.outside.get_mut(&attributes)
        {
            outside.remove(&instance);
        }
    }

    /// Attributes that an instance has in common with open reservations; `None` where none may have it.
    fn attributes(&self, slot: Slot) -> Option<Attributes> {
        let instance = self.instances.get(slot);
        let (mut tenancy, mut preference) = (Tenancy::Shared, Preference::Open);
        if let Some(extras) = self.extras.get(slot).filter(|_| instance.has_extras) {
            tenancy = extras.constraint.unwrap_or_default().tenancy;
            preference = extras.preference;
        }
        let may_match =
            matches!(preference, Preference::Open | Preference::Only) && !matches!(tenancy, Tenancy::Host(_));
        may_match.then_some((instance.account, instance.kind, instance.zone, tenancy))
    }

    /// The oldest instances outside that are pending or running, so many at most.
    fn outside(&self, attributes: &Attributes, most: u32) -> Vec<Slot> {
        let runs = |slot: &Slot| matches!(self.instances.get(*slot).state, State::Pending | State::Running);
        let outside = self.occupancy.outside.get(attributes).into_iter().flat_map(BTreeMap::values);
        outside.copied().filter(runs).take(most as usize).collect()
    }

    /// Knows from now on who is outside an open reservation of these attributes.
    fn watch_outside(&mut self, attributes: Attributes) {
        if self.occupancy.outside.contains_key(&attributes) {
            return;
        }
        let is_outside = |slot: Slot| {
            self.attributes(slot) == Some(attributes) && self.seat_of(slot).reservation.is_none()
        };
        let on_hosts = self.instances.slots().filter(|(_, instance)| instance.has_host);
        let outside = on_hosts.filter(|(slot, _)| is_outside(*slot));
        let outside = outside.map(|(slot, instance)| (instance.id, slot)).collect();
        self.occupancy.outside.insert(attributes, outside);
    }

    /// An instance outside is in a reservation from now on.
    fn take_over(&mut self, slot: Slot, id: CapacityReservationId) {
        self.leave_room(slot);
        self.enter_room(slot, Some(id));
    }

    /// An instance has left a reservation: one from outside follows, if there is one that matches.
    #[cold]
    pub(super) fn succeed(&mut self, id: CapacityReservationId) -> bool {
        let reservation = self.reservations.get(id);
        if !reservation.is_open || reservation.count == 0 {
            return false;
        }
        let follower = self.outside(&reservation.attributes(), 1);
        follower.into_iter().map(|slot| self.take_over(slot, id)).count() > 0
    }

    /// Reserves room in answer to a call, perhaps until a time.
    pub(super) fn create_reservation(
        &mut self,
        now: Time,
        account: AccountId,
        (name, zone, until): (ReservationHandle, ZoneId, Option<Time>),
        terms: Terms,
    ) -> Result<(), FailureReason> {
        if until.is_some_and(|until| until <= now) {
            return Err(Failure::InvalidParameterValue.into());
        }
        let slot = Cloud::request(self.kind(terms.kind), account, zone);
        if !self.is_offered(terms.kind, zone) {
            return Err(Failure::Unsupported.into());
        }
        let id = self.hold(now, name, &slot, terms)?;
        if let Some(until) = until {
            self.queue.push(until, Rank::Timer as u8, Event::Expiry(id));
        }
        Ok(())
    }

    /// Holds room for instances under a name: those that run and match first, fresh room for the others.
    pub(super) fn hold(
        &mut self,
        now: Time,
        name: ReservationHandle,
        slot: &Request,
        terms: Terms,
    ) -> Result<CapacityReservationId, FailureReason> {
        let attributes = (slot.account, terms.kind, slot.zone, slot.constraint.unwrap_or_default().tenancy);
        let mut there = Vec::new();
        if terms.is_open {
            self.watch_outside(attributes);
            there = self.outside(&attributes, terms.count);
        }
        let fresh = terms.count - there.len() as u32;
        let reserved = self.reserve(now, slot, terms, fresh);
        if self.reservations.is_empty() {
            // Instances that come and go are noted only where there is a reservation.
            self.occupancy.outside.clear();
        }
        let id = reserved?;
        there.into_iter().for_each(|slot| self.take_over(slot, id));
        let unused = unused_reservation(terms.kind, slot.tenancy());
        self.billing.usage.take(now, slot.account, unused, u64::from(fresh));
        self.names.reservations.set(name.0, id);
        self.note_hosts();
        Ok(id)
    }

    /// Takes room for so many of the instances of a reservation, within the account's quotas.
    fn reserve(
        &mut self,
        now: Time,
        slot: &Request,
        terms: Terms,
        fresh: u32,
    ) -> Result<CapacityReservationId, FailureReason> {
        let (account, claim) = (slot.account, self.claim_of_slot(terms.kind));
        self.take_quotas(now, account, claim, fresh)?;
        let reserved = self.within_quota(account, Quota::CapacityReservations, 1, |cloud| {
            let Cloud { reservations, placer, fleet, .. } = cloud;
            reservations.reserve(slot, terms, terms.count - fresh, placer, fleet)
        });
        reserved.inspect_err(|_| self.undo_quotas(account, claim, fresh))
    }

    pub(super) fn cancel_reservation(
        &mut self,
        now: Time,
        account: AccountId,
        name: ReservationHandle,
    ) -> Result<(), FailureReason> {
        let unknown = Failure::InvalidCapacityReservationIdNotFound;
        let id = self.names.reservations.find(name.0, unknown)?;
        self.end_reservation(now, account, id)
    }

    /// The end date of a reservation has come, unless it was cancelled before. EC2 ends it within an hour of that
    /// (`CreateCapacityReservation`, "EndDate"); here it ends at once.
    pub(super) fn expire(&mut self, now: Time, id: CapacityReservationId) {
        let reservation = self.reservations.get(id);
        if reservation.count > 0 {
            let account = reservation.account();
            let answer = self.end_reservation(now, account, id).map_err(Refused::outright);
            self.answer(now, Operation::CancelReservation, account, answer);
        }
    }

    /// A reservation ends: its free slots are given back, its instances are outside from now on, and are taken
    /// over by other reservations that match.
    fn end_reservation(
        &mut self,
        now: Time,
        account: AccountId,
        id: CapacityReservationId,
    ) -> Result<(), FailureReason> {
        let freed = self.reservations.cancel(account, id, &mut self.placer, &mut self.fleet)?;
        let reservation = self.reservations.get(id);
        let (kind, attributes) = (reservation.kind, reservation.attributes());
        let unused = unused_reservation(kind, reservation.tenancy());
        self.billing.usage.give(now, account, unused, u64::from(freed));
        self.undo_quotas(account, self.claim_of_slot(kind), freed);
        self.uncount(account, Quota::CapacityReservations, 1);
        let inside = self.occupancy.inside.get(&id).into_iter().flat_map(BTreeMap::values);
        for slot in inside.copied().collect::<Vec<Slot>>() {
            self.leave_room(slot);
            self.enter_room(slot, None);
        }
        for other in self.reservations.open(&attributes).to_vec() {
            self.fill_slots(now, other);
        }
        self.note_hosts();
        Ok(())
    }

    /// Instances outside count for the free slots of a reservation, as far as there are any.
    fn fill_slots(&mut self, now: Time, id: CapacityReservationId) {
        let reservation = self.reservations.get(id);
        let (account, kind) = (reservation.account(), reservation.kind);
        let unused = unused_reservation(kind, reservation.tenancy());
        let there = self.outside(&reservation.attributes(), reservation.free);
        for slot in there {
            self.reservations.give_up_slot(id, &mut self.placer, &mut self.fleet);
            self.take_over(slot, id);
            self.billing.usage.give(now, account, unused, 1);
            self.undo_quotas(account, self.claim_of_slot(kind), 1);
        }
    }

    /// Claim of a free slot on quotas: that of an instance in it.
    pub(super) fn claim_of_slot(&self, kind: TypeId) -> Claim {
        claim(self.known(kind), None)
    }

    /// Panics unless the instances on hosts are where they are known to be.
    pub(super) fn assert_occupancy(&self) {
        let mut expected = Occupancy::default();
        for attributes in self.occupancy.outside.keys() {
            expected.outside.insert(*attributes, BTreeMap::new());
        }
        for (slot, instance) in self.instances.slots().filter(|(_, instance)| instance.has_host) {
            let place = match self.seat_of(slot).reservation {
                Some(id) => Some(expected.inside.entry(id).or_default()),
                None => self.attributes(slot).and_then(|attributes| expected.outside.get_mut(&attributes)),
            };
            place.into_iter().for_each(|place| _ = place.insert(instance.id, slot));
        }
        assert_eq!(self.occupancy, expected, "an instance is in another room");
    }
}
