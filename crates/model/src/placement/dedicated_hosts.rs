//! Dedicated hosts: whole hosts that an account allocates, pays for, and runs its instances on (EC2 user
//! guide, "Amazon EC2 Dedicated Hosts").

use std::collections::BTreeSet;

use super::placer::Placer;
use super::tenancies::{HostTerms, HostTermsChange, Ownership, Takes};
use crate::fleet::Fleet;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, Footprint, HostId, TypeId, ZoneId};

impl Placer {
    /// Allocates so many empty hosts to an account, each as [`Placer::allocate_host`] does: all or none.
    pub fn allocate_hosts(
        &mut self,
        account: AccountId,
        place: (ZoneId, &[usize]),
        (terms, barred): (&HostTerms, u64),
        count: usize,
        fleet: &mut Fleet,
    ) -> Result<Vec<HostId>, FailureReason> {
        let mut hosts = Vec::with_capacity(count);
        while hosts.len() < count {
            match self.allocate_host(account, place, (terms.clone(), barred), fleet) {
                Ok(host) => hosts.push(host),
                Err(_) => {
                    for host in &hosts {
                        self.release_host(account, *host, fleet).expect("it was allocated for this call");
                    }
                    let (asked, left) = (count as u64, hosts.len() as u64);
                    return Err(Failure::InsufficientHostCapacity.because(
                        LimitKind::TenancyHosts,
                        asked,
                        left,
                    ));
                }
            }
        }
        Ok(hosts)
    }

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

    /// Releases a dedicated host (`ReleaseHosts`), which must hold no instances. Returns the terms that it had.
    pub fn release_host(
        &mut self,
        account: AccountId,
        host: HostId,
        fleet: &mut Fleet,
    ) -> Result<HostTerms, FailureReason> {
        if self.tenancies.owner(host) != Some((account, Ownership::Allocated)) {
            return Err(Failure::InvalidHostIdNotFound.into());
        }
        if fleet.hosts()[host.index()].instances > 0 {
            return Err(Failure::IncorrectState.into());
        }
        let zone = fleet.zone_of(host);
        self.tenancies.give(host, zone);
        let terms = self.tenancies.terms.remove(&host).expect("a dedicated host has terms");
        self.changed(host, zone, fleet);
        Ok(terms)
    }

    /// Changes the terms of a dedicated host (`ModifyHosts`), whose hardware is not of what is `barred` for the types that it is to
    /// take.
    ///
    /// EC2 user guide, "Modify the supported instance types" (read 2026-11): from one type to several "you must first stop all running
    /// instances on the host"; from several to one "the host must either have no running instances, or the running instances must be
    /// of the instance type that you want the host to support"; both within its family. That the first takes ten minutes is not
    /// modelled.
    pub fn modify_host(
        &mut self,
        account: AccountId,
        host: HostId,
        (change, barred): (&HostTermsChange, u64),
        fleet: &Fleet,
    ) -> Result<(), FailureReason> {
        if self.tenancies.owner(host) != Some((account, Ownership::Allocated)) {
            return Err(Failure::InvalidHostIdNotFound.into());
        }
        let mut terms = self.tenancies.terms[&host].clone();
        if let Some(takes) = change.takes.as_ref().filter(|takes| **takes != terms.takes) {
            if fleet.is_barred(host, barred) {
                return Err(Failure::Unsupported.into());
            }
            let (before, after) = (self.family_of(&terms.takes), self.family_of(takes));
            if before.is_some() && before != after {
                return Err(Failure::InvalidParameterValue.into());
            }
            let is_free = match takes {
                Takes::Type(kind) => self.tenancies.has_only(host, *kind),
                _ => fleet.hosts()[host.index()].instances == 0,
            };
            if !is_free {
                return Err(Failure::IncorrectState.into());
            }
            terms.takes = takes.clone();
        }
        terms.auto_placement = change.auto_placement.unwrap_or(terms.auto_placement);
        terms.recovery = change.recovery.unwrap_or(terms.recovery);
        self.tenancies.terms.insert(host, terms);
        Ok(())
    }

    /// Returns the family of the types that a dedicated host takes; `None` where it takes any.
    fn family_of<'a>(&'a self, takes: &'a Takes) -> Option<&'a str> {
        match takes {
            Takes::Anything => None,
            Takes::Family(family) => Some(family),
            Takes::Type(kind) => self.tenancies.family(*kind),
        }
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
