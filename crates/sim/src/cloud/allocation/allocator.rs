//! The host allocator: the one door to the capacity of hosts, free or held by capacity reservations.

use crate::cloud::allocation::reservation_members::ReservationMembers;
use crate::cloud::observe::ledger::Ledger;
use plimsoll_base::failure::Reason;
use plimsoll_base::units::{CapacityReservationId, HostId, Time, TypeId};
use plimsoll_model::billing::{self, Item, Usage};
use plimsoll_model::fleet::host::HostState;
use plimsoll_model::fleet::{Change, Fleet};
use plimsoll_model::placement::constraints::Tenancy;
use plimsoll_model::placement::placer::Placer;
use plimsoll_model::placement::provisions::Provisions;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::placement::strategy::{Request, Undo};

/// Capacity that an instance has on a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostAllocation {
    pub host: HostId,
    /// Capacity reservation that the capacity came from, and goes back to.
    pub reservation: Option<CapacityReservationId>,
}

/// Capacity just allocated, and the state of the strategy before, so that it can be undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingAllocation {
    pub allocation: HostAllocation,
    pub undo: Undo,
}

/// Reservations that an instance may use: its type must match, and so must its preference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReservationCriteria {
    pub kind: TypeId,
    pub preference: Preference,
}

/// Hosts, the placer that chooses among them, and the instances in capacity reservations.
pub struct HostAllocator {
    pub fleet: Fleet,
    pub placer: Placer,
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
    ) -> Result<PendingAllocation, Reason> {
        if self.placer.has_reservations()
            && let Some(allocation) = self.claim_slot(now, request, criteria, usage)?
        {
            return Ok(PendingAllocation { allocation, undo: Undo::default() });
        }
        let (host, undo) = self.place(request, may_open)?;
        Ok(PendingAllocation { allocation: HostAllocation { host, reservation: None }, undo })
    }

    /// Allocates free capacity on the host that the strategy chooses, or on one that is opened.
    #[inline(always)] // every launch
    pub fn place(&mut self, request: &Request, may_open: bool) -> Result<(HostId, Undo), Reason> {
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

    /// Takes over a slot of a reservation, if one matches.
    #[cold]
    fn claim_slot(
        &mut self,
        now: Time,
        request: &Request,
        criteria: ReservationCriteria,
        usage: &mut Usage,
    ) -> Result<Option<HostAllocation>, Reason> {
        let claimed = self.placer.claim(request, criteria.kind, criteria.preference, &self.fleet)?;
        Ok(claimed.map(|(id, host)| {
            usage.give(now, request.account, unused_reservation(criteria.kind, request.tenancy()), 1);
            HostAllocation { host, reservation: Some(id) }
        }))
    }

    /// Returns whether an instance of a request will take over a slot, which counts against quotas already.
    #[inline]
    pub fn is_counted(&self, request: &Request, criteria: ReservationCriteria) -> bool {
        let ReservationCriteria { kind, preference } = criteria;
        let seek = || self.placer.seek(request, kind, preference, &self.fleet);
        self.placer.has_reservations() && matches!(seek(), Ok(Some(_)))
    }

    /// Undoes an allocation for an instance that comes to nothing.
    pub fn undo(
        &mut self,
        now: Time,
        request: &Request,
        PendingAllocation { allocation, undo }: PendingAllocation,
        (usage, ledger): (&mut Usage, &mut Ledger),
    ) {
        let HostAllocation { host, reservation } = allocation;
        if let Some(id) = reservation {
            let is_back = self.return_slot(now, request, (id, host), (usage, ledger));
            return assert!(is_back, "the reservation of a slot that was taken just now is there");
        }
        let emptied = self.fleet.give(host, request.zone, &request.amounts);
        self.placer.undo(request, host, undo, &self.fleet);
        self.reindex(request, host, emptied, ledger);
    }

    /// Releases the capacity of an instance to the fleet.
    #[inline]
    pub fn release(&mut self, request: &Request, host: HostId, ledger: &mut Ledger) {
        let emptied = self.fleet.give(host, request.zone, &request.amounts);
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

    /// Returns a slot to its reservation; `false` where that was cancelled and needs it no more.
    #[cold]
    pub fn return_slot(
        &mut self,
        now: Time,
        request: &Request,
        (id, host): (CapacityReservationId, HostId),
        (usage, ledger): (&mut Usage, &mut Ledger),
    ) -> bool {
        if !self.placer.give_back(request, id, host, &self.fleet) {
            return false;
        }
        let kind = self.placer.reservation(id).kind;
        usage.take(now, request.account, unused_reservation(kind, request.tenancy()), 1);
        if self.fleet.hosts()[host.index()].state != HostState::Active {
            // The slot is of no use there.
            self.placer.move_slots(host, &mut self.fleet);
            ledger.note_fleet(self.fleet.totals());
            ledger.note_shares(self.fleet.totals());
        }
        true
    }
}

/// Entry of a free slot of a capacity reservation on the bill.
pub fn unused_reservation(kind: TypeId, tenancy: Tenancy) -> Item {
    Item::unused_reservation(kind, billed_tenancy(tenancy))
}

/// The tenancy that decides what an instance costs.
pub fn billed_tenancy(tenancy: Tenancy) -> billing::Tenancy {
    match tenancy {
        Tenancy::Dedicated => billing::Tenancy::Dedicated,
        // On a dedicated host it is the host that costs.
        Tenancy::Shared | Tenancy::Host(_) => billing::Tenancy::Shared,
    }
}
