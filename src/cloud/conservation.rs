//! What is taken is given back: the whole cloud counted again, after every event in tests and at the end of every run.

use super::Cloud;
use super::ledger::InstanceTotal;
use crate::fleet::totals::Total;
use crate::lifecycle::State;
use crate::network::NO_ADDRESS;

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
        for reservation in self.placer.reservations() {
            for (host, slots) in reservation.slots() {
                on_hosts[host.index()] += slots;
            }
        }
        let expected: Vec<u32> = self.fleet.hosts().iter().map(|host| host.instances).collect();
        assert!(on_hosts == expected, "hosts hold instances that are not on them");
        assert_eq!(alive, self.instances.alive(), "instances were lost");
        assert_eq!(running, self.ledger.instances[InstanceTotal::Running as usize], "running instances");
        assert_eq!(stopped, self.ledger.instances[InstanceTotal::Stopped as usize], "stopped instances");
        self.network.assert_conserved(addresses, public);
        self.storage.assert_conserved(&self.billing.usage);
        self.assert_quotas();
        if alive == 0 {
            self.assert_nothing_is_left();
        }
    }

    /// Panics unless nothing is left of instances that have all ended. What accounts hold by themselves, such
    /// as volumes that were kept, stays.
    fn assert_nothing_is_left(&self) {
        assert_eq!(self.fleet.totals()[Total::HostsUsed], self.placer.hosts_reserved(), "hosts in use");
        assert!(self.extras.is_empty(), "what only instances have is left");
        assert!(self.holders.is_empty() && self.equipped.is_empty(), "instances are remembered");
        assert!(self.perils.as_ref().is_none_or(|perils| perils.aboard.is_empty()), "somebody is aboard");
        assert!(self.security.is_without_members(), "security groups have members");
        assert!(self.placer.groups.are_without_members(), "placement groups have members");
        assert_eq!(self.ledger.accrual.rate(), 0, "somebody pays for nothing");
    }

    /// Panics unless the instances with a host are what counts against quotas.
    fn assert_quotas(&self) {
        if !self.quotas.is_unlimited() {
            let live = self.instances.slots().filter(|(_, instance)| instance.has_host);
            self.quotas
                .assert_conserved(live.map(|(slot, instance)| (instance.account, self.claim_of(slot))));
        }
    }
}
