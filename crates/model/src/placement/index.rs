//! The index of a fleet for its strategy: kept up to date host by host, and searched for one
//! request. It holds the hosts that take instances of shared tenancy; other hosts are few, and are searched
//! by the lists that `tenancies` keeps of them.

use std::ops::Range;

use super::constraints::{HostRule, RackRule, Tier};
use super::exits::{Bands, Exits};
use super::racks::RackHosts;
use super::request::Request;
use super::scan::{KNOWN, Scan, cost_of};
use super::strategy::{Candidates, GroupSet, MAX_GROUPS, Selector, Strategy};
use super::tenancies::{Tenancies, Vacant};
use super::vacancies::Vacancies;
use crate::fleet::Fleet;
use crate::fleet::index::by_class::{ClassIndex, EqualHosts};
use crate::fleet::index::by_count::CountIndex;
use crate::fleet::index::by_id::IdIndex;
use crate::fleet::index::by_use::UseIndex;
use crate::fleet::index::class_table::Marks;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{ClassMarks, Ranking, RankingInputs};
use crate::fleet::index::shapes::{ShapeId, Shapes};
use crate::fleet::index::{Allowed, HostFilter};
use plimsoll_base::input::InputError;
use plimsoll_base::persist;
use plimsoll_base::units::{Footprint, HostId, ZoneId};

const RANKED: &str = "a ranked index has a ranking";

/// Index of all zones.
pub struct FleetIndex {
    ranking: Option<Box<dyn Ranking>>,
    /// Partitions of a zone that the strategy knows.
    partitions: u16,
    /// Groups of hosts that are searched apart; 0 where there are none.
    groups: u32,
    /// True where hosts are in the order of their last use.
    orders_by_use: bool,
    /// Predicted ends, where the strategy knows them.
    exits: Option<Exits>,
    /// Marks that tell hosts of equal amounts apart.
    marks: ClassMarks,
    shapes: Shapes,
    zones: Vec<ZoneIndex>,
    racks: RackHosts,
}

/// Index of one zone.
enum ZoneIndex {
    Ids(IdIndex),
    /// Index of each partition.
    Classes(Vec<ClassIndex>),
    Counts(CountIndex),
    Uses(UseIndex),
}

impl FleetIndex {
    /// Returns the index of a strategy over a fleet, no host in it yet. Takes the ranking out of the strategy.
    pub fn new(strategy: &mut Strategy, fleet: &Fleet) -> FleetIndex {
        let Strategy { ranking, partitions, groups, orders_by_use, .. } = strategy;
        assert!(*groups <= MAX_GROUPS, "{groups} groups of hosts");
        let mut index = FleetIndex {
            ranking: ranking.take(),
            partitions: *partitions,
            groups: *groups,
            orders_by_use: *orders_by_use,
            exits: (*groups > 0).then(|| Exits::new(fleet.hosts().len())),
            marks: ClassMarks::default(),
            shapes: Shapes::new(),
            zones: Vec::new(),
            racks: RackHosts::default(),
        };
        index.marks = index.ranking.as_ref().map_or(ClassMarks::default(), |ranking| ranking.marks());
        index.zones = index.without_hosts(fleet);
        index
    }

    /// Returns the index of each zone, no host in it yet.
    fn without_hosts(&self, fleet: &Fleet) -> Vec<ZoneIndex> {
        fleet.zones().iter().map(|zone| self.of_zone(zone.hosts.clone())).collect()
    }

    fn of_zone(&self, hosts: Range<u32>) -> ZoneIndex {
        let (first, count) = (HostId(hosts.start), hosts.end - hosts.start);
        match self.ranking.as_deref().map(Ranking::inputs) {
            None if self.orders_by_use => ZoneIndex::Uses(UseIndex::new(first, count)),
            None => ZoneIndex::Ids(IdIndex::new(first, count)),
            Some(RankingInputs::Instances(order)) => {
                assert!(self.partitions == 1, "a cost by instances knows no partitions");
                ZoneIndex::Counts(CountIndex::new(first, count, order))
            }
            Some(inputs) => {
                let lefts = if self.marks.request_left { Bands::steps().bounds() } else { vec![0] };
                let of_partition = |_| ClassIndex::new(inputs, self.groups.max(1), lefts.clone());
                ZoneIndex::Classes((0..self.partitions).map(of_partition).collect())
            }
        }
    }

    /// Ranks hosts in another way from now on.
    pub fn rerank(&mut self, ranking: Option<Box<dyn Ranking>>) {
        self.ranking = ranking;
        for zone in &mut self.zones {
            if let ZoneIndex::Classes(partitions) = zone {
                partitions.iter_mut().for_each(ClassIndex::forget_views);
            }
        }
    }

    /// Forgets the hosts and knows these requests, each by its place in the list.
    pub fn begin_anew(&mut self, requests: &[Footprint], fleet: &Fleet) {
        self.zones = self.without_hosts(fleet);
        self.shapes = Shapes::new();
        self.racks = RackHosts::default();
        let changes = requests.iter().filter(|request| self.shapes.intern(request).1).count();
        if changes > 0 {
            self.shapes_changed(fleet);
        }
    }

    /// Returns the distinct requests so far, by number.
    pub fn requests(&self) -> &[Footprint] {
        self.shapes.requests()
    }

    /// Returns the number by which the index knows a request; a new one gets its bit in every mask.
    pub fn shape(&mut self, request: &Footprint, fleet: &Fleet) -> ShapeId {
        let (shape, changed) = self.shapes.intern(request);
        if changed {
            self.shapes_changed(fleet);
        }
        shape
    }

    fn shapes_changed(&mut self, fleet: &Fleet) {
        let ranking = self.ranking.as_deref();
        for (zone, index) in self.zones.iter_mut().enumerate() {
            index.shapes_changed(ZoneId(zone as u16), fleet, &self.shapes, ranking);
        }
    }

    /// Lets a selector select among the hosts of the shared pool.
    #[inline]
    pub fn search(
        &mut self,
        selector: &mut dyn Selector,
        request: &Request,
        fleet: &Fleet,
    ) -> Option<HostId> {
        selector.select(&mut self.seen(request, fleet, None), request)
    }

    /// Lets a selector select among the hosts of a tier.
    pub fn search_tier(
        &mut self,
        selector: &mut dyn Selector,
        request: &Request,
        tier: &Tier<'_>,
        (fleet, tenancies): (&Fleet, &Tenancies),
    ) -> Option<HostId> {
        let own: Vec<HostId>;
        let listed: &[HostId] = match (tier.hosts, tier.racks) {
            (HostRule::Own(hosts), _) => {
                own = hosts.iter().copied().collect();
                &own
            }
            (HostRule::Named(host), _) => &[host],
            (HostRule::Held, _) => unreachable!("slots are found by their reservations"),
            (_, RackRule::Only(rack)) => self.racks.hosts(rack, fleet),
            (HostRule::Shared, _) => {
                let allows = |id| tier.allows(id, fleet);
                let allowed = Allowed { barred: tier.barred, rule: &allows };
                return selector.select(&mut self.seen(request, fleet, Some(allowed)), request);
            }
            (HostRule::Vacant, _) => {
                let vacant: &Vacant = tenancies.vacant(request.zone);
                let (ranking, partitions) = (self.ranking.as_deref(), self.partitions);
                let exits = self.exits.as_ref();
                let mut hosts = Vacancies { vacant, fleet, request, tier, ranking, partitions, exits };
                return selector.select(&mut hosts, request);
            }
        };
        let (ranking, partitions) = (self.ranking.as_deref(), self.partitions);
        let mut hosts = Scan {
            fleet,
            request,
            ranking,
            partitions,
            tier: Some(tier),
            listed: Some(listed),
            exits: self.exits.as_ref(),
            without: None,
        };
        selector.select(&mut hosts, request)
    }

    /// Returns the candidates of [`FleetIndex::search`] or [`FleetIndex::search_tier`] by a scan of every host.
    pub fn scan<'a>(
        &'a self,
        request: &'a Request,
        tier: Option<&'a Tier<'a>>,
        fleet: &'a Fleet,
    ) -> Scan<'a> {
        let (ranking, partitions) = (self.ranking.as_deref(), self.partitions);
        let exits = self.exits.as_ref();
        Scan { fleet, request, ranking, partitions, tier, listed: None, exits, without: None }
    }

    /// Returns the cost of a host for a request; `None` where hosts are not ranked.
    pub fn cost(&self, id: HostId, request: &Request, fleet: &Fleet) -> Option<Cost> {
        let hosts = (fleet, self.exits.as_ref());
        self.ranking.as_deref().map(|ranking| cost_of(id, hosts, ranking, request))
    }

    /// Returns the error for which costs are not known any more.
    pub fn failure(&self) -> Option<&InputError> {
        self.ranking.as_deref()?.failure()
    }

    /// Returns true if hosts are ranked, and this one has no value.
    pub fn lacks_value(&self, id: HostId, request: &Request, fleet: &Fleet) -> bool {
        self.cost(id, request, fleet).is_some_and(|cost| !cost.exists())
    }

    /// Returns a selector for any host that fits, whatever the strategy.
    pub fn any(&self) -> AnyHost {
        AnyHost {
            partitions: self.ranking.as_ref().map(|_| self.partitions),
            orders_by_use: self.orders_by_use,
        }
    }

    fn seen<'a>(&'a mut self, request: &'a Request, fleet: &'a Fleet, filter: HostFilter<'a>) -> Indexed<'a> {
        let FleetIndex { ranking, shapes, zones, exits, .. } = self;
        let index = &mut zones[request.zone.index()];
        Indexed { index, shapes, fleet, request, ranking: ranking.as_deref(), exits: exits.as_ref(), filter }
    }

    /// Notes that a host opened, closed, changed its pool, or has other amounts free. `selector` is that of the strategy, which
    /// tells the group of the host.
    #[inline]
    pub fn changed(&mut self, id: HostId, zone: ZoneId, selector: &dyn Selector, fleet: &mut Fleet) {
        let partition = usize::from(self.partition(id, fleet));
        let accepts = fleet.accepts(id);
        let mut marks = Marks::of(&fleet.hosts()[id.index()], || fleet.rack_of(id), self.marks);
        if let Some(exits) = &mut self.exits {
            marks.group = selector.group(id, exits);
            let mut due = selector.regroups_at(id, exits);
            if self.marks.left {
                marks.left_h = exits.left_in_steps(id);
                due = due.into_iter().chain(exits.falls_at(id, &Bands::steps())).min();
            }
            if let Some(hour) = due {
                exits.schedule(id, hour);
            }
        }
        let FleetIndex { ranking, shapes, zones, .. } = self;
        let ranking = || ranking.as_deref().expect(RANKED);
        match &mut zones[zone.index()] {
            ZoneIndex::Ids(index) if accepts => index.update(id, fleet.hosts(), fleet.layouts(), shapes),
            ZoneIndex::Ids(index) => index.remove(id),
            ZoneIndex::Classes(partitions) => {
                let (hosts, layouts) = fleet.hosts_to_mark();
                if accepts {
                    partitions[partition].update((id, marks), hosts, layouts, shapes, ranking());
                } else {
                    partitions[partition].remove(id, hosts);
                }
            }
            ZoneIndex::Counts(index) if accepts => {
                index.update(id, fleet.hosts(), fleet.layouts(), shapes);
            }
            ZoneIndex::Counts(index) => index.remove(id),
            ZoneIndex::Uses(index) if accepts => {
                index.update(id, selector.last_use(id), fleet.hosts(), fleet.layouts(), shapes);
            }
            ZoneIndex::Uses(index) => index.remove(id),
        }
    }

    /// Expects that many instances are placed one after the other, until [`FleetIndex::end_filling`]: the same hosts are found, with
    /// less done at each.
    pub fn begin_filling(&mut self) {
        for zone in &mut self.zones {
            if let ZoneIndex::Classes(partitions) = zone {
                partitions.iter_mut().for_each(ClassIndex::begin_filling);
            }
        }
    }

    /// Ends what [`FleetIndex::begin_filling`] began.
    pub fn end_filling(&mut self, fleet: &mut Fleet) {
        let FleetIndex { ranking, shapes, zones, .. } = self;
        for zone in zones {
            if let ZoneIndex::Classes(partitions) = zone {
                let (hosts, layouts) = fleet.hosts_to_mark();
                let ranking = ranking.as_deref().expect(RANKED);
                partitions.iter_mut().for_each(|index| index.end_filling(hosts, layouts, shapes, ranking));
            }
        }
    }

    /// Returns predicted ends for a checkpoint.
    pub fn saved_exits(&self) -> &Option<Exits> {
        &self.exits
    }

    /// Restores predicted ends. The fleet may have more hosts than before.
    pub fn restore_exits(&mut self, exits: Option<Exits>, fleet: &Fleet) {
        let repredicts = self.exits.as_ref().is_some_and(Exits::repredicts);
        self.exits = exits.map(|exits| exits.of_hosts(fleet.hosts().len()));
        if let Some(exits) = &mut self.exits {
            exits.set_repredicts(repredicts);
        }
    }

    /// Returns predicted ends, where the strategy knows them.
    #[inline]
    pub fn exits(&mut self) -> Option<&mut Exits> {
        self.exits.as_mut()
    }

    /// Returns the host that a request would likely get now: a hint for prefetching.
    #[inline]
    pub fn likely(&self, shape: ShapeId, zone: ZoneId) -> Option<HostId> {
        match &self.zones[zone.index()] {
            ZoneIndex::Classes(partitions) => partitions.first()?.likely(shape, &self.shapes),
            _ => None,
        }
    }

    /// Returns the hosts of a zone that are in the index, class by class; `None` where it keeps no classes, or a host apart from them.
    pub fn hosts_by_class(&self, zone: ZoneId) -> Option<Vec<EqualHosts<'_>>> {
        let ZoneIndex::Classes(partitions) = &self.zones[zone.index()] else { return None };
        let mut hosts = Vec::new();
        for index in partitions {
            hosts.extend(index.hosts()?);
        }
        Some(hosts)
    }

    /// Returns the number of classes that the index keeps, 0 if it has none.
    pub fn classes(&self) -> usize {
        self.zones
            .iter()
            .map(|zone| match zone {
                ZoneIndex::Classes(partitions) => partitions.iter().map(ClassIndex::classes).sum(),
                ZoneIndex::Ids(_) | ZoneIndex::Counts(_) | ZoneIndex::Uses(_) => 0,
            })
            .sum()
    }

    /// Returns the number of classes that searches by bounds have looked at.
    #[cfg(test)]
    pub fn looked_at(&self) -> usize {
        let of_zone = |zone: &ZoneIndex| match zone {
            ZoneIndex::Classes(partitions) => partitions.iter().map(ClassIndex::looked_at).sum(),
            ZoneIndex::Ids(_) | ZoneIndex::Counts(_) | ZoneIndex::Uses(_) => 0,
        };
        self.zones.iter().map(of_zone).sum()
    }

    /// Returns the number of distinct requests so far.
    pub fn shapes(&self) -> usize {
        self.shapes.len()
    }

    /// Returns the strategy's partition of a host.
    #[inline]
    pub fn partition(&self, id: HostId, fleet: &Fleet) -> u16 {
        match self.partitions {
            1 => 0,
            partitions => (fleet.rack_of(id).0 % u32::from(partitions)) as u16,
        }
    }
}

impl ZoneIndex {
    fn shapes_changed(
        &mut self,
        zone: ZoneId,
        fleet: &Fleet,
        shapes: &Shapes,
        ranking: Option<&dyn Ranking>,
    ) {
        match self {
            ZoneIndex::Ids(index) => {
                for id in fleet.zones()[zone.index()].hosts.clone().map(HostId) {
                    if fleet.accepts(id) {
                        index.update(id, fleet.hosts(), fleet.layouts(), shapes);
                    }
                }
            }
            ZoneIndex::Classes(partitions) => partitions
                .iter_mut()
                .for_each(|index| index.shapes_changed(fleet.skus(), shapes, ranking.expect(RANKED))),
            ZoneIndex::Counts(index) => index.shapes_changed(fleet.hosts(), fleet.layouts(), shapes),
            ZoneIndex::Uses(index) => {
                for id in fleet.zones()[zone.index()].hosts.clone().map(HostId) {
                    if fleet.accepts(id) {
                        index.set_mask(id, fleet.layouts().mask(id, &fleet.hosts()[id.index()], shapes));
                    }
                }
            }
        }
    }
}

/// The hosts of the shared pool of a zone, seen through the index.
struct Indexed<'a> {
    index: &'a mut ZoneIndex,
    shapes: &'a Shapes,
    fleet: &'a Fleet,
    request: &'a Request,
    ranking: Option<&'a dyn Ranking>,
    exits: Option<&'a Exits>,
    filter: HostFilter<'a>,
}

impl Candidates for Indexed<'_> {
    fn range(&self) -> Range<u32> {
        self.fleet.zones()[self.request.zone.index()].hosts.clone()
    }

    fn fits(&self, id: HostId) -> bool {
        self.fleet.fits(id, &self.request.footprint()) && self.filter.is_none_or(|allowed| allowed.allows(id))
    }

    fn free_vcpu_milli(&self, id: HostId) -> u32 {
        self.fleet.hosts()[id.index()].free.vcpu_milli()
    }

    fn first_from(&mut self, from: HostId) -> Option<HostId> {
        match self.index {
            ZoneIndex::Ids(index) => {
                let hosts = (self.fleet.hosts(), self.fleet.layouts());
                index.first_from(from, self.request.shape, hosts, self.shapes, self.filter)
            }
            _ => panic!("a ranked strategy asks for hosts by id"),
        }
    }

    fn cost(&self, id: HostId) -> Cost {
        cost_of(id, (self.fleet, self.exits), self.ranking.expect(RANKED), self.request)
    }

    #[inline]
    fn least(&mut self, partition: u16) -> Option<HostId> {
        let (shape, hosts, shapes) = (self.request.shape, self.fleet.hosts(), self.shapes);
        let ranking = self.ranking.expect("only a ranked strategy asks for the least");
        let left_h = self.exits.map_or(0, |exits| exits.request_left_in_steps(self.request.exit));
        match self.index {
            ZoneIndex::Ids(_) | ZoneIndex::Uses(_) => {
                panic!("a strategy without a ranking asks for the least")
            }
            ZoneIndex::Classes(partitions) => {
                let by = (ranking, self.filter);
                partitions[usize::from(partition)].least(
                    (shape, left_h),
                    hosts,
                    self.fleet.skus(),
                    shapes,
                    by,
                )
            }
            ZoneIndex::Counts(index) => {
                index.first(shape, (hosts, self.fleet.layouts()), shapes, self.filter)
            }
        }
    }

    fn hour(&self) -> u32 {
        self.exits.expect(KNOWN).now()
    }

    fn least_of(&mut self, groups: GroupSet, _of: &dyn Selector) -> Option<HostId> {
        let (shape, hosts) = (self.request.shape, (self.fleet.hosts(), self.fleet.skus()));
        match self.index {
            ZoneIndex::Classes(partitions) => {
                partitions[0].least_of(groups.groups(), shape, hosts, self.shapes, self.filter)
            }
            _ => panic!("{KNOWN}"),
        }
    }

    fn used_last(&mut self, _of: &dyn Selector) -> Option<HostId> {
        let (shape, hosts) = (self.request.shape, (self.fleet.hosts(), self.fleet.layouts()));
        match self.index {
            ZoneIndex::Uses(index) => index.first(shape, hosts, self.shapes, self.filter),
            _ => panic!("only a strategy that orders hosts by use asks for the one used last"),
        }
    }
}

/// Takes any host that fits, to learn whether there is one.
#[derive(Clone)]
pub struct AnyHost {
    /// Partitions of a zone where hosts are ranked; `None` where they are walked by id.
    partitions: Option<u16>,
    /// True where hosts are in the order of their last use.
    orders_by_use: bool,
}

persist! { AnyHost { derived: [partitions, orders_by_use] } }

impl Selector for AnyHost {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        match self.partitions {
            None if self.orders_by_use => hosts.used_last(self),
            None => hosts.first_from(HostId(0)),
            Some(partitions) => (0..partitions).find_map(|partition| hosts.least(partition)),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
