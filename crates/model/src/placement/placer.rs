//! Places requests by a strategy: the books of groups, tenancies and reservations, the index, and the
//! selector, which together say which host takes a request.
//!
//! To place a request, call [`Placer::choose`], take the capacity from the fleet, and call [`Placer::placed`] and
//! [`Placer::changed`]. When the instance leaves, give the capacity back and call [`Placer::removed`] and
//! [`Placer::changed`]; if the placement is undone, [`Placer::undo`] in place of [`Placer::removed`].

use super::constraints::{self, Tier};
use super::groups::Groups;
use super::index::FleetIndex;
use super::request::{Constraint, Request, Tenancy};
use super::stale::StaleConfig;
use super::strategy::{Selector, Strategy, Undo};
use super::tenancies::{Ownership, Tenancies};
use super::views::Views;
use crate::fleet::host::Sku;
use crate::fleet::index::by_class::EqualHosts;
use crate::fleet::index::shapes::ShapeId;
use crate::fleet::topology::Affinity;
use crate::fleet::{Change, Fleet};
use plimsoll_base::failure::FailureReason;
use plimsoll_base::input::InputError;
use plimsoll_base::units::{Footprint, HostId, Time, ZoneId};

/// A strategy with its index over a fleet, and what constrains it.
pub struct Placer {
    /// The placement groups.
    pub groups: Groups,
    pub(super) selector: Box<dyn Selector>,
    pub(super) index: FleetIndex,
    pub(super) tenancies: Tenancies,
    /// Views of schedulers that see the fleet out of date, where there are some.
    pub(super) views: Option<Box<Views>>,
    /// True where the ranking follows the demand.
    pub(super) adapts: bool,
    /// Every choice is made again by the plain scan, and must be the same.
    pub(super) verify: bool,
}

impl Placer {
    /// Returns a placer with an index over all active hosts. With `verify` the plain scan runs beside it, and the first
    /// difference is a panic.
    pub fn new(mut strategy: Strategy, fleet: &mut Fleet, verify: bool) -> Placer {
        fleet.set_node_order(strategy.node_order);
        let mut placer = Placer {
            groups: Groups::default(),
            index: FleetIndex::new(&mut strategy, fleet),
            selector: strategy.selector,
            tenancies: Tenancies::default(),
            views: None,
            adapts: strategy.adapts,
            verify,
        };
        placer.index_hosts(fleet);
        placer
    }

    /// Places by views of several schedulers from now on, one for each of these strategies, which are equal to that of the placer.
    pub fn place_by_views(&mut self, strategies: Vec<Strategy>, rule: &StaleConfig, fleet: &Fleet) {
        let mut views = Views::new(strategies, rule, fleet);
        views.index_hosts(self.index.requests(), &*self.selector);
        self.views = Some(Box::new(views));
    }

    /// Returns the choices of schedulers that had no room any more; `None` where all see the fleet as it is.
    pub fn conflicts(&self) -> Option<u64> {
        self.views.as_ref().map(|views| views.conflicts())
    }

    /// Puts every host into an index that has none: those used last at last, as an index by use takes them.
    pub(super) fn index_hosts(&mut self, fleet: &mut Fleet) {
        for zone in 0..fleet.zones().len() {
            let mut ids: Vec<HostId> = fleet.zones()[zone].hosts.clone().map(HostId).collect();
            ids.sort_by_key(|id| self.selector.last_use(*id));
            for id in ids {
                self.reindex(id, ZoneId(zone as u16), fleet);
            }
        }
    }

    /// Expects that many instances are placed one after the other, until [`Placer::end_filling`]. Chooses the same hosts.
    pub fn begin_filling(&mut self) {
        self.index.begin_filling();
    }

    /// Ends what [`Placer::begin_filling`] began.
    pub fn end_filling(&mut self, fleet: &mut Fleet) {
        self.index.end_filling(fleet);
    }

    /// Returns the number of a request in the index; a new request gets its bit in every mask.
    pub fn shape(&mut self, footprint: impl Into<Footprint>, fleet: &Fleet) -> ShapeId {
        let footprint = footprint.into();
        if let Some(views) = &mut self.views {
            views.know(&footprint);
        }
        self.index.shape(&footprint, fleet)
    }

    /// Predicts instances anew that outlive their predictions, for strategies that know these.
    pub fn repredict(&mut self) {
        if let Some(exits) = self.index.exits() {
            exits.set_repredicts(true);
        }
    }

    /// Brings everything to the state in which the next choice is made, so that a diagnosis before it sees the same.
    pub fn prepare(&mut self, now: Time, fleet: &mut Fleet) {
        self.advance(now, fleet);
        self.adapt();
    }

    /// Adapts a strategy to the demand so far.
    #[inline]
    fn adapt(&mut self) {
        if self.adapts && self.selector.adapt() {
            self.index.rerank(self.selector.ranking());
        }
    }

    /// Notes the time, for strategies that know predicted ends.
    #[inline]
    pub fn advance(&mut self, now: Time, fleet: &mut Fleet) {
        if let Some(exits) = self.index.exits()
            && exits.advance(now)
        {
            let due = exits.take_due();
            due.into_iter().for_each(|id| self.reindex(id, fleet.zone_of(id), fleet));
        }
        if let Some(views) = &mut self.views {
            views.advance(now, &*self.selector, fleet);
        }
    }

    /// Puts a host into its place in the index.
    #[inline]
    pub(super) fn reindex(&mut self, id: HostId, zone: ZoneId, fleet: &mut Fleet) {
        self.index.changed(id, zone, &*self.selector, fleet);
    }

    /// Refuses a request whose constraint cannot be met, however much room there is. To be called once a call, before
    /// anything is placed.
    pub fn check(&self, request: &Request, fleet: &Fleet) -> Result<(), FailureReason> {
        let books = (&self.groups, &self.tenancies, fleet);
        let check = |constraint: Constraint| constraints::check(&constraint, request, books);
        request.constraint.map_or(Ok(()), check)
    }

    /// Returns true if the hardware and the terms of a host allow a request, whatever owner and room it has.
    pub fn suits(&self, request: &Request, host: HostId, fleet: &Fleet) -> bool {
        let suits = |constraint: &Constraint| {
            constraints::suitable(request, constraint, &self.tenancies).suits(host, fleet)
        };
        request.constraint.as_ref().is_none_or(suits)
    }

    /// Returns the host that the strategy selects for a request, among those of its zone that may take it.
    #[inline(always)] // every launch
    pub fn choose(&mut self, request: &Request, fleet: &Fleet) -> Option<HostId> {
        self.adapt();
        if let Some(constraint) = request.constraint {
            return self.choose_constrained(request, &constraint, fleet);
        }
        if let Some(views) = &mut self.views {
            return views.choose(request, &mut *self.selector, fleet, self.verify);
        }
        let twin = self.verify.then(|| self.selector.boxed_clone());
        let chosen = self.index.search(&mut *self.selector, request, fleet);
        if let Some(mut twin) = twin {
            let expected = twin.select(&mut self.index.scan(request, None, fleet), request);
            assert_eq!(chosen, expected, "the index and the plain scan take different hosts for {request:?}");
        }
        chosen
    }

    /// Returns a host of the first tier that has one.
    #[cold]
    fn choose_constrained(
        &mut self,
        request: &Request,
        constraint: &Constraint,
        fleet: &Fleet,
    ) -> Option<HostId> {
        if constraint.tenancy != Tenancy::Shared || constraint.whole {
            self.tenancies.begin(fleet);
        }
        let Placer { selector, index, groups, tenancies, .. } = self;
        constraints::tiers(request, constraint, groups, tenancies).iter().find_map(|tier| {
            let twin = self.verify.then(|| selector.boxed_clone());
            let chosen = index.search_tier(&mut **selector, request, tier, (fleet, tenancies));
            if let Some(mut twin) = twin {
                let expected = twin.select(&mut index.scan(request, Some(tier), fleet), request);
                assert_eq!(
                    chosen, expected,
                    "the index and the plain scan differ on {tier:?} of {request:?}"
                );
            }
            chosen
        })
    }

    /// Returns true if an open host of the zone may take a request of this constraint and has room.
    pub(super) fn could_place(&mut self, request: &Request, constraint: &Constraint, fleet: &Fleet) -> bool {
        let Placer { index, groups, tenancies, .. } = self;
        let mut any = index.any();
        constraints::tiers(request, constraint, groups, tenancies)
            .iter()
            .any(|tier| index.search_tier(&mut any, request, tier, (fleet, tenancies)).is_some())
    }

    /// Opens a host of an elastic group for a request that no open host takes.
    pub fn open(&mut self, request: &Request, fleet: &mut Fleet) -> Option<HostId> {
        let constraint = request.constraint.unwrap_or_default();
        let tiers = constraints::tiers(request, &constraint, &self.groups, &self.tenancies);
        let opened = tiers.iter().find_map(|tier| {
            let suits = |sku: &Sku| !sku.is_barred(tier.barred);
            fleet.open_where(request.zone, &request.footprint(), suits, |fleet, id| tier.allows(id, fleet))
        })?;
        self.changed(opened, request.zone, fleet);
        if request.constraint.is_none()
            && let Some(views) = &mut self.views
        {
            views.opened(opened);
        }
        Some(opened)
    }

    /// Notes that a request was placed on a host. Returns what undoes that.
    #[inline]
    pub fn placed(&mut self, request: &Request, host: HostId, fleet: &Fleet) -> Undo {
        self.added(request, host, fleet);
        self.selector.placed(request, host, fleet)
    }

    /// Undoes a placement, the latest first.
    pub fn undo(&mut self, request: &Request, host: HostId, undo: Undo, fleet: &Fleet) {
        self.selector.undo(host, undo);
        self.removed(request, host, fleet);
    }

    /// Counts an instance of a request on a host, which no placement put there now: one that returns to it, say.
    #[inline]
    pub fn added(&mut self, request: &Request, host: HostId, fleet: &Fleet) {
        let partition = self.index.partition(host, fleet);
        self.selector.added(request, host, partition);
        if let Some(exits) = self.index.exits() {
            exits.add(host, request.exit, request.amounts.vcpu_milli());
        }
        if let Some(constraint) = &request.constraint {
            self.add_constrained(request, constraint, host, fleet);
        }
    }

    #[cold]
    fn add_constrained(&mut self, request: &Request, constraint: &Constraint, host: HostId, fleet: &Fleet) {
        if let Some(group) = request.group() {
            self.groups.joined(group, request.zone, fleet.rack_of(host));
        }
        match constraint.tenancy {
            Tenancy::Host(_) => self.tenancies.enter(host, constraint),
            Tenancy::Shared if !constraint.whole => {}
            Tenancy::Shared | Tenancy::Dedicated => {
                // Opened for it, perhaps, without a search.
                self.tenancies.begin(fleet);
                let how = if constraint.whole { Ownership::Whole } else { Ownership::Instances };
                self.tenancies.take(host, request.zone, request.account, how);
            }
        }
    }

    /// Counts an instance of a request on a host no longer.
    #[inline]
    pub fn removed(&mut self, request: &Request, host: HostId, fleet: &Fleet) {
        let partition = self.index.partition(host, fleet);
        self.selector.removed(request, host, partition);
        if let Some(exits) = self.index.exits() {
            exits.remove(host, request.exit, request.amounts.vcpu_milli());
        }
        if request.constraint.is_some() {
            self.remove_constrained(request, host, fleet);
        }
    }

    /// Removes an instance with constraints. The owner of the host follows from the instances left on it: see
    /// [`Placer::changed`].
    #[cold]
    fn remove_constrained(&mut self, request: &Request, host: HostId, fleet: &Fleet) {
        if let Some(group) = request.group() {
            self.groups.left(group, request.zone, fleet.rack_of(host));
        }
        if let Some(constraint) = request.constraint.filter(|of| matches!(of.tenancy, Tenancy::Host(_))) {
            self.tenancies.leave(host, &constraint);
        }
    }

    /// Takes room of a host for a request. Returns the parts of the host that it is on, and what undoes that.
    pub(super) fn take(&mut self, request: &Request, host: HostId, fleet: &mut Fleet) -> (Affinity, Undo) {
        let affinity = fleet.take(host, request.zone, request.footprint());
        let undo = self.placed(request, host, fleet);
        self.changed(host, request.zone, fleet);
        (affinity, undo)
    }

    /// Undoes [`Placer::take`], the latest first.
    pub(super) fn undo_take(
        &mut self,
        request: &Request,
        host: HostId,
        (affinity, undo): (Affinity, Undo),
        fleet: &mut Fleet,
    ) {
        fleet.give(host, request.zone, request.footprint(), affinity);
        self.undo(request, host, undo, fleet);
        self.changed(host, request.zone, fleet);
    }

    /// Gives the room of a request on a host back.
    pub(super) fn give(
        &mut self,
        request: &Request,
        (host, affinity): (HostId, Affinity),
        fleet: &mut Fleet,
    ) {
        fleet.give(host, request.zone, request.footprint(), affinity);
        self.removed(request, host, fleet);
        self.changed(host, request.zone, fleet);
    }

    /// Counts room on a host for another request than before: the slot of a reservation becomes an instance, or the
    /// other way round. A slot has no predicted end.
    pub(super) fn recount(&mut self, from: &Request, into: &Request, host: HostId, fleet: &mut Fleet) {
        self.removed(from, host, fleet);
        self.added(into, host, fleet);
        if self.index.exits().is_some() {
            self.reindex(host, from.zone, fleet);
        }
    }

    /// Returns the tiers of a request for a slot of a reservation.
    pub(super) fn slot_tiers(&self, request: &Request) -> Vec<Tier<'_>> {
        let constraint = request.constraint.unwrap_or_default();
        constraints::slot_tiers(request, &constraint, &self.groups, &self.tenancies)
    }

    /// Notes that a host opened, closed, or has other amounts free. A host of an elastic group that was one
    /// account's own closes here when it has emptied.
    #[inline]
    pub fn changed(&mut self, id: HostId, zone: ZoneId, fleet: &mut Fleet) -> Change {
        let change =
            if self.tenancies.is_used() { self.tenancies.settle(id, zone, fleet) } else { Change::Amounts };
        self.reindex(id, zone, fleet);
        if let Some(views) = &mut self.views {
            views.changed(id, &*self.selector, fleet);
        }
        change
    }

    /// Returns the host that a request would likely get now: a hint for prefetching.
    #[inline]
    pub fn likely(&self, shape: ShapeId, zone: ZoneId) -> Option<HostId> {
        self.index.likely(shape, zone)
    }

    /// Returns the error for which the strategy cannot place any more: that of a rule outside the program.
    pub fn failure(&self) -> Option<&InputError> {
        self.index.failure()
    }

    /// Returns the owners of hosts.
    pub fn tenancies(&self) -> &Tenancies {
        &self.tenancies
    }

    /// Returns the hosts of a zone that take instances of shared tenancy, equal ones together; `None` where the index does not know
    /// them so.
    pub fn hosts_by_class(&self, zone: ZoneId) -> Option<Vec<EqualHosts<'_>>> {
        self.index.hosts_by_class(zone)
    }

    /// Returns the number of classes in the index, where it keeps any.
    pub fn classes(&self) -> usize {
        self.index.classes()
    }

    /// Returns the number of distinct requests so far.
    pub fn shapes(&self) -> usize {
        self.index.shapes()
    }
}
