//! Utilisation of the hosts: how many of those in use have how much of their vCPU in use, kept up by every change of a host.

use serde::{Deserialize, Serialize};

use super::Fleet;
use super::host::Host;
use super::totals::Total;
use plimsoll_base::units::Resources;

/// Classes of equal width that a share from 0 to 1 falls into: `(0, 5 %]`, `(5 %, 10 %]` … `(95 %, 100 %]`.
pub const CLASSES: usize = 20;

/// Hosts by the share of their vCPU in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Fill {
    /// Hosts without an instance.
    pub empty: u64,
    /// Hosts with an instance, by the class of their share; one that uses no vCPU is in the lowest.
    pub hosts: [u64; CLASSES],
}

/// Hosts in use, by the class of their share.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct HostsByShare([u64; CLASSES]);

impl HostsByShare {
    /// Counts a host in use.
    #[inline]
    pub fn add(&mut self, host: &Host, capacity: &Resources) {
        self.0[class(host, capacity)] += 1;
    }

    /// Counts a host no more, whose use ends or is about to change.
    #[inline]
    pub fn remove(&mut self, host: &Host, capacity: &Resources) {
        self.0[class(host, capacity)] -= 1;
    }
}

impl Fleet {
    /// Returns the utilisation of the hosts that count: those that take instances or still have some.
    pub fn fill(&self) -> Fill {
        Fill { empty: self.totals[Total::Hosts] - self.totals[Total::HostsUsed], hosts: self.by_share.0 }
    }
}

/// Returns the class of a host's share of vCPU in use.
#[inline]
fn class(host: &Host, capacity: &Resources) -> usize {
    let used = u64::from(capacity.vcpu_milli() - host.free.vcpu_milli());
    // The quotient rounded up, less one, in one division. A host without vCPU has instances that use none of it.
    ((used * CLASSES as u64).saturating_sub(1) / u64::from(capacity.vcpu_milli()).max(1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::host::GroupTenancy;
    use crate::fleet::host_group::{HostGroup, Hosts};
    use crate::fleet::topology::Affinity;
    use plimsoll_base::units::{HostId, Resources, ZoneId};

    /// Returns so many hosts of 20 vCPU.
    fn fleet(count: u32) -> Fleet {
        let hosts = Hosts::Fixed { count, sellable: Resources::new(20_000, 20_480) };
        let group = HostGroup {
            hosts,
            hosts_per_rack: 16,
            max_instances: None,
            tenancy: GroupTenancy::Any,
            hardware: Default::default(),
            sockets: 0,
            numa_nodes: 1,
            has_gpu_devices: false,
            service_window: Default::default(),
        };
        Fleet::new(&[vec![group]]).unwrap()
    }

    #[test]
    fn hosts_fall_into_the_class_that_their_share_ends_in() {
        let mut fleet = fleet(5);
        for (host, vcpu_milli) in [(0, 1), (1, 1000), (2, 1001), (3, 20_000)] {
            fleet.take(HostId(host), ZoneId(0), Resources::new(vcpu_milli, 1));
        }
        let mut expected = Fill { empty: 1, ..Fill::default() };
        (expected.hosts[0], expected.hosts[1], expected.hosts[19]) = (2, 1, 1);
        assert_eq!(fleet.fill(), expected);
        fleet.give(HostId(3), ZoneId(0), Resources::new(20_000, 1), Affinity::default());
        assert_eq!((fleet.fill().empty, fleet.fill().hosts[19]), (2, 0));
    }
}
