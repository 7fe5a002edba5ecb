//! The vacant hosts of a zone as a selector sees them: those of one SKU are alike, so a ranking is applied once
//! a SKU, to the lowest host that the request may have.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::constraints::Tier;
use super::exits::Exits;
use super::request::Request;
use super::scan::{KNOWN, cost_of};
use super::strategy::{Candidates, GroupSet, Selector};
use super::tenancies::Vacant;
use crate::fleet::Fleet;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::Ranking;
use plimsoll_base::units::HostId;

/// Vacant hosts that may take a request.
pub(super) struct Vacancies<'a> {
    pub vacant: &'a Vacant,
    pub fleet: &'a Fleet,
    pub request: &'a Request,
    pub tier: &'a Tier<'a>,
    pub ranking: Option<&'a dyn Ranking>,
    pub partitions: u16,
    /// Predicted ends, where the strategy knows them.
    pub exits: Option<&'a Exits>,
}

impl Vacancies<'_> {
    /// Returns the hosts of each SKU that has room for the request.
    fn roomy(&self) -> impl Iterator<Item = &BTreeSet<HostId>> {
        let skus = self.fleet.skus();
        let covers = |sku: usize| skus[sku].covers(&self.request.footprint());
        self.vacant.iter().filter(move |(sku, _)| covers(usize::from(sku.0))).map(|(_, hosts)| hosts)
    }

    /// Returns the host that costs least of those that fit and that a rule lets through.
    fn least_where(&self, allows: impl Fn(HostId) -> bool) -> Option<HostId> {
        let ranking = self.ranking.expect("only a ranked strategy asks for the least");
        // Where racks differ in cost, so do hosts of one SKU.
        let most = if ranking.marks().rack { usize::MAX } else { 1 };
        let lowest = |hosts: &'_ BTreeSet<HostId>| {
            let may = hosts.iter().copied().filter(|id| self.fits(*id) && allows(*id));
            may.take(most).map(|id| (cost_of(id, (self.fleet, self.exits), ranking, self.request), id)).min()
        };
        self.roomy().filter_map(lowest).min().map(|(_, id)| id)
    }
}

impl Candidates for Vacancies<'_> {
    fn range(&self) -> Range<u32> {
        self.fleet.zones()[self.request.zone.index()].hosts.clone()
    }

    fn fits(&self, id: HostId) -> bool {
        self.fleet.has_room(id, &self.request.footprint()) && self.tier.allows(id, self.fleet)
    }

    fn free_vcpu_milli(&self, id: HostId) -> u32 {
        self.fleet.hosts()[id.index()].free.vcpu_milli()
    }

    fn first_from(&mut self, from: HostId) -> Option<HostId> {
        let first = |hosts: &BTreeSet<HostId>| hosts.range(from..).copied().find(|id| self.fits(*id));
        self.roomy().filter_map(first).min()
    }

    fn cost(&self, id: HostId) -> Cost {
        let ranking = self.ranking.expect("only a ranked strategy asks for a cost");
        cost_of(id, (self.fleet, self.exits), ranking, self.request)
    }

    fn least(&mut self, partition: u16) -> Option<HostId> {
        self.least_where(|id| {
            self.partitions == 1
                || self.fleet.rack_of(id).0 % u32::from(self.partitions) == u32::from(partition)
        })
    }

    fn hour(&self) -> u32 {
        self.exits.expect(KNOWN).now()
    }

    fn least_of(&mut self, groups: GroupSet, of: &dyn Selector) -> Option<HostId> {
        let exits = self.exits.expect(KNOWN);
        self.least_where(|id| groups.contains(of.group(id, exits)))
    }

    fn used_last(&mut self, of: &dyn Selector) -> Option<HostId> {
        let fitting = self.roomy().flatten().copied().filter(|id| self.fits(*id));
        fitting.min_by_key(|id| (Reverse(of.last_use(*id)), *id))
    }
}
