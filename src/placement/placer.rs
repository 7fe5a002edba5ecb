//! Places requests by a strategy: keeps the index that its questions need, zone by zone, up to date.

use std::ops::Range;

use super::scan::Scan;
use super::strategy::{Choice, Request, Strategy};
use crate::fleet::Fleet;
use crate::fleet::index::by_class::ClassIndex;
use crate::fleet::index::by_host::HostIndex;
use crate::fleet::index::by_id::IdIndex;
use crate::fleet::index::ranking::{Ranking, Sight};
use crate::fleet::index::shapes::{ShapeId, Shapes};
use crate::units::{AccountId, HostId, Resources, ZoneId};

/// A strategy with its index over a fleet.
pub struct Placer {
    strategy: Strategy,
    shapes: Shapes,
    zones: Vec<ZoneIndex>,
    /// Every choice is made again by the plain scan, and must be the same.
    verify: bool,
}

/// The index of one zone: by what the strategy asks.
enum ZoneIndex {
    Ids(IdIndex),
    /// One a partition.
    Classes(Vec<ClassIndex>),
    Hosts(HostIndex),
}

impl Placer {
    /// An index over all hosts that are active now. With `verify` the plain scan runs beside it and the
    /// first difference is a panic.
    pub fn new(strategy: Strategy, fleet: &mut Fleet, verify: bool) -> Placer {
        let zones = fleet.zones().iter().map(|zone| ZoneIndex::new(&strategy, zone.hosts.clone())).collect();
        let mut placer = Placer { strategy, shapes: Shapes::new(), zones, verify };
        for zone in 0..fleet.zones().len() {
            for id in fleet.zones()[zone].hosts.clone() {
                placer.changed(HostId(id), ZoneId(zone as u16), fleet);
            }
        }
        placer
    }

    /// The number by which the index knows a request; a new one gets its bit in every mask.
    pub fn shape(&mut self, request: &Resources, fleet: &Fleet) -> ShapeId {
        let (shape, changed) = self.shapes.intern(request);
        if changed {
            let Placer { strategy, shapes, zones, .. } = self;
            let ranking = strategy.ranking.as_deref();
            zones.iter_mut().enumerate().for_each(|(zone, index)| {
                index.shapes_changed(ZoneId(zone as u16), fleet, shapes, ranking);
            });
        }
        shape
    }

    /// The host the strategy takes for a request, among those of its zone.
    #[inline]
    pub fn choose(&mut self, request: &Request, fleet: &Fleet) -> Option<HostId> {
        let twin = self.verify.then(|| self.strategy.chooser.boxed_clone());
        let Placer { strategy, shapes, zones, .. } = self;
        let ranking = strategy.ranking.as_deref();
        let index = &mut zones[request.zone.index()];
        let mut indexed = Indexed { index, shapes, fleet, request, ranking };
        let chosen = strategy.chooser.choose(&mut indexed, request);
        if let Some(mut twin) = twin {
            let mut scan = Scan { fleet, request, ranking, partitions: strategy.partitions };
            let expected = twin.choose(&mut scan, request);
            assert_eq!(chosen, expected, "the index and the plain scan take different hosts for {request:?}");
        }
        chosen
    }

    /// Tells the strategy where a request was put.
    #[inline]
    pub fn placed(&mut self, request: &Request, host: HostId, fleet: &Fleet) {
        let partition = self.partition(host, fleet);
        self.strategy.chooser.placed(request, host, partition);
    }

    /// Tells the strategy that an instance left a host.
    #[inline]
    pub fn released(&mut self, account: AccountId, zone: ZoneId, host: HostId, fleet: &Fleet) {
        let partition = self.partition(host, fleet);
        self.strategy.chooser.released(account, zone, partition);
    }

    /// Where the strategy stands, to come back to when what is placed next is undone.
    #[inline]
    pub fn mark(&self) -> Option<HostId> {
        self.strategy.chooser.mark()
    }

    /// What was placed since this mark was undone.
    #[inline]
    pub fn rewind(&mut self, mark: Option<HostId>) {
        self.strategy.chooser.rewind(mark);
    }

    /// Notes that a host opened, closed, or has other amounts free.
    #[inline]
    pub fn changed(&mut self, id: HostId, zone: ZoneId, fleet: &mut Fleet) {
        let partition = usize::from(self.partition(id, fleet));
        let accepts = fleet.accepts(id);
        let Placer { strategy, shapes, zones, .. } = self;
        let ranking = || strategy.ranking.as_deref().expect("a ranked index has a ranking");
        match &mut zones[zone.index()] {
            ZoneIndex::Ids(index) if accepts => index.update(id, fleet.hosts(), shapes),
            ZoneIndex::Ids(index) => index.remove(id),
            ZoneIndex::Classes(partitions) => {
                let (hosts, skus) = fleet.hosts_to_mark();
                if accepts {
                    partitions[partition].update(id, hosts, skus, shapes, ranking());
                } else {
                    partitions[partition].remove(id, hosts);
                }
            }
            ZoneIndex::Hosts(index) => {
                let (hosts, skus) = fleet.hosts_to_mark();
                if accepts {
                    index.update(id, hosts, skus, shapes, ranking());
                } else {
                    index.remove(id, hosts);
                }
            }
        }
    }

    /// The host that a request would likely get now: a hint for prefetching.
    #[inline]
    pub fn likely(&self, shape: ShapeId, zone: ZoneId) -> Option<HostId> {
        match &self.zones[zone.index()] {
            ZoneIndex::Classes(partitions) => partitions.first()?.likely(shape, &self.shapes),
            _ => None,
        }
    }

    /// Classes the index keeps, where it keeps any.
    pub fn classes(&self) -> usize {
        self.zones
            .iter()
            .map(|zone| match zone {
                ZoneIndex::Classes(partitions) => partitions.iter().map(ClassIndex::classes).sum(),
                _ => 0,
            })
            .sum()
    }

    /// Distinct requests so far.
    pub fn shapes(&self) -> usize {
        self.shapes.len()
    }

    #[inline]
    fn partition(&self, id: HostId, fleet: &Fleet) -> u16 {
        match self.strategy.partitions {
            1 => 0,
            partitions => (fleet.rack_of(id).0 % u32::from(partitions)) as u16,
        }
    }
}

impl ZoneIndex {
    fn new(strategy: &Strategy, hosts: Range<u32>) -> ZoneIndex {
        let (first, count) = (HostId(hosts.start), hosts.end - hosts.start);
        let partitions = 0..strategy.partitions;
        match strategy.ranking.as_deref().map(Ranking::sight) {
            None => ZoneIndex::Ids(IdIndex::new(first, count)),
            Some(Sight::Instances) => {
                assert!(strategy.partitions == 1, "a cost by instances knows no partitions");
                ZoneIndex::Hosts(HostIndex::new(first, count))
            }
            Some(sight) => ZoneIndex::Classes(partitions.map(|_| ClassIndex::new(sight)).collect()),
        }
    }

    fn shapes_changed(
        &mut self,
        zone: ZoneId,
        fleet: &Fleet,
        shapes: &Shapes,
        ranking: Option<&dyn Ranking>,
    ) {
        let ranked = "a ranked index has a ranking";
        match self {
            ZoneIndex::Ids(index) => {
                for id in fleet.zones()[zone.index()].hosts.clone().map(HostId) {
                    if fleet.accepts(id) {
                        index.update(id, fleet.hosts(), shapes);
                    }
                }
            }
            ZoneIndex::Classes(partitions) => partitions
                .iter_mut()
                .for_each(|index| index.shapes_changed(fleet.skus(), shapes, ranking.expect(ranked))),
            ZoneIndex::Hosts(index) => index.shapes_changed(fleet.hosts(), shapes),
        }
    }
}

/// The hosts of a zone, seen through the index.
struct Indexed<'a> {
    index: &'a mut ZoneIndex,
    shapes: &'a Shapes,
    fleet: &'a Fleet,
    request: &'a Request,
    ranking: Option<&'a dyn Ranking>,
}

impl Choice for Indexed<'_> {
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
        match self.index {
            ZoneIndex::Ids(index) => {
                index.first_from(from, self.request.shape, self.fleet.hosts(), self.shapes)
            }
            _ => panic!("a ranked strategy asks for hosts by id"),
        }
    }

    #[inline]
    fn least(&mut self, partition: u16) -> Option<HostId> {
        let (shape, hosts, shapes) = (self.request.shape, self.fleet.hosts(), self.shapes);
        let ranking = self.ranking.expect("only a ranked strategy asks for the least");
        match self.index {
            ZoneIndex::Ids(_) => panic!("a strategy without a ranking asks for the least"),
            ZoneIndex::Classes(partitions) => {
                partitions[usize::from(partition)].least(shape, hosts, self.fleet.skus(), shapes, ranking)
            }
            ZoneIndex::Hosts(index) => index.least(shape, hosts, shapes),
        }
    }
}
