//! Why no host took a request: the limit that decided. An unconstrained request is explained by totals
//! alone, since a run may refuse millions; a constrained one costs a search or two, as does one where the strategy may leave room unused.

use super::groups::GroupRule;
use super::placer::Placer;
use super::request::{Constraint, Request, Tenancy};
use crate::fleet::Fleet;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::Resources;

impl Placer {
    /// Returns the reason to give when no host, open or to be opened, takes a request. The first of these that holds:
    /// a spread group has the most members its zone may have; the zone has too little vCPU, memory or GPU
    /// free in all; the request would have found a host but for its group's rule; there is room, and the strategy takes
    /// none of it; there is no host of its tenancy with room; no single host has all that is asked for.
    pub fn explain(&mut self, request: &Request, fleet: &Fleet) -> FailureReason {
        let constraint = request.constraint.unwrap_or_default();
        let failure = match constraint.tenancy {
            Tenancy::Host(_) => Failure::InsufficientHostCapacity,
            Tenancy::Shared | Tenancy::Dedicated => Failure::InsufficientInstanceCapacity,
        };
        if let Some(GroupRule::Spread { max_per_zone }) = request.group().map(|group| self.groups.rule(group))
            && request
                .group()
                .is_some_and(|group| self.groups.members(group, request.zone).count >= max_per_zone)
        {
            return failure.because(LimitKind::GroupInstances, 1, 0);
        }
        let zone = &fleet.zones()[request.zone.index()];
        let free = [
            (LimitKind::ZoneVcpu, Resources::VCPU, zone.free_vcpu_milli),
            (LimitKind::ZoneMemory, Resources::MEMORY, zone.free_memory_mib),
            (LimitKind::ZoneGpu, Resources::GPU, zone.free_gpu_milli),
        ];
        for (bound, resource, left) in free {
            let asked = u64::from(request.amounts.0[resource]);
            if asked > left {
                return failure.because(bound, asked, left);
            }
        }
        let ungrouped = Constraint { group: None, ..constraint };
        let bound = match constraint.tenancy {
            _ if constraint.group.is_some() && self.could_place(request, &ungrouped, fleet) => {
                LimitKind::GroupRacks
            }
            _ if (self.selector.may_refuse() || self.views.is_some())
                && self.could_place(request, &constraint, fleet) =>
            {
                LimitKind::StrategyHosts
            }
            Tenancy::Shared => LimitKind::HostRoom,
            Tenancy::Dedicated | Tenancy::Host(None) => LimitKind::TenancyHosts,
            Tenancy::Host(Some(_)) => LimitKind::DedicatedHostRoom,
        };
        failure.because(bound, 1, 0)
    }
}
