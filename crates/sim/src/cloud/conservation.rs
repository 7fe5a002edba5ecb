//! What is taken is given back: the whole cloud counted again, after every event in tests and at the end of every run.

use std::collections::BTreeMap;

use super::Cloud;
use super::instance::Instance;
use super::ledger::InstanceTotal;
use super::seat::unused_reservation;
use plimsoll_base::units::{AccountId, CapacityReservationId, PlacementGroupId, ZoneId};
use plimsoll_model::billing::Item;
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::NO_ADDRESS;
use plimsoll_model::placement::groups::{GroupRule, Members};
use plimsoll_model::placement::request::{Constraint, Membership, Tenancy};
use plimsoll_model::placement::tenancies::Ownership;

impl Cloud {
    /// Panics unless everything that is in use is used by an instance, and by one only.
    pub(super) fn assert_conserved(&self) {
        self.fleet.assert_conserved();
        let mut on_hosts = vec![0u32; self.fleet.hosts().len()];
        let (mut running, mut stopped, mut addresses, mut public, mut alive) = (0, 0, 0, 0, 0);
        for (_, instance) in
            self.instances.slots().filter(|(_, instance)| instance.state != State::Terminated)
        {
            alive += 1;
            running += u64::from(instance.state == State::Running);
            stopped += u64::from(instance.state == State::Stopped);
            addresses += u64::from(instance.address != NO_ADDRESS);
            public += u64::from(instance.has_public_address);
            if instance.has_host {
                on_hosts[instance.host.index()] += 1;
            }
        }
        for reservation in self.reservations.all() {
            for (host, slots) in reservation.slots() {
                on_hosts[host.index()] += slots;
            }
        }
        let expected: Vec<u32> = self.fleet.hosts().iter().map(|host| host.instances).collect();
        assert!(on_hosts == expected, "hosts hold instances that are not on them");
        assert_eq!(alive, self.instances.alive(), "instances were lost");
        self.instances.assert_living();
        assert_eq!(running, self.ledger.instances[InstanceTotal::Running as usize], "running instances");
        let by_type: u64 = self.kinds.iter().flatten().map(|kind| kind.running).sum();
        assert_eq!(by_type, running, "running instances of all types");
        assert_eq!(stopped, self.ledger.instances[InstanceTotal::Stopped as usize], "stopped instances");
        self.network.assert_conserved(addresses, public);
        self.storage.assert_conserved(&self.billing.usage);
        if let Some(control) = &self.control {
            control.assert_conserved();
        }
        self.assert_quotas();
        self.assert_groups();
        self.assert_tenancies();
        self.assert_reservations();
        self.ledger.assert_noted(self.fleet.totals(), self.hosts_vary());
        if alive == 0 {
            self.assert_nothing_is_left();
        }
    }

    /// Panics unless nothing is left of instances that have all ended. What accounts hold by themselves, such
    /// as volumes that were kept, stays.
    fn assert_nothing_is_left(&self) {
        assert_eq!(self.fleet.totals()[Total::HostsUsed], self.reservations.hosts(), "hosts in use");
        assert!(self.extras.is_empty(), "what only instances have is left");
        assert!(self.holders.is_empty() && self.equipped.is_empty(), "instances are remembered");
        assert!(self.perils.as_ref().is_none_or(|perils| perils.aboard.is_empty()), "somebody is aboard");
        assert!(self.security.is_without_members(), "security groups have members");
        assert!(self.placer.groups.are_without_members(), "placement groups have members");
        assert_eq!(self.ledger.accrual.rate(), 0, "somebody pays for nothing");
    }

    /// Panics unless the placement groups know their members, and these stand as the rules say.
    fn assert_groups(&self) {
        let mut members: BTreeMap<(PlacementGroupId, ZoneId), Members> = BTreeMap::new();
        for (instance, constraint) in self.constrained() {
            let Some(Membership { group, partition }) = constraint.group else { continue };
            let rack = self.fleet.rack_of(instance.host);
            members.entry((group, instance.zone)).or_default().join(rack);
            if let (Some(partition), GroupRule::Partition { partitions }) =
                (partition, self.placer.groups.rule(group))
            {
                assert_eq!(rack.0 % u32::from(partitions), u32::from(partition), "rack of another partition");
            }
        }
        self.placer.groups.assert_conserved(&members);
    }

    /// Panics unless whoever is on a host may be there by the host's owner.
    fn assert_tenancies(&self) {
        let tenancies = self.placer.tenancies();
        for (slot, instance) in self.instances.slots().filter(|(_, instance)| instance.has_host) {
            let owner = tenancies.owner(instance.host);
            assert!(
                owner.is_none_or(|(account, _)| account == instance.account),
                "an instance on a host that is another account's own"
            );
            let Some(constraint) = self.request_of(slot).constraint else { continue };
            let expected = match constraint.tenancy {
                Tenancy::Shared | Tenancy::Dedicated if constraint.whole => Some(Ownership::Whole),
                Tenancy::Shared => None,
                Tenancy::Dedicated => Some(Ownership::Instances),
                Tenancy::Host(_) => Some(Ownership::Allocated),
            };
            assert_eq!(
                owner.map(|(_, how)| how),
                expected,
                "an instance of {:?} tenancy",
                constraint.tenancy
            );
            let is_alone = self.fleet.hosts()[instance.host.index()].instances == 1;
            assert!(is_alone || !constraint.whole, "an instance shares the host that it has to itself");
            assert!(!self.fleet.is_barred(instance.host, constraint.barred), "a type on other hardware");
        }
    }

    /// Panics unless unused slots are paid for, and all others used.
    fn assert_reservations(&self) {
        self.assert_occupancy();
        let mut unused: BTreeMap<(AccountId, Item), u64> = BTreeMap::new();
        let mut used: BTreeMap<CapacityReservationId, u32> = BTreeMap::new();
        for (slot, instance) in self.instances.slots().filter(|(_, instance)| instance.has_extras) {
            let reservation = self.extras.get(slot).and_then(|extras| extras.reservation);
            assert!(reservation.is_none() || instance.has_host, "room is held by nobody who is on a host");
            reservation.into_iter().for_each(|id| *used.entry(id).or_default() += 1);
        }
        for (id, reservation) in (0..).map(CapacityReservationId).zip(self.reservations.all()) {
            let item = unused_reservation(reservation.kind, reservation.tenancy());
            *unused.entry((reservation.account(), item)).or_default() += u64::from(reservation.free);
            let used = used.get(&id).copied().unwrap_or(0);
            // Once it is cancelled, instances in its slots are ordinary ones.
            let is_cancelled = reservation.count == 0;
            assert!(is_cancelled || reservation.free + used == reservation.count, "slots were lost");
        }
        for ((account, item), quantity) in unused {
            let paid = self.billing.usage.held(account, item);
            assert_eq!(paid, quantity, "unused slots that account {account} pays for");
        }
    }

    /// The instances on hosts that ask more of them than room, and what.
    fn constrained(&self) -> impl Iterator<Item = (&Instance, Constraint)> {
        let on_hosts =
            self.instances.slots().filter(|(_, instance)| instance.has_host && instance.has_extras);
        on_hosts.filter_map(|(slot, instance)| {
            let constraint = self.extras.get(slot)?.constraint?;
            Some((instance, constraint))
        })
    }

    /// Panics unless the instances with a host are what counts against quotas.
    fn assert_quotas(&self) {
        if !self.quotas.is_unlimited() {
            let live = self.instances.slots().filter(|(_, instance)| instance.has_host);
            let live = live.map(|(slot, instance)| (instance.account, self.claim_of(slot)));
            let slots = self.reservations.all().iter().flat_map(|reservation| {
                let slot = (reservation.account(), self.claim_of_slot(reservation.kind));
                (0..reservation.free).map(move |_| slot)
            });
            self.quotas.assert_conserved(live.chain(slots));
        }
    }
}
