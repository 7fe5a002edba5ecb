//! Host allocator: the only access to the capacity of hosts, free or held by capacity reservations.

use crate::cloud::allocation::reservation_members::ReservationMembers;
use crate::cloud::observe::ledger::Ledger;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, CapacityReservationId, HostId, Time, TypeId};
use plimsoll_model::billing::{self, Item, Usage};
use plimsoll_model::fleet::host::HostState;
use plimsoll_model::fleet::topology::Affinity;
use plimsoll_model::fleet::{Change, Fleet};
use plimsoll_model::placement::placer::Placer;
use plimsoll_model::placement::provisions::Provisions;
use plimsoll_model::placement::request::{Request, Tenancy};
use plimsoll_model::placement::reservations::{Preference, Reservations, Terms};
use plimsoll_model::placement::strategy::Undo;
use plimsoll_model::placement::tenancies::Ownership;
use plimsoll_model::workload::demand::ResidentPlace;

/// Capacity that an instance has on a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostAllocation {
    pub host: HostId,
    /// Parts of the host, where it is divided.
    pub affinity: Affinity,
    /// Capacity reservation that the capacity came from, and goes back to.
    pub reservation: Option<CapacityReservationId>,
}

/// Capacity just allocated, and the state of the strategy before, so that it can be undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingAllocation {
    pub allocation: HostAllocation,
    pub undo: Undo,
}

/// Type and preference of an instance, which decide the reservations that it may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReservationCriteria {
    pub kind: TypeId,
    pub preference: Preference,
}

/// Hosts, the placer that chooses among them, and the instances in capacity reservations.
pub struct HostAllocator {
    pub fleet: Fleet,
    pub placer: Placer,
    pub reservations: Reservations,
    pub members: ReservationMembers,
    /// Groups, dedicated hosts and reservations that the scenario provides.
    pub provisions: Provisions,
}

impl HostAllocator {
    /// Allocates a slot of a matching reservation, or capacity on the host that the strategy chooses, or on one that is
    /// opened.
    #[inline(always)] // every launch
    pub fn allocate(
        &mut self,
        now: Time,
        request: &Request,
        criteria: ReservationCriteria,
        may_open: bool,
        usage: &mut Usage,
    ) -> Result<PendingAllocation, FailureReason> {
        self.placer.advance(now, &mut self.fleet);
        if !self.reservations.is_empty()
            && let Some(allocation) = self.claim_slot(now, request, criteria, usage)?
        {
            return Ok(PendingAllocation { allocation, undo: Undo::default() });
        }
        self.place(request, may_open)
    }

    /// Allocates free capacity on the host that the strategy chooses, or on one that is opened.
    #[inline(always)] // every launch
    pub fn place(&mut self, request: &Request, may_open: bool) -> Result<PendingAllocation, FailureReason> {
        let mut host = self.placer.choose(request, &self.fleet);
        if host.is_none() && may_open {
            host = self.placer.open(request, &mut self.fleet);
        }
        let host = host.ok_or_else(|| self.placer.explain(request, &self.fleet))?;
        let affinity = self.fleet.take(host, request.zone, request.footprint());
        let undo = self.placer.placed(request, host, &self.fleet);
        self.placer.changed(host, request.zone, &mut self.fleet);
        Ok(PendingAllocation { allocation: HostAllocation { host, affinity, reservation: None }, undo })
    }

    /// Allocates capacity on a host that is named, and on the parts of it that are, for an instance that is there already; `None`
    /// where there is no room or the host does not run the type.
    pub fn allocate_on(&mut self, request: &Request, place: ResidentPlace) -> Option<HostAllocation> {
        let ResidentPlace { host, affinity } = place;
        let constraint = request.constraint.unwrap_or_default();
        let takes = match (constraint.tenancy, self.placer.tenancies().owner(host)) {
            (Tenancy::Shared, None) if !constraint.whole => self.fleet.accepts(host),
            (Tenancy::Shared | Tenancy::Dedicated, None) => self.fleet.is_vacant(host),
            (Tenancy::Dedicated, Some(owner)) => owner == (request.account, Ownership::Instances),
            (Tenancy::Host(_), Some(owner)) => {
                owner == (request.account, Ownership::Allocated)
                    && self.placer.suits(request, host, &self.fleet)
            }
            (Tenancy::Shared, Some(_)) | (Tenancy::Host(_), None) => false,
        };
        let is_fit = self.fleet.has_room(host, &request.footprint());
        if !takes || !is_fit || self.fleet.is_barred(host, constraint.barred) {
            return None;
        }
        let affinity = match affinity {
            None => self.fleet.take(host, request.zone, request.footprint()),
            Some(on) if self.fleet.take_on(host, request.zone, request.footprint(), on) => on,
            Some(_) => return None,
        };
        self.placer.added(request, host, &self.fleet);
        self.placer.changed(host, request.zone, &mut self.fleet);
        Some(HostAllocation { host, affinity, reservation: None })
    }

    /// Takes over a slot of a reservation, if one matches.
    #[cold]
    fn claim_slot(
        &mut self,
        now: Time,
        request: &Request,
        criteria: ReservationCriteria,
        usage: &mut Usage,
    ) -> Result<Option<HostAllocation>, FailureReason> {
        let claimed = self.reservations.claim(
            request,
            criteria.kind,
            criteria.preference,
            &mut self.placer,
            &mut self.fleet,
        )?;
        Ok(claimed.map(|(id, (host, affinity))| {
            usage.give(now, request.account, unused_reservation(criteria.kind, request.tenancy()), 1);
            HostAllocation { host, affinity, reservation: Some(id) }
        }))
    }

    /// Returns whether an instance of a request will take over a slot, which counts against quotas already.
    #[inline]
    pub fn is_counted(&self, request: &Request, criteria: ReservationCriteria) -> bool {
        let ReservationCriteria { kind, preference } = criteria;
        let seek = || self.reservations.seek(request, kind, preference, &self.placer, &self.fleet);
        !self.reservations.is_empty() && matches!(seek(), Ok(Some(_)))
    }

    /// Undoes an allocation for an instance that is not launched.
    pub fn undo(
        &mut self,
        now: Time,
        request: &Request,
        PendingAllocation { allocation, undo }: PendingAllocation,
        (usage, ledger): (&mut Usage, &mut Ledger),
    ) {
        let HostAllocation { host, affinity, reservation } = allocation;
        if let Some(id) = reservation {
            let is_back = self.return_slot(now, request, (id, (host, affinity)), (usage, ledger));
            return assert!(is_back, "the reservation of a slot that was taken just now is there");
        }
        let emptied = self.fleet.give(host, request.zone, request.footprint(), affinity);
        self.placer.undo(request, host, undo, &self.fleet);
        self.reindex(request, host, emptied, ledger);
    }

    /// Releases the capacity of an instance to the fleet.
    #[inline]
    pub fn release(&mut self, request: &Request, (host, affinity): (HostId, Affinity), ledger: &mut Ledger) {
        let emptied = self.fleet.give(host, request.zone, request.footprint(), affinity);
        self.placer.removed(request, host, &self.fleet);
        self.reindex(request, host, emptied, ledger);
    }

    /// Updates the index after a release, and the peaks where that closed a host.
    #[inline]
    fn reindex(&mut self, request: &Request, host: HostId, emptied: Change, ledger: &mut Ledger) {
        let settled = self.placer.changed(host, request.zone, &mut self.fleet);
        if emptied == Change::Closed || settled == Change::Closed {
            ledger.note_shares(self.fleet.totals());
        }
    }

    /// Returns a slot to its reservation; `false` where that was cancelled and no longer needs it.
    #[cold]
    pub fn return_slot(
        &mut self,
        now: Time,
        request: &Request,
        (id, place): (CapacityReservationId, (HostId, Affinity)),
        (usage, ledger): (&mut Usage, &mut Ledger),
    ) -> bool {
        if !self.reservations.give_back(request, id, place, &mut self.placer, &mut self.fleet) {
            return false;
        }
        let kind = self.reservations.get(id).kind;
        usage.take(now, request.account, unused_reservation(kind, request.tenancy()), 1);
        let (host, _) = place;
        if self.fleet.hosts()[host.index()].state != HostState::Active {
            // The slot is of no use there.
            self.reservations.move_slots(host, &mut self.placer, &mut self.fleet);
            ledger.note_fleet(self.fleet.totals());
            ledger.note_shares(self.fleet.totals());
        }
        true
    }

    /// Reserves capacity for the instances of a reservation, some of which have theirs already.
    pub fn reserve(
        &mut self,
        slot: &Request,
        terms: Terms,
        existing: u32,
    ) -> Result<CapacityReservationId, FailureReason> {
        self.reservations.reserve(slot, terms, existing, &mut self.placer, &mut self.fleet)
    }

    /// Reserves capacity for so many more instances, some of which have it already.
    pub fn grow(&mut self, id: CapacityReservationId, more: u32, existing: u32) -> Result<(), FailureReason> {
        self.reservations.grow(id, (more, existing), &mut self.placer, &mut self.fleet)
    }

    /// Releases the capacity of so many free slots.
    pub fn shrink(&mut self, id: CapacityReservationId, fewer: u32) {
        self.reservations.shrink(id, fewer, &mut self.placer, &mut self.fleet);
    }

    /// Cancels a reservation. Returns the number of free slots whose capacity was released.
    pub fn cancel(&mut self, account: AccountId, id: CapacityReservationId) -> Result<u32, FailureReason> {
        self.reservations.cancel(account, id, &mut self.placer, &mut self.fleet)
    }

    /// Releases the capacity of a free slot; an instance elsewhere counts for it from now on.
    pub fn give_up_slot(&mut self, id: CapacityReservationId) {
        self.reservations.give_up_slot(id, &mut self.placer, &mut self.fleet);
    }

    /// Moves the free slots of a host that has gone out of service.
    pub fn move_slots(&mut self, host: HostId) {
        self.reservations.move_slots(host, &mut self.placer, &mut self.fleet);
    }
}

/// Returns the entry of a free slot of a capacity reservation on the bill.
pub fn unused_reservation(kind: TypeId, tenancy: Tenancy) -> Item {
    Item::unused_reservation(kind, billed_tenancy(tenancy))
}

/// Returns the tenancy that decides the price of an instance.
pub fn billed_tenancy(tenancy: Tenancy) -> billing::BilledTenancy {
    match tenancy {
        Tenancy::Dedicated => billing::BilledTenancy::Dedicated,
        // On a dedicated host the host is billed.
        Tenancy::Shared | Tenancy::Host(_) => billing::BilledTenancy::Shared,
    }
}
