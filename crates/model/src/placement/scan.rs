//! Reference implementation of the index: a scan of all hosts of the zone in order, or of a short list. The few hosts of
//! a narrow tier are searched in this way too.

use std::cmp::Reverse;
use std::ops::Range;

use super::constraints::Tier;
use super::exits::Exits;
use super::request::Request;
use super::strategy::{Candidates, GroupSet, Selector};
use crate::fleet::Fleet;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking};
use plimsoll_base::units::HostId;

/// Hosts of a zone, examined one by one.
pub struct Scan<'a> {
    /// The hosts.
    pub fleet: &'a Fleet,
    /// Request to be placed.
    pub request: &'a Request,
    /// The ranking behind [`Candidates::least`].
    pub ranking: Option<&'a dyn Ranking>,
    /// Partitions of the zone.
    pub partitions: u16,
    /// Hosts that may take the request if they have room; `None`: those of the shared pool.
    pub tier: Option<&'a Tier<'a>>,
    /// Hosts to examine, in ascending order; `None`: all of the zone.
    pub listed: Option<&'a [HostId]>,
    /// Predicted ends, where the strategy knows them.
    pub exits: Option<&'a Exits>,
    /// Host that is left out.
    pub without: Option<HostId>,
}

impl Scan<'_> {
    /// Returns the hosts to examine from `from` on.
    fn hosts_from(&self, from: HostId) -> impl Iterator<Item = HostId> {
        let Range { start, end } = self.range();
        let unlisted = if self.listed.is_some() { 0..0 } else { from.0.max(start)..end };
        let listed = self.listed.unwrap_or_default();
        let behind = &listed[listed.partition_point(|id| *id < from)..];
        behind.iter().copied().chain(unlisted.map(HostId))
    }

    /// Returns the host that costs least of those that fit and that a rule lets through.
    fn least_where(&self, allows: impl Fn(&HostId) -> bool) -> Option<HostId> {
        // `min_by` keeps the first of equals: the lowest id.
        self.hosts_from(HostId(0))
            .filter(|id| self.fits(*id))
            .filter(allows)
            .map(|id| (self.cost(id), id))
            .min_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, id)| id)
    }
}

/// Reason why a strategy may ask for groups.
pub(super) const KNOWN: &str = "only a strategy that knows predicted ends asks for them";

/// Returns the cost of a host for a request.
pub(super) fn cost_of(
    id: HostId,
    (fleet, exits): (&Fleet, Option<&Exits>),
    ranking: &dyn Ranking,
    request: &Request,
) -> Cost {
    let host = &fleet.hosts()[id.index()];
    let layouts = fleet.layouts();
    let candidate = Candidate {
        sku: layouts.sku(host),
        free: &host.free,
        parts: layouts.parts(id, host),
        instances: host.instances,
        rack: fleet.rack_of(id),
        left_h: exits.map_or(0, |exits| exits.left_in_steps(id)),
        request_left_h: exits.map_or(0, |exits| exits.request_left_in_steps(request.exit)),
    };
    ranking.cost(candidate, &request.footprint())
}

impl Candidates for Scan<'_> {
    fn range(&self) -> Range<u32> {
        self.fleet.zones()[self.request.zone.index()].hosts.clone()
    }

    fn fits(&self, id: HostId) -> bool {
        if self.without == Some(id) {
            return false;
        }
        match self.tier {
            None => self.fleet.fits(id, &self.request.footprint()),
            Some(tier) => self.fleet.has_room(id, &self.request.footprint()) && tier.allows(id, self.fleet),
        }
    }

    fn free_vcpu_milli(&self, id: HostId) -> u32 {
        self.fleet.hosts()[id.index()].free.vcpu_milli()
    }

    fn first_from(&mut self, from: HostId) -> Option<HostId> {
        self.hosts_from(from).find(|id| self.fits(*id))
    }

    fn cost(&self, id: HostId) -> Cost {
        let ranking = self.ranking.expect("only a ranked strategy asks for a cost");
        cost_of(id, (self.fleet, self.exits), ranking, self.request)
    }

    fn least(&mut self, partition: u16) -> Option<HostId> {
        let in_partition = |id: &HostId| {
            self.partitions == 1
                || self.fleet.rack_of(*id).0 % u32::from(self.partitions) == u32::from(partition)
        };
        self.least_where(in_partition)
    }

    fn hour(&self) -> u32 {
        self.exits.expect(KNOWN).now()
    }

    fn least_of(&mut self, groups: GroupSet, of: &dyn Selector) -> Option<HostId> {
        let exits = self.exits.expect(KNOWN);
        self.least_where(|id| groups.contains(of.group(*id, exits)))
    }

    fn used_last(&mut self, of: &dyn Selector) -> Option<HostId> {
        let fitting = self.hosts_from(HostId(0)).filter(|id| self.fits(*id));
        fitting.min_by_key(|id| (Reverse(of.last_use(*id)), *id))
    }
}
