//! The plain twin of the index: answers every question by looking at all hosts of the zone in order.

use std::ops::Range;

use super::strategy::{Choice, Request};
use crate::fleet::Fleet;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking};
use crate::units::HostId;

/// The hosts of a zone, looked at one by one.
pub struct Scan<'a> {
    /// The hosts.
    pub fleet: &'a Fleet,
    /// What is to be placed.
    pub request: &'a Request,
    /// The ranking behind [`Choice::least`].
    pub ranking: Option<&'a dyn Ranking>,
    /// Partitions of the zone.
    pub partitions: u16,
}

impl Scan<'_> {
    fn cost(&self, id: HostId) -> Cost {
        let host = &self.fleet.hosts()[id.index()];
        let capacity = &self.fleet.skus()[host.sku.0 as usize].capacity;
        let candidate = Candidate { capacity, free: &host.free, instances: host.instances };
        self.ranking
            .expect("only a ranked strategy asks for the least")
            .cost(candidate, &self.request.amounts)
    }
}

impl Choice for Scan<'_> {
    fn range(&self) -> Range<u32> {
        self.fleet.zones()[self.request.zone.index()].hosts.clone()
    }

    fn fits(&self, id: HostId) -> bool {
        self.fleet.fits(id, &self.request.amounts)
    }

    fn free_vcpu_milli(&self, id: HostId) -> u32 {
        self.fleet.hosts()[id.index()].free.vcpu_milli()
    }

    fn first_from(&mut self, from: HostId) -> Option<HostId> {
        let range = self.range();
        (from.0.max(range.start)..range.end).map(HostId).find(|id| self.fits(*id))
    }

    fn least(&mut self, partition: u16) -> Option<HostId> {
        let in_partition = |id: &HostId| {
            self.partitions == 1
                || self.fleet.rack_of(*id).0 % u32::from(self.partitions) == u32::from(partition)
        };
        // `min_by` keeps the first of equals: the lowest id.
        self.range()
            .map(HostId)
            .filter(|id| self.fits(*id))
            .filter(in_partition)
            .map(|id| (self.cost(id), id))
            .min_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, id)| id)
    }
}
