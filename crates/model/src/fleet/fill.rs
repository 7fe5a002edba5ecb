//! Utilisation of the hosts, by one pass over them: for samples of a run, never for an event.

use serde::{Deserialize, Serialize};

use super::Fleet;
use super::host::Host;

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

/// Hosts to count for one sample. At a few nanoseconds a host this costs less than the rest of a sample;
/// larger fleets are counted less often, so that the counts take less than a hundredth of a run.
const HOSTS_A_SAMPLE: usize = 50_000;

impl Fleet {
    /// Returns the utilisation of the hosts that count: those that take instances or still have some.
    pub fn fill(&self) -> Fill {
        let mut fill = Fill::default();
        // Hosts are many and capacities few, so the capacities stay in the processor's cache.
        // None is 0: a host without vCPU has instances that use none of it.
        let capacities: Vec<u64> =
            self.skus.iter().map(|sku| u64::from(sku.capacity.vcpu_milli()).max(1)).collect();
        for host in &self.hosts {
            if host.instances > 0 {
                fill.hosts[class(host, capacities[usize::from(host.sku.0)])] += 1;
            } else if host.counts() {
                fill.empty += 1;
            }
        }
        fill
    }

    /// Returns the number of samples from one count of the hosts to the next.
    pub fn samples_to_a_fill(&self) -> u64 {
        self.hosts.len().div_ceil(HOSTS_A_SAMPLE).max(1) as u64
    }
}

/// Returns the class of a host's share of vCPU in use, of its capacity \[milli-vCPU\].
#[inline]
fn class(host: &Host, capacity: u64) -> usize {
    let used = capacity - u64::from(host.free.vcpu_milli());
    // The quotient rounded up, less one, in one division: most of a count is spent here.
    ((used * CLASSES as u64).saturating_sub(1) / capacity) as usize
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

    #[test]
    fn the_more_hosts_the_rarer() {
        assert_eq!([1, 50_000, 50_001].map(|count| fleet(count).samples_to_a_fill()), [1, 1, 2]);
    }
}
