//! Room for an instance on a host: taken from what is free, or from a capacity reservation, and given back there.

use super::Cloud;
use super::reference::Slot;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{CapacityReservationId, HostId, Time, TypeId};
use plimsoll_model::billing::{self, Item};
use plimsoll_model::fleet::Change;
use plimsoll_model::fleet::host::HostState;
use plimsoll_model::placement::request::{Constraint, Request, Tenancy};
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::placement::strategy::Undo;

/// Where an instance has room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seat {
    pub host: HostId,
    /// The reservation it came from, and goes back to.
    pub reservation: Option<CapacityReservationId>,
}

/// Room that was taken for an instance, and what undoes that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Taken {
    pub seat: Seat,
    pub undo: Undo,
}

/// Which reservation may be used, by instances of which type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub kind: TypeId,
    pub preference: Preference,
}

impl Cloud {
    /// Takes a slot of a reservation that matches, or room on the host the strategy chooses, or on one that
    /// is opened.
    #[inline(always)] // every launch
    pub(super) fn take_host(
        &mut self,
        now: Time,
        request: &Request,
        wanted: Wanted,
        may_open: bool,
    ) -> Result<Taken, FailureReason> {
        if !self.reservations.is_empty()
            && let Some(seat) = self.claim_slot(now, request, wanted)?
        {
            return Ok(Taken { seat, undo: Undo::default() });
        }
        let (host, undo) = self.take_room(request, may_open)?;
        Ok(Taken { seat: Seat { host, reservation: None }, undo })
    }

    /// Takes free room on the host the strategy chooses, or on one that is opened.
    #[inline(always)] // every launch
    pub(super) fn take_room(
        &mut self,
        request: &Request,
        may_open: bool,
    ) -> Result<(HostId, Undo), FailureReason> {
        let mut host = self.placer.choose(request, &self.fleet);
        if host.is_none() && may_open {
            host = self.placer.open(request, &mut self.fleet);
        }
        let host = host.ok_or_else(|| self.placer.explain(request, &self.fleet))?;
        self.fleet.take(host, request.zone, &request.amounts);
        let undo = self.placer.placed(request, host, &self.fleet);
        self.placer.changed(host, request.zone, &mut self.fleet);
        Ok((host, undo))
    }

    #[cold]
    fn claim_slot(
        &mut self,
        now: Time,
        request: &Request,
        wanted: Wanted,
    ) -> Result<Option<Seat>, FailureReason> {
        let claimed = self.reservations.claim(
            request,
            wanted.kind,
            wanted.preference,
            &mut self.placer,
            &self.fleet,
        )?;
        Ok(claimed.map(|(id, host)| {
            let unused = unused_reservation(wanted.kind, request.tenancy());
            self.billing.usage.give(now, request.account, unused, 1);
            Seat { host, reservation: Some(id) }
        }))
    }

    /// Gives room back that an instance has had, which a reservation may keep for another: then it is `true`.
    #[inline]
    pub(super) fn give_host(&mut self, now: Time, request: &Request, seat: Seat) -> bool {
        if let Some(id) = seat.reservation
            && !self.succeed(id)
            && self.give_slot(now, request, id, seat.host)
        {
            return true;
        }
        self.give_room(request, seat);
        false
    }

    /// Gives room back that was taken for an instance that comes to nothing.
    pub(super) fn undo_host(&mut self, now: Time, request: &Request, Taken { seat, undo }: Taken) {
        if let Some(id) = seat.reservation {
            let is_back = self.give_slot(now, request, id, seat.host);
            return assert!(is_back, "the reservation of a slot that was taken just now is there");
        }
        let emptied = self.fleet.give(seat.host, request.zone, &request.amounts);
        self.placer.undo(request, seat.host, undo, &self.fleet);
        self.room_given(request, seat.host, emptied);
    }

    /// Gives room back to the fleet.
    #[inline]
    fn give_room(&mut self, request: &Request, seat: Seat) {
        let emptied = self.fleet.give(seat.host, request.zone, &request.amounts);
        self.placer.removed(request, seat.host, &self.fleet);
        self.room_given(request, seat.host, emptied);
    }

    /// Tells the index and the ledger of room that was given back.
    #[inline]
    fn room_given(&mut self, request: &Request, host: HostId, emptied: Change) {
        let settled = self.placer.changed(host, request.zone, &mut self.fleet);
        if emptied == Change::Closed || settled == Change::Closed {
            self.ledger.note_shares(self.fleet.totals());
        }
    }

    /// Gives a slot back to its reservation; `false` where that needs it no more.
    #[cold]
    fn give_slot(&mut self, now: Time, request: &Request, id: CapacityReservationId, host: HostId) -> bool {
        if !self.reservations.give_back(request, id, host, &mut self.placer, &self.fleet) {
            return false;
        }
        let kind = self.reservations.get(id).kind;
        let unused = unused_reservation(kind, request.tenancy());
        self.billing.usage.take(now, request.account, unused, 1);
        if self.fleet.hosts()[host.index()].state != HostState::Active {
            // Nobody can use it there.
            self.reservations.move_slots(host, &mut self.placer, &mut self.fleet);
            self.note_hosts();
        }
        true
    }

    /// Returns what an instance asks of a host in its zone.
    #[inline]
    pub(super) fn request_of(&self, slot: Slot) -> Request {
        let instance = self.instances.get(slot);
        let request = Cloud::request(self.known(instance.kind), instance.account, instance.zone);
        if !instance.has_extras {
            return request;
        }
        let own = self.extras.get(slot).and_then(|extras| extras.constraint);
        Cloud::with_constraint(request, instance.kind, own)
    }

    /// A request with what its launch asks of the host beside what its type does.
    pub(super) fn with_constraint(request: Request, kind: TypeId, own: Option<Constraint>) -> Request {
        let Some(own) = own else { return request };
        let of_type = request.constraint.unwrap_or_default();
        let Constraint { group, tenancy, excluded, .. } = own;
        let names_type = matches!(tenancy, Tenancy::Host(_)).then_some(kind);
        let constraint = Constraint { group, tenancy, excluded, kind: names_type, ..of_type };
        Request { constraint: constraint.or_none(), ..request }
    }

    /// Returns where an instance has room now.
    #[inline]
    pub(super) fn seat_of(&self, slot: Slot) -> Seat {
        let instance = self.instances.get(slot);
        let reservation =
            if instance.has_extras { self.extras.get(slot).and_then(|it| it.reservation) } else { None };
        Seat { host: instance.host, reservation }
    }
}

/// Entry of a free slot of a capacity reservation on the bill.
pub(super) fn unused_reservation(kind: TypeId, tenancy: Tenancy) -> Item {
    Item::unused_reservation(kind, billed_tenancy(tenancy))
}

/// The tenancy that decides what an instance costs.
pub(super) fn billed_tenancy(tenancy: Tenancy) -> billing::BilledTenancy {
    match tenancy {
        Tenancy::Dedicated => billing::BilledTenancy::Dedicated,
        // On a dedicated host it is the host that costs.
        Tenancy::Shared | Tenancy::Host(_) => billing::BilledTenancy::Shared,
    }
}
