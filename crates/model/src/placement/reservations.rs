//! Capacity reservations: room for instances of one type in one zone, held in slots on hosts.
//!
//! A slot is placed as an instance of its account would be, and counts as one for everybody else: it takes
//! room and one of the host's instances, keeps the host open, and keeps a host of dedicated tenancy its
//! account's own. It is a member of no placement group. A launch that matches takes a slot over where it
//! stands, and the slot comes back when the instance gives its host back.
//!
//! Matching is by account, type, zone and tenancy (EC2 user guide, "Reserve compute capacity with EC2
//! On-Demand Capacity Reservations"); slots are used by launches into placement groups too, where the
//! group's rule allows their host ("Placement group rules and limitations"). Of several slots the one of
//! the first tier of the request is taken, of the oldest reservation, on the lowest host. One on a host
//! that is not active waits until that is.
//!
//! An instance that stands elsewhere may count for a slot too: then the reservation needs that one no more
//! ([`Placer::reserve`], [`Placer::give_up_slot`]). Which instances those are their owner knows.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::constraints::{self, Constraint, Tenancy, Tier};
use super::placer::Placer;
use super::strategy::{Request, Undo};
use crate::fleet::Fleet;
use crate::fleet::host::HostState;
use plimsoll_base::failure::{Bound, Failure, Reason};
use plimsoll_base::units::{AccountId, CapacityReservationId, HostId, TypeId, ZoneId};

/// Which reservation a launch runs in (EC2's `CapacityReservationSpecification`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Preference {
    /// Any open one that matches and has a slot left, else none: EC2's default.
    #[default]
    Open,
    /// None.
    Avoid,
    /// Some open one that matches; a launch is refused where none has a slot left.
    Only,
    /// This one only.
    Targeted(CapacityReservationId),
}

/// Attributes that an instance must have in common with a reservation.
pub type Attributes = (AccountId, TypeId, ZoneId, Tenancy);

/// One reservation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// The type of its instances.
    pub kind: TypeId,
    /// Instances it holds room for, used or not; 0 once it is cancelled \[instances\].
    pub count: u32,
    /// Free slots \[instances\].
    pub free: u32,
    /// Any launch that matches may use it; otherwise only one that names it.
    pub is_open: bool,
    /// One slot as a request.
    slot: Request,
    /// Free slots by host.
    slots: BTreeMap<HostId, u32>,
}

impl Reservation {
    /// Who pays for it.
    pub fn account(&self) -> AccountId {
        self.slot.account
    }

    /// Where it is.
    pub fn zone(&self) -> ZoneId {
        self.slot.zone
    }

    /// Free slots by host \[instances\].
    pub fn slots(&self) -> &BTreeMap<HostId, u32> {
        &self.slots
    }

    /// Whose instances may be on the hosts of its slots.
    pub fn tenancy(&self) -> Tenancy {
        tenancy(&self.slot)
    }

    /// Free slot as a request.
    pub fn slot(&self) -> &Request {
        &self.slot
    }

    /// Attributes that its instances have in common.
    pub fn attributes(&self) -> Attributes {
        (self.account(), self.kind, self.zone(), self.tenancy())
    }

    fn add(&mut self, host: HostId) {
        self.free += 1;
        *self.slots.entry(host).or_default() += 1;
    }

    fn remove(&mut self, host: HostId) {
        self.free -= 1;
        let slots = self.slots.get_mut(&host).expect("the reservation has a slot on the host");
        *slots -= 1;
        if *slots == 0 {
            self.slots.remove(&host);
        }
    }

    /// The lowest host with a slot that a tier allows.
    fn lowest(&self, tier: &Tier<'_>, fleet: &Fleet) -> Option<HostId> {
        let is_active = |id: &HostId| fleet.hosts()[id.index()].state == HostState::Active;
        self.slots.keys().copied().find(|id| is_active(id) && tier.allows(*id, fleet))
    }
}

fn tenancy(request: &Request) -> Tenancy {
    request.tenancy()
}

/// All reservations of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reservations {
    all: Vec<Reservation>,
    /// Those that are open and not cancelled.
    open: BTreeMap<Attributes, Vec<CapacityReservationId>>,
}

impl Reservations {
    /// The free slots: what one is as a request, and how many there are on which host.
    pub(super) fn free_slots(&self) -> impl Iterator<Item = (&Request, HostId, u32)> {
        self.all.iter().flat_map(|of| of.slots.iter().map(|(host, slots)| (&of.slot, *host, *slots)))
    }
}

/// What a reservation is made of.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The type of its instances.
    pub kind: TypeId,
    /// Instances it holds room for \[instances\].
    pub count: u32,
    /// Any launch that matches may use it; otherwise only one that names it.
    pub is_open: bool,
}

impl Placer {
    /// A reservation, cancelled or not.
    pub fn reservation(&self, id: CapacityReservationId) -> &Reservation {
        &self.reservations.all[id.index()]
    }

    /// Every reservation, cancelled or not.
    pub fn reservations(&self) -> &[Reservation] {
        &self.reservations.all
    }

    /// How many hosts have free slots \[hosts\].
    pub fn hosts_reserved(&self) -> u64 {
        let hosts: BTreeSet<HostId> =
            self.reservations().iter().flat_map(|reservation| reservation.slots().keys().copied()).collect();
        hosts.len() as u64
    }

    /// True while no reservation was ever made.
    #[inline]
    pub fn has_reservations(&self) -> bool {
        !self.reservations.all.is_empty()
    }

    /// The open reservations of these attributes that are not cancelled, oldest first.
    pub fn open_reservations(&self, attributes: &Attributes) -> &[CapacityReservationId] {
        self.reservations.open.get(attributes).map_or(&[], Vec::as_slice)
    }

    /// Reserves room for all instances of the terms but those that are there, so many, or for none
    /// (`CreateCapacityReservation`). `slot` is one of them as a request: it joins no group, and its tenancy is
    /// shared or dedicated.
    pub fn reserve(
        &mut self,
        slot: &Request,
        terms: Terms,
        there: u32,
        fleet: &mut Fleet,
    ) -> Result<CapacityReservationId, Reason> {
        let Terms { kind, count, is_open } = terms;
        let is_plain = slot.group().is_none() && !matches!(tenancy(slot), Tenancy::Host(_));
        assert!(is_plain, "a reservation is made of plain or dedicated slots");
        let mut placed = Vec::new();
        let mut made = Reservation { kind, count, free: 0, is_open, slot: *slot, slots: BTreeMap::new() };
        for _ in there..count {
            let Some(host) = self.choose(slot, fleet).or_else(|| self.open(slot, fleet)) else {
                let reason = self.explain(slot, fleet);
                while let Some((host, undo)) = placed.pop() {
                    self.undo_slot(slot, host, undo, fleet);
                }
                return Err(reason);
            };
            placed.push((host, self.take(slot, host, fleet)));
            made.add(host);
        }
        let id = CapacityReservationId(self.reservations.all.len() as u32);
        if is_open {
            self.reservations.open.entry(made.attributes()).or_default().push(id);
        }
        self.reservations.all.push(made);
        Ok(id)
    }

    /// Takes over a slot for a launch of a type: the reservation and the host, where the instance runs
    /// without anything being taken from the fleet; `None` where it is to be placed like any other. A
    /// reservation that is named must match and have a slot.
    pub fn claim(
        &mut self,
        request: &Request,
        kind: TypeId,
        preference: Preference,
        fleet: &Fleet,
    ) -> Result<Option<(CapacityReservationId, HostId)>, Reason> {
        let found = self.seek(request, kind, preference, fleet)?;
        if let Some((id, host)) = found {
            self.reservations.all[id.index()].remove(host);
            let slot = self.reservations.all[id.index()].slot;
            self.convert(&slot, request, host, fleet);
        }
        Ok(found)
    }

    /// The slot that [`Placer::claim`] would take over. Changes nothing.
    pub fn seek(
        &self,
        request: &Request,
        kind: TypeId,
        preference: Preference,
        fleet: &Fleet,
    ) -> Result<Option<(CapacityReservationId, HostId)>, Reason> {
        let named;
        let candidates: &[CapacityReservationId] = match preference {
            Preference::Avoid => return Ok(None),
            Preference::Open | Preference::Only => {
                self.open_reservations(&(request.account, kind, request.zone, tenancy(request)))
            }
            Preference::Targeted(id) => {
                self.check_target(id, request, kind)?;
                named = [id];
                &named
            }
        };
        let found = self.find_slot(request, candidates, fleet);
        match preference {
            Preference::Targeted(_) | Preference::Only if found.is_none() => {
                let left = candidates.iter().map(|id| u64::from(self.reservation(*id).free)).sum();
                Err(Failure::ReservationCapacityExceeded.because(Bound::ReservationInstances, 1, left))
            }
            _ => Ok(found),
        }
    }

    /// An instance elsewhere counts for a free slot of a reservation from now on, whose room on the lowest host
    /// is given back.
    pub fn give_up_slot(&mut self, id: CapacityReservationId, fleet: &mut Fleet) {
        let reservation = &mut self.reservations.all[id.index()];
        let host = *reservation.slots.first_key_value().expect("the reservation has a free slot").0;
        reservation.remove(host);
        let slot = reservation.slot;
        self.give(&slot, host, fleet);
    }

    /// The instance of a claim leaves its host. `true`: its slot is the reservation's again, and the fleet
    /// keeps what it took. `false`: the reservation was cancelled, so the instance is to be released like
    /// any other.
    pub fn give_back(
        &mut self,
        request: &Request,
        id: CapacityReservationId,
        host: HostId,
        fleet: &Fleet,
    ) -> bool {
        let reservation = &mut self.reservations.all[id.index()];
        if reservation.count == 0 {
            return false;
        }
        reservation.add(host);
        let slot = reservation.slot;
        self.convert(request, &slot, host, fleet);
        true
    }

    /// Cancels a reservation, or lets it expire (`CancelCapacityReservation`): its free slots are given back,
    /// so many; instances in the others are ordinary from now on. Hosts of elastic groups may close.
    pub fn cancel(
        &mut self,
        account: AccountId,
        id: CapacityReservationId,
        fleet: &mut Fleet,
    ) -> Result<u32, Reason> {
        self.check_exists(account, id)?;
        let Reservations { all, open } = &mut self.reservations;
        let slots = BTreeMap::new();
        let emptied = Reservation { count: 0, free: 0, slots, ..all[id.index()].clone() };
        let mut cancelled = std::mem::replace(&mut all[id.index()], emptied);
        if let Some(ids) = open.get_mut(&cancelled.attributes()) {
            ids.retain(|open| *open != id);
        }
        let freed = cancelled.free;
        self.free_slots(&mut cancelled, fleet);
        Ok(freed)
    }

    /// Places the free slots of a host anew, which is to be called when it has gone out of service; how many
    /// found another. The others wait for the host.
    pub fn move_slots(&mut self, host: HostId, fleet: &mut Fleet) -> u32 {
        let mut moved = 0;
        for i in 0..self.reservations.all.len() {
            for _ in 0..self.reservations.all[i].slots.get(&host).copied().unwrap_or(0) {
                let slot = self.reservations.all[i].slot;
                let elsewhere = Constraint { excluded: Some(host), ..slot.constraint.unwrap_or_default() };
                let moving = Request { constraint: Some(elsewhere), ..slot };
                let Some(other) = self.choose(&moving, fleet) else { break };
                self.take(&slot, other, fleet);
                self.give(&slot, host, fleet);
                self.reservations.all[i].add(other);
                self.reservations.all[i].remove(host);
                moved += 1;
            }
        }
        moved
    }

    fn find_slot(
        &self,
        request: &Request,
        candidates: &[CapacityReservationId],
        fleet: &Fleet,
    ) -> Option<(CapacityReservationId, HostId)> {
        let constraint = request.constraint.unwrap_or_default();
        if candidates.iter().all(|id| self.reservation(*id).free == 0) {
            return None;
        }
        let slot_in = |tier: &Tier<'_>, id: CapacityReservationId| {
            self.reservation(id).lowest(tier, fleet).map(|host| (id, host))
        };
        constraints::slot_tiers(request, &constraint, &self.groups, &self.tenancies)
            .iter()
            .find_map(|tier| candidates.iter().find_map(|id| slot_in(tier, *id)))
    }

    fn check_exists(&self, account: AccountId, id: CapacityReservationId) -> Result<(), Reason> {
        let is_there = |reservation: &&Reservation| reservation.account() == account && reservation.count > 0;
        let found = self.reservations.all.get(id.index()).filter(is_there);
        found.map(|_| ()).ok_or(Failure::InvalidCapacityReservationIdNotFound.into())
    }

    fn check_target(&self, id: CapacityReservationId, request: &Request, kind: TypeId) -> Result<(), Reason> {
        self.check_exists(request.account, id)?;
        let reservation = self.reservation(id);
        let matches = (reservation.kind, reservation.zone(), reservation.tenancy())
            == (kind, request.zone, tenancy(request));
        if matches { Ok(()) } else { Err(Failure::InvalidParameterValue.into()) }
    }

    /// A slot becomes an instance, or the other way round: nothing moves, it only counts differently.
    fn convert(&mut self, from: &Request, into: &Request, host: HostId, fleet: &Fleet) {
        self.removed(from, host, fleet);
        self.added(into, host, fleet);
    }

    fn free_slots(&mut self, reservation: &mut Reservation, fleet: &mut Fleet) {
        for (host, slots) in std::mem::take(&mut reservation.slots) {
            (0..slots).for_each(|_| self.give(&reservation.slot, host, fleet));
        }
    }

    fn take(&mut self, slot: &Request, host: HostId, fleet: &mut Fleet) -> Undo {
        fleet.take(host, slot.zone, &slot.amounts);
        let undo = self.placed(slot, host, fleet);
        self.changed(host, slot.zone, fleet);
        undo
    }

    fn undo_slot(&mut self, slot: &Request, host: HostId, undo: Undo, fleet: &mut Fleet) {
        fleet.give(host, slot.zone, &slot.amounts);
        self.undo(slot, host, undo, fleet);
        self.changed(host, slot.zone, fleet);
    }

    fn give(&mut self, slot: &Request, host: HostId, fleet: &mut Fleet) {
        fleet.give(host, slot.zone, &slot.amounts);
        self.removed(slot, host, fleet);
        self.changed(host, slot.zone, fleet);
    }
}
