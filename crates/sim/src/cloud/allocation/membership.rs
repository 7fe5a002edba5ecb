//! Membership of instances in capacity reservations: instances take reserved capacity, and others follow when they leave it.

use std::collections::BTreeMap;

use crate::cloud::allocation::allocator::HostAllocation;
use crate::cloud::allocation::requests;
use crate::cloud::allocation::reservation_members::ReservationMembers;
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::units::{CapacityReservationId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::placement::request::{Request, Tenancy};
use plimsoll_model::placement::reservations::{Attributes, Preference};

/// Adds an instance that is on its host, in a slot of a reservation or outside.
#[cold]
pub fn enter(world: &mut World, slot: Slot, reservation: Option<CapacityReservationId>) {
    let instance = world.instances.get(slot).id;
    if let Some(id) = reservation {
        world.instances.extras_mut(slot).reservation = reservation;
        world.hosts.members.inside.entry(id).or_default().insert(instance, slot);
    } else if let Some(attributes) = attributes_of(world, slot)
        && let Some(outside) = world.hosts.members.outside.get_mut(&attributes)
    {
        outside.insert(instance, slot);
    }
}

/// Removes an instance that leaves its host, or one slot for another.
#[cold]
pub fn leave(world: &mut World, slot: Slot) {
    let instance = world.instances.get(slot).id;
    if let Some(id) = requests::allocation_of(world, slot).reservation {
        world.instances.extras_mut(slot).reservation = None;
        let inside = world.hosts.members.inside.get_mut(&id).expect("the reservation has an instance");
        inside.remove(&instance);
        if inside.is_empty() {
            world.hosts.members.inside.remove(&id);
        }
    } else if let Some(attributes) = attributes_of(world, slot)
        && let Some(outside) = world.hosts.members.outside.get_mut(&attributes)
    {
        outside.remove(&instance);
    }
}

/// Returns the attributes that open reservations compare; `None` where none may take the instance.
fn attributes_of(world: &World, slot: Slot) -> Option<Attributes> {
    let instance = world.instances.get(slot);
    let (mut tenancy, mut preference) = (Tenancy::Shared, Preference::Open);
    if let Some(extras) = world.instances.extras.get(slot).filter(|_| instance.has_extras) {
        tenancy = extras.constraint.unwrap_or_default().tenancy;
        preference = extras.preference;
    }
    let may_match =
        matches!(preference, Preference::Open | Preference::Only) && !matches!(tenancy, Tenancy::Host(_));
    may_match.then_some((instance.account, instance.kind, instance.zone, tenancy))
}

/// Returns the oldest instances outside that are pending or running, at most `most`.
pub fn oldest_outside(world: &World, attributes: &Attributes, most: u32) -> Vec<Slot> {
    let runs = |slot: &Slot| matches!(world.instances.get(*slot).state, State::Pending | State::Running);
    let outside = world.hosts.members.outside.get(attributes).into_iter().flat_map(BTreeMap::values);
    outside.copied().filter(runs).take(most as usize).collect()
}

/// Begins to track the instances of these attributes that are outside any reservation.
pub fn watch_outside(world: &mut World, attributes: Attributes) {
    if world.hosts.members.outside.contains_key(&attributes) {
        return;
    }
    let is_outside = |slot: Slot| {
        attributes_of(world, slot) == Some(attributes)
            && requests::allocation_of(world, slot).reservation.is_none()
    };
    let on_hosts = world.instances.slots().filter(|(_, instance)| instance.has_host);
    let outside = on_hosts.filter(|(slot, _)| is_outside(*slot));
    let outside = outside.map(|(slot, instance)| (instance.id, slot)).collect();
    world.hosts.members.outside.insert(attributes, outside);
}

/// Makes an instance outside a member of a reservation; it stays on its host.
pub fn take_over(world: &mut World, slot: Slot, id: CapacityReservationId) {
    leave(world, slot);
    enter(world, slot, Some(id));
}

/// Makes the oldest matching instance outside a member in place of one that has left. Returns whether there was one.
#[cold]
pub fn fill_vacancy(world: &mut World, id: CapacityReservationId) -> bool {
    let reservation = world.hosts.reservations.get(id);
    if !reservation.is_open || reservation.count == 0 {
        return false;
    }
    let follower = oldest_outside(world, &reservation.attributes(), 1);
    follower.into_iter().map(|slot| take_over(world, slot, id)).count() > 0
}

/// Panics unless the members of each reservation, and those outside, are the instances on hosts. Only those with extras can be
/// members, and who is outside is asked only where reservations are open to all.
pub fn assert_conserved(world: &World, with_extras: &[Slot]) {
    let mut expected = ReservationMembers::default();
    for attributes in world.hosts.members.outside.keys() {
        expected.outside.insert(*attributes, BTreeMap::new());
    }
    let concerns_all = !expected.outside.is_empty();
    let slots = world.instances.all_slots_or(with_extras, concerns_all);
    for slot in slots.filter(|slot| world.instances.get(*slot).has_host) {
        let instance = world.instances.get(slot);
        let place = match requests::allocation_of(world, slot).reservation {
            Some(id) => Some(expected.inside.entry(id).or_default()),
            None => attributes_of(world, slot).and_then(|attributes| expected.outside.get_mut(&attributes)),
        };
        place.into_iter().for_each(|place| _ = place.insert(instance.id, slot));
    }
    assert_eq!(world.hosts.members, expected, "an instance is in another room");
}

/// Releases the capacity of an instance. Returns whether a reservation keeps it for another instance.
#[inline]
pub fn release(world: &mut World, now: Time, request: &Request, allocation: HostAllocation) -> bool {
    let HostAllocation { host, affinity, reservation } = allocation;
    if let Some(id) = reservation
        && !fill_vacancy(world, id)
    {
        let books = (&mut world.billing.usage, &mut world.recorder.ledger);
        if world.hosts.return_slot(now, request, (id, (host, affinity)), books) {
            return true;
        }
    }
    world.hosts.release(request, (host, affinity), &mut world.recorder.ledger);
    false
}
