//! Conservation: every resource in use is used by exactly one instance. Checked after every event in tests and at the end
//! of every run.

use std::collections::BTreeMap;

use crate::cloud::allocation::allocator::unused_reservation;
use crate::cloud::allocation::{membership, requests};
use crate::cloud::instances::quota_claims;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::observe::ledger::InstanceTotal;
use crate::cloud::world::World;
use plimsoll_base::units::{AccountId, CapacityReservationId, Footprint, HostId, PlacementGroupId, ZoneId};
use plimsoll_model::billing::Item;
use plimsoll_model::fleet::topology::{Affinity, Parts};
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::headroom::Census;
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::NO_ADDRESS;
use plimsoll_model::placement::groups::{GroupRule, Members};
use plimsoll_model::placement::request::{Constraint, Membership, Tenancy};
use plimsoll_model::placement::tenancies::Ownership;

/// Panics unless every resource in use is used by exactly one instance.
pub fn assert_conserved(world: &World) {
    world.hosts.fleet.assert_conserved();
    let mut on_hosts = vec![0u32; world.hosts.fleet.hosts().len()];
    let (mut running, mut stopped, mut addresses, mut public, mut alive) = (0, 0, 0, 0, 0);
    // Instances with extras, which most checks concern, are found in one pass over all.
    let mut with_extras = Vec::new();
    for (slot, instance) in world.instances.slots() {
        if instance.has_extras {
            with_extras.push(slot);
        }
        if instance.state == State::Terminated {
            continue;
        }
        alive += 1;
        running += u64::from(instance.state == State::Running);
        stopped += u64::from(instance.state == State::Stopped);
        addresses += u64::from(instance.address != NO_ADDRESS);
        public += u64::from(instance.has_public_address);
        if instance.has_host {
            on_hosts[instance.host.index()] += 1;
        }
    }
    for reservation in world.hosts.reservations.all() {
        for ((host, _), slots) in reservation.slots() {
            on_hosts[host.index()] += slots;
        }
    }
    assert_parts(world);
    if world.recorder.headroom.is_some() {
        let (fleet, placer) = (&world.hosts.fleet, &world.hosts.placer);
        assert_eq!(Census::by_zone(fleet, placer), Census::by_scan(fleet), "a census misses hosts");
    }
    let expected = world.hosts.fleet.hosts().iter().map(|host| host.instances);
    assert!(on_hosts.into_iter().eq(expected), "hosts hold instances that are not on them");
    assert_eq!(alive, world.instances.alive(), "instances were lost");
    world.instances.assert_live();
    assert_eq!(
        running,
        world.recorder.ledger.instances[InstanceTotal::Running as usize],
        "running instances"
    );
    let by_type: u64 = world.types.known.iter().flatten().map(|kind| kind.running).sum();
    assert_eq!(by_type, running, "running instances of all types");
    assert_eq!(
        stopped,
        world.recorder.ledger.instances[InstanceTotal::Stopped as usize],
        "stopped instances"
    );
    world.network.assert_conserved(addresses, public);
    world.storage.assert_conserved(&world.billing.usage);
    if let Some(control) = &world.control {
        control.assert_conserved();
    }
    if let Some(reactions) = &world.reactions {
        reactions.assert_conserved();
    }
    assert_quotas(world);
    assert_groups(world, &with_extras);
    assert_tenancies(world, &with_extras);
    assert_reservations(world, &with_extras);
    world.recorder.ledger.assert_noted(world.hosts.fleet.totals(), world.hosts_vary());
    if alive == 0 {
        assert_nothing_is_left(world);
    }
}

/// Panics unless the parts of divided hosts hold exactly the instances and free slots that are on them.
fn assert_parts(world: &World) {
    let fleet = &world.hosts.fleet;
    if !fleet.has_divided_hosts() {
        return;
    }
    let mut held: BTreeMap<HostId, Parts> = BTreeMap::new();
    let mut take = |host: HostId, footprint: &Footprint, affinity: Affinity| {
        let sku = fleet.layouts().sku(&fleet.hosts()[host.index()]);
        if !sku.topology.is_flat() {
            held.entry(host).or_insert_with(|| sku.topology.empty()).take(footprint, affinity);
        }
    };
    for (slot, instance) in world.instances.slots().filter(|(_, instance)| instance.has_host) {
        let footprint = world.types.of(instance.kind).footprint();
        take(instance.host, &footprint, world.instances.affinity(slot));
    }
    for reservation in world.hosts.reservations.all() {
        for ((host, affinity), slots) in reservation.slots() {
            (0..*slots).for_each(|_| take(*host, &reservation.slot().footprint(), *affinity));
        }
    }
    for (id, host) in (0..).map(HostId).zip(fleet.hosts()) {
        if let Some(parts) = fleet.layouts().parts(id, host) {
            let expected = held.get(&id).copied().unwrap_or(fleet.layouts().sku(host).topology.empty());
            assert_eq!(*parts, expected, "the parts of host {id} hold what is not on them");
        }
    }
}

/// Panics unless nothing is left of instances that have all ended. Resources that accounts hold by themselves, such
/// as volumes that were kept, stays.
fn assert_nothing_is_left(world: &World) {
    assert_eq!(
        world.hosts.fleet.totals()[Total::HostsUsed],
        world.hosts.reservations.hosts(),
        "hosts in use"
    );
    assert!(world.instances.extras.is_empty(), "what only instances have is left");
    assert!(
        world.instances.elastic_ip_holders.is_empty() && world.instances.with_volumes.is_empty(),
        "instances are remembered"
    );
    assert!(world.by_host.as_ref().is_none_or(|by_host| by_host.is_empty()), "instances are on hosts");
    assert!(world.security.is_without_members(), "security groups have members");
    assert!(world.hosts.placer.groups.are_without_members(), "placement groups have members");
    assert_eq!(world.recorder.ledger.accrual.rate(), 0, "instances are paid for that do not run");
}

/// Panics unless the placement groups know their members, and these are placed by the rules.
fn assert_groups(world: &World, with_extras: &[Slot]) {
    let mut members: BTreeMap<(PlacementGroupId, ZoneId), Members> = BTreeMap::new();
    for (instance, constraint) in constrained(world, with_extras) {
        let Some(Membership { group, partition }) = constraint.group else { continue };
        let rack = world.hosts.fleet.rack_of(instance.host);
        members.entry((group, instance.zone)).or_default().join(rack);
        if let (Some(partition), GroupRule::Partition { partitions }) =
            (partition, world.hosts.placer.groups.rule(group))
        {
            assert_eq!(rack.0 % u32::from(partitions), u32::from(partition), "rack of another partition");
        }
    }
    world.hosts.placer.groups.assert_conserved(&members);
}

/// Panics unless each instance on a host is allowed there by the owner of the host.
fn assert_tenancies(world: &World, with_extras: &[Slot]) {
    let tenancies = world.hosts.placer.tenancies();
    // Of plain instances on hosts without owners there is nothing to check.
    let concerns_all = tenancies.has_owners() || world.types.are_constrained();
    let slots = world.instances.all_slots_or(with_extras, concerns_all);
    slots.filter(|slot| world.instances.get(*slot).has_host).for_each(|slot| assert_tenancy(world, slot));
}

/// Panics unless an instance on a host is allowed there by the owner of the host.
fn assert_tenancy(world: &World, slot: Slot) {
    let (instance, tenancies) = (world.instances.get(slot), world.hosts.placer.tenancies());
    let owner = tenancies.owner(instance.host);
    assert!(
        owner.is_none_or(|(account, _)| account == instance.account),
        "an instance on a host that is another account's own"
    );
    let Some(constraint) = requests::request_of(world, slot).constraint else { return };
    let expected = match constraint.tenancy {
        Tenancy::Shared | Tenancy::Dedicated if constraint.whole => Some(Ownership::Whole),
        Tenancy::Shared => None,
        Tenancy::Dedicated => Some(Ownership::Instances),
        Tenancy::Host(_) => Some(Ownership::Allocated),
    };
    assert_eq!(owner.map(|(_, how)| how), expected, "an instance of {:?} tenancy", constraint.tenancy);
    let is_alone = world.hosts.fleet.hosts()[instance.host.index()].instances == 1;
    assert!(is_alone || !constraint.whole, "an instance shares the host that it has to itself");
    assert!(!world.hosts.fleet.is_barred(instance.host, constraint.barred), "a type on other hardware");
}

/// Panics unless unused slots are billed, and all others are used.
fn assert_reservations(world: &World, with_extras: &[Slot]) {
    membership::assert_conserved(world, with_extras);
    let mut unused: BTreeMap<(AccountId, Item), u64> = BTreeMap::new();
    let mut used: BTreeMap<CapacityReservationId, u32> = BTreeMap::new();
    for slot in with_extras.iter().copied() {
        let instance = world.instances.get(slot);
        let reservation = world.instances.extras.get(slot).and_then(|extras| extras.reservation);
        assert!(
            reservation.is_none() || instance.has_host,
            "a reservation is used by an instance without a host"
        );
        reservation.into_iter().for_each(|id| *used.entry(id).or_default() += 1);
    }
    for (id, reservation) in (0..).map(CapacityReservationId).zip(world.hosts.reservations.all()) {
        let item = unused_reservation(reservation.kind, reservation.tenancy());
        *unused.entry((reservation.account(), item)).or_default() += u64::from(reservation.free);
        let used = used.get(&id).copied().unwrap_or(0);
        // Once it is cancelled, instances in its slots are ordinary ones.
        let is_cancelled = reservation.count == 0;
        assert!(is_cancelled || reservation.free + used == reservation.count, "slots were lost");
    }
    for ((account, item), quantity) in unused {
        let paid = world.billing.usage.held(account, item);
        assert_eq!(paid, quantity, "unused slots that account {account} pays for");
    }
}

/// Returns the instances on hosts that have constraints beside capacity, with these constraints.
fn constrained<'a>(
    world: &'a World,
    with_extras: &'a [Slot],
) -> impl Iterator<Item = (&'a Instance, Constraint)> {
    with_extras.iter().filter_map(|slot| {
        let instance = world.instances.get(*slot);
        let constraint = world.instances.extras.get(*slot)?.constraint?;
        instance.has_host.then_some((instance, constraint))
    })
}

/// Panics unless exactly the instances with a host count against quotas.
fn assert_quotas(world: &World) {
    if !world.quotas.is_unlimited() {
        let live = world.instances.slots().filter(|(_, instance)| instance.has_host);
        let live = live.map(|(slot, instance)| (instance.account, quota_claims::claim_of(world, slot)));
        let slots = world.hosts.reservations.all().iter().flat_map(|reservation| {
            let slot = (reservation.account(), quota_claims::claim_of_slot(world, reservation.kind));
            (0..reservation.free).map(move |_| slot)
        });
        world.quotas.assert_conserved(live.chain(slots));
    }
}
