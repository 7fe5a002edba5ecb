//! Dedicated hosts: whole hosts that an account allocates, pays for, and runs its instances on (EC2 user
//! guide, "Amazon EC2 Dedicated Hosts").

use std::collections::BTreeSet;

use super::placer::Placer;
use super::tenancies::{HostTerms, Ownership};
use crate::fleet::Fleet;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, Footprint, HostId, TypeId, ZoneId};

impl Placer {
    /// Allocates an empty host to an account (`AllocateHosts`): the lowest of the first of these host groups
    /// that has one, opened if need be. Groups are numbered in file order over all zones; none: all of the
    /// zone. It leaves the shared pool until it is released. It is not of hardware that is `barred`, a bit for each number.
    pub fn allocate_host(
        &mut self,
        account: AccountId,
        (zone, groups): (ZoneId, &[usize]),
        (terms, barred): (HostTerms, u64),
        fleet: &mut Fleet,
    ) -> Result<HostId, FailureReason> {
        self.tenancies.begin(fleet);
        let of_zone: Vec<usize> = match groups {
            [] => (0..fleet.groups().len()).filter(|group| fleet.groups()[*group].zone == zone).collect(),
            groups => groups.to_vec(),
        };
        let host = of_zone.iter().find_map(|group| self.vacant_in(*group, barred, fleet));
        let opened = |fleet: &mut Fleet| {
            let is_eligible =
                |fleet: &Fleet, id| fleet.may_be_owned(id) && of_zone.contains(&fleet.group_of(id));
            fleet.open_where(zone, &Footprint::default(), |sku| !sku.is_barred(barred), is_eligible)
        };
        let host = host
            .or_else(|| opened(fleet))
            .ok_or_else(|| Failure::InsufficientHostCapacity.because(LimitKind::TenancyHosts, 1, 0))?;
        self.tenancies.take(host, zone, account, Ownership::Allocated);
        self.tenancies.terms.insert(host, terms);
        self.changed(host, zone, fleet);
        Ok(host)
    }

    /// Releases a dedicated host (`ReleaseHosts`), which must hold no instances.
    pub fn release_host(
        &mut self,
        account: AccountId,
        host: HostId,
        fleet: &mut Fleet,
    ) -> Result<(), FailureReason> {
        if self.tenancies.owner(host) != Some((account, Ownership::Allocated)) {
            return Err(Failure::InvalidHostIdNotFound.into());
        }
        if fleet.hosts()[host.index()].instances > 0 {
            return Err(Failure::IncorrectState.into());
        }
        let zone = fleet.zone_of(host);
        self.tenancies.give(host, zone);
        self.tenancies.terms.remove(&host);
        self.changed(host, zone, fleet);
        Ok(())
    }

    /// Knows the family of a type that is asked for.
    pub fn note_family(&mut self, kind: TypeId, family: &str) {
        self.tenancies.families.insert(kind, family.to_string());
    }

    /// Returns the lowest vacant host of a host group that suits.
    fn vacant_in(&self, group: usize, barred: u64, fleet: &Fleet) -> Option<HostId> {
        let group = &fleet.groups()[group];
        let ids = group.first..HostId(group.first.0 + group.count);
        let vacant = self.tenancies.vacant(group.zone);
        let lowest = |hosts: &BTreeSet<HostId>| {
            hosts.range(ids.clone()).copied().find(|id| !fleet.is_barred(*id, barred))
        };
        vacant.values().filter_map(lowest).min()
    }
}
