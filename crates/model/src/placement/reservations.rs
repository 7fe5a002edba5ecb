//! Capacity reservations: room for instances of one type in one zone, held in slots on hosts.
//!
//! A slot is placed as an instance of its account would be, and counts as one for all other requests: it takes
//! room and one of the host's instances, keeps the host open, and keeps a host of dedicated tenancy its
//! account's own. It is a member of no placement group. A launch that matches takes over a slot on its
//! host, and the slot is free again when the instance leaves that host.
//!
//! Matching is by account, type, zone and tenancy (EC2 user guide, "Reserve compute capacity with EC2
//! On-Demand Capacity Reservations"); slots are used by launches into placement groups too, where the
//! group's rule allows their host ("Placement group rules and limitations"). Of several slots the one of
//! the first tier of the request is taken, of the oldest reservation, on the lowest host. One on a host
//! that is not active waits until that is.
//!
//! An instance elsewhere may count for a slot too: then the reservation no longer needs the slot
//! ([`Reservations::reserve`], [`Reservations::give_up_slot`]). The caller knows which instances those are.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::constraints::Tier;
use super::placer::Placer;
use super::request::{Constraint, Request, Tenancy};
use crate::fleet::Fleet;
use crate::fleet::host::HostState;
use crate::fleet::topology::Affinity;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, CapacityReservationId, HostId, Time, TypeId, ZoneId};

/// Reservation that a launch runs in (EC2's `CapacityReservationSpecification`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Preference {
    /// Any open reservation that matches and has a slot left, else none: EC2's default.
    #[default]
    Open,
    /// None.
    Avoid,
    /// An open reservation that matches; a launch is refused where none has a slot left.
    Only,
    /// A single reservation.
    Targeted(CapacityReservationId),
}

/// Host of a slot, and the parts of it that the slot is on.
pub type SlotPlace = (HostId, Affinity);

/// Attributes that an instance must have in common with a reservation.
pub type Attributes = (AccountId, TypeId, ZoneId, Tenancy);

/// Capacity reservation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// Type of its instances.
    pub kind: TypeId,
    /// Number of instances that it holds room for, used or not; 0 once it is cancelled \[instances\].
    pub count: u32,
    /// Free slots \[instances\].
    pub free: u32,
    /// True if any launch that matches may use it; otherwise only one that names it.
    pub is_open: bool,
    /// End date; `None` where it lasts until it is cancelled.
    pub until: Option<Time>,
    /// True if a call has cancelled it.
    pub is_cancelled: bool,
    /// Request of one slot.
    slot: Request,
    /// Free slots by host, and the parts of it that they are on.
    slots: BTreeMap<SlotPlace, u32>,
}

impl Reservation {
    /// Returns the account that pays for it.
    pub fn account(&self) -> AccountId {
        self.slot.account
    }

    /// Returns its zone.
    pub fn zone(&self) -> ZoneId {
        self.slot.zone
    }

    /// Returns the free slots by host and the parts of it that they are on \[instances\].
    pub fn slots(&self) -> &BTreeMap<SlotPlace, u32> {
        &self.slots
    }

    /// Returns the tenancy of its instances.
    pub fn tenancy(&self) -> Tenancy {
        self.slot.tenancy()
    }

    /// Returns the request of one slot.
    pub fn slot(&self) -> &Request {
        &self.slot
    }

    /// Returns the attributes that its instances have in common.
    pub fn attributes(&self) -> Attributes {
        (self.account(), self.kind, self.zone(), self.tenancy())
    }

    fn add(&mut self, place: SlotPlace) {
        self.free += 1;
        *self.slots.entry(place).or_default() += 1;
    }

    fn remove(&mut self, place: SlotPlace) {
        self.free -= 1;
        let slots = self.slots.get_mut(&place).expect("the reservation has a slot on the host");
        *slots -= 1;
        if *slots == 0 {
            self.slots.remove(&place);
        }
    }

    /// Returns the lowest host with a slot that a tier allows, and the parts of the slot.
    fn lowest(&self, tier: &Tier<'_>, fleet: &Fleet) -> Option<SlotPlace> {
        let is_active = |id: &HostId| fleet.hosts()[id.index()].state == HostState::Active;
        self.slots.keys().copied().find(|(id, _)| is_active(id) && tier.allows(*id, fleet))
    }
}

/// All reservations of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reservations {
    all: Vec<Reservation>,
    /// Reservations that are open and not cancelled.
    open: BTreeMap<Attributes, Vec<CapacityReservationId>>,
}

/// Terms of a reservation to be made.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Type of its instances.
    pub kind: TypeId,
    /// Number of instances that it holds room for \[instances\].
    pub count: u32,
    /// True if any launch that matches may use it; otherwise only one that names it.
    pub is_open: bool,
    /// End date; `None` where it lasts until it is cancelled.
    pub until: Option<Time>,
}

/// Changes of a reservation (`ModifyCapacityReservation`): what is `None` stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReservationChange {
    /// Number of instances that it holds room for \[instances\].
    pub count: Option<u32>,
    /// True if any launch that matches may use it.
    pub is_open: Option<bool>,
    /// End date.
    pub end: Option<ReservationEnd>,
}

/// End of a reservation (`EndDateType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ReservationEnd {
    /// None: until it is cancelled.
    Unlimited,
    /// Its end date.
    At(Time),
}

impl ReservationEnd {
    /// Returns the end date; `None` where it has none.
    pub fn date(self) -> Option<Time> {
        match self {
            ReservationEnd::Unlimited => None,
            ReservationEnd::At(until) => Some(until),
        }
    }
}

impl Reservations {
    /// Returns a reservation, cancelled or not.
    pub fn get(&self, id: CapacityReservationId) -> &Reservation {
        &self.all[id.index()]
    }

    /// Returns every reservation, cancelled or not.
    pub fn all(&self) -> &[Reservation] {
        &self.all
    }

    /// Returns the number of hosts with free slots \[hosts\].
    pub fn hosts(&self) -> u64 {
        let hosts: BTreeSet<HostId> =
            self.all.iter().flat_map(|of| of.slots().keys().map(|(host, _)| *host)).collect();
        hosts.len() as u64
    }

    /// Returns true while no reservation was ever made.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the open reservations of these attributes that are not cancelled, oldest first.
    pub fn open(&self, attributes: &Attributes) -> &[CapacityReservationId] {
        self.open.get(attributes).map_or(&[], Vec::as_slice)
    }

    /// Returns the free slots: the request of one, the host, and the number there \[instances\].
    pub fn free_slots(&self) -> impl Iterator<Item = (&Request, HostId, u32)> {
        self.all.iter().flat_map(|of| of.slots.iter().map(|((host, _), slots)| (&of.slot, *host, *slots)))
    }

    /// Reserves room for the instances of the terms (`CreateCapacityReservation`), `there` of which have room already.
    /// `slot` is the request of one of them: it joins no group, and its tenancy is shared or dedicated.
    ///
    /// # Errors
    ///
    /// The reason for which the first of them found no host; then nothing is reserved.
    pub fn reserve(
        &mut self,
        slot: &Request,
        terms: Terms,
        there: u32,
        placer: &mut Placer,
        fleet: &mut Fleet,
    ) -> Result<CapacityReservationId, FailureReason> {
        let Terms { kind, count, is_open, until } = terms;
        let is_plain = slot.group().is_none() && !matches!(slot.tenancy(), Tenancy::Host(_));
        assert!(is_plain, "a reservation is made of plain or dedicated slots");
        let places = place_slots(slot, count - there, placer, fleet)?;
        let mut made = Reservation {
            kind,
            count,
            free: 0,
            is_open,
            until,
            is_cancelled: false,
            slot: *slot,
            slots: BTreeMap::new(),
        };
        places.into_iter().for_each(|place| made.add(place));
        let id = CapacityReservationId(self.all.len() as u32);
        if is_open {
            self.open.entry(made.attributes()).or_default().push(id);
        }
        self.all.push(made);
        Ok(id)
    }

    /// Reserves room for so many more instances, `there` of which have room already.
    ///
    /// # Errors
    ///
    /// The reason for which the first of them found no host; then nothing is changed.
    pub fn grow(
        &mut self,
        id: CapacityReservationId,
        (more, there): (u32, u32),
        placer: &mut Placer,
        fleet: &mut Fleet,
    ) -> Result<(), FailureReason> {
        let reservation = &mut self.all[id.index()];
        let places = place_slots(&reservation.slot, more - there, placer, fleet)?;
        reservation.count += more;
        places.into_iter().for_each(|place| reservation.add(place));
        Ok(())
    }

    /// Gives back so many free slots, those on the lowest hosts first.
    pub fn shrink(&mut self, id: CapacityReservationId, fewer: u32, placer: &mut Placer, fleet: &mut Fleet) {
        assert!(fewer <= self.get(id).free, "only free slots are given back");
        (0..fewer).for_each(|_| self.give_up_slot(id, placer, fleet));
        self.all[id.index()].count -= fewer;
    }

    /// Opens a reservation to every launch that matches, or closes it to all that do not name it.
    pub fn set_open(&mut self, id: CapacityReservationId, is_open: bool) {
        let reservation = &mut self.all[id.index()];
        reservation.is_open = is_open;
        let open = self.open.entry(reservation.attributes()).or_default();
        open.retain(|other| *other != id);
        if is_open {
            // The oldest comes first.
            open.insert(open.partition_point(|other| *other < id), id);
        }
    }

    /// Notes that a call has cancelled a reservation, which has not come to its end date.
    pub fn note_cancelled(&mut self, id: CapacityReservationId) {
        self.all[id.index()].is_cancelled = true;
    }

    /// Changes the end date.
    pub fn set_end(&mut self, id: CapacityReservationId, until: Option<Time>) {
        self.all[id.index()].until = until;
    }

    /// Takes over a slot for a launch of a type. Returns the reservation, the host and its parts, where the instance runs without
    /// taking anything from the fleet; `None` where it is to be placed like any other.
    ///
    /// # Errors
    ///
    /// A reservation that is named must match and have a slot.
    pub fn claim(
        &mut self,
        request: &Request,
        kind: TypeId,
        preference: Preference,
        placer: &mut Placer,
        fleet: &mut Fleet,
    ) -> Result<Option<(CapacityReservationId, SlotPlace)>, FailureReason> {
        let found = self.seek(request, kind, preference, placer, fleet)?;
        if let Some((id, place @ (host, _))) = found {
            let reservation = &mut self.all[id.index()];
            reservation.remove(place);
            placer.recount(&reservation.slot, request, host, fleet);
        }
        Ok(found)
    }

    /// Returns the slot that [`Reservations::claim`] would take over. Changes nothing.
    ///
    /// # Errors
    ///
    /// A reservation that is named must match and have a slot.
    pub fn seek(
        &self,
        request: &Request,
        kind: TypeId,
        preference: Preference,
        placer: &Placer,
        fleet: &Fleet,
    ) -> Result<Option<(CapacityReservationId, SlotPlace)>, FailureReason> {
        let named;
        let candidates: &[CapacityReservationId] = match preference {
            Preference::Avoid => return Ok(None),
            Preference::Open | Preference::Only => {
                self.open(&(request.account, kind, request.zone, request.tenancy()))
            }
            Preference::Targeted(id) => {
                self.check_target(id, request, kind)?;
                named = [id];
                &named
            }
        };
        let found = self.find_slot(request, candidates, placer, fleet);
        match preference {
            Preference::Targeted(_) | Preference::Only if found.is_none() => {
                let left = candidates.iter().map(|id| u64::from(self.get(*id).free)).sum();
                Err(Failure::ReservationCapacityExceeded.because(LimitKind::ReservationInstances, 1, left))
            }
            _ => Ok(found),
        }
    }

    /// Lets an instance elsewhere count for a free slot of a reservation from now on; the room of the slot on the lowest
    /// host is given back.
    pub fn give_up_slot(&mut self, id: CapacityReservationId, placer: &mut Placer, fleet: &mut Fleet) {
        let reservation = &mut self.all[id.index()];
        let place = *reservation.slots.first_key_value().expect("the reservation has a free slot").0;
        reservation.remove(place);
        placer.give(&reservation.slot, place, fleet);
    }

    /// Gives the slot of an instance that leaves its host back to its reservation, and returns true: the fleet keeps
    /// what the instance took. Returns false where the reservation was cancelled: the instance is to be removed like any
    /// other.
    pub fn give_back(
        &mut self,
        request: &Request,
        id: CapacityReservationId,
        place: SlotPlace,
        placer: &mut Placer,
        fleet: &mut Fleet,
    ) -> bool {
        let reservation = &mut self.all[id.index()];
        if reservation.count == 0 {
            return false;
        }
        reservation.add(place);
        placer.recount(request, &reservation.slot, place.0, fleet);
        true
    }

    /// Cancels a reservation, or lets it expire (`CancelCapacityReservation`). Returns the number of free slots, which
    /// are given back; instances in the others are ordinary from now on. Hosts of elastic groups may close.
    ///
    /// # Errors
    ///
    /// The account must have such a reservation.
    pub fn cancel(
        &mut self,
        account: AccountId,
        id: CapacityReservationId,
        placer: &mut Placer,
        fleet: &mut Fleet,
    ) -> Result<u32, FailureReason> {
        self.check_exists(account, id)?;
        let Reservations { all, open } = self;
        let slots = BTreeMap::new();
        let emptied = Reservation { count: 0, free: 0, slots, ..all[id.index()].clone() };
        let cancelled = std::mem::replace(&mut all[id.index()], emptied);
        if let Some(ids) = open.get_mut(&cancelled.attributes()) {
            ids.retain(|open| *open != id);
        }
        for (place, slots) in &cancelled.slots {
            (0..*slots).for_each(|_| placer.give(&cancelled.slot, *place, fleet));
        }
        Ok(cancelled.free)
    }

    /// Places the free slots of a host that has gone out of service on other hosts. Returns the
    /// number that found one; the others wait for the host.
    pub fn move_slots(&mut self, host: HostId, placer: &mut Placer, fleet: &mut Fleet) -> u32 {
        let mut moved = 0;
        for reservation in &mut self.all {
            let slots = reservation.slots.range((host, Affinity::default())..);
            let here = slots.take_while(|((of, _), _)| *of == host);
            let leaving = here.flat_map(|(place, slots)| vec![*place; *slots as usize]);
            for place in leaving.collect::<Vec<_>>() {
                let slot = reservation.slot;
                let elsewhere = Constraint { excluded: Some(host), ..slot.constraint.unwrap_or_default() };
                let moving = Request { constraint: Some(elsewhere), ..slot };
                let Some(other) = placer.choose(&moving, fleet) else { break };
                let (affinity, _) = placer.take(&slot, other, fleet);
                placer.give(&slot, place, fleet);
                reservation.add((other, affinity));
                reservation.remove(place);
                moved += 1;
            }
        }
        moved
    }

    fn find_slot(
        &self,
        request: &Request,
        candidates: &[CapacityReservationId],
        placer: &Placer,
        fleet: &Fleet,
    ) -> Option<(CapacityReservationId, SlotPlace)> {
        if candidates.iter().all(|id| self.get(*id).free == 0) {
            return None;
        }
        let slot_in = |tier: &Tier<'_>, id: CapacityReservationId| {
            self.get(id).lowest(tier, fleet).map(|place| (id, place))
        };
        let tiers = placer.slot_tiers(request);
        tiers.iter().find_map(|tier| candidates.iter().find_map(|id| slot_in(tier, *id)))
    }

    /// Checks that the account has such a reservation, and has not cancelled it.
    pub fn check_exists(&self, account: AccountId, id: CapacityReservationId) -> Result<(), FailureReason> {
        let is_there = |reservation: &&Reservation| reservation.account() == account && reservation.count > 0;
        let found = self.all.get(id.index()).filter(is_there);
        found.map(|_| ()).ok_or(Failure::InvalidCapacityReservationIdNotFound.into())
    }

    fn check_target(
        &self,
        id: CapacityReservationId,
        request: &Request,
        kind: TypeId,
    ) -> Result<(), FailureReason> {
        self.check_exists(request.account, id)?;
        let reservation = self.get(id);
        let matches = (reservation.kind, reservation.zone(), reservation.tenancy())
            == (kind, request.zone, request.tenancy());
        if matches { Ok(()) } else { Err(Failure::InvalidParameterValue.into()) }
    }
}

/// Takes room for so many slots.
///
/// # Errors
///
/// The reason for which the first of them found no host; then none is taken.
fn place_slots(
    slot: &Request,
    count: u32,
    placer: &mut Placer,
    fleet: &mut Fleet,
) -> Result<Vec<SlotPlace>, FailureReason> {
    let mut placed = Vec::new();
    for _ in 0..count {
        let Some(host) = placer.choose(slot, fleet).or_else(|| placer.open(slot, fleet)) else {
            let reason = placer.explain(slot, fleet);
            while let Some((host, undo)) = placed.pop() {
                placer.undo_take(slot, host, undo, fleet);
            }
            return Err(reason);
        };
        placed.push((host, placer.take(slot, host, fleet)));
    }
    Ok(placed.into_iter().map(|(host, (affinity, _))| (host, affinity)).collect())
}
