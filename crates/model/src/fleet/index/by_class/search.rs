//! The search of the tree of classes for the host that costs least.

use super::{Class, cost_of, has_room, parts_of};
use crate::fleet::host::{Host, Sku, SkuId};
use crate::fleet::index::HostFilter;
use crate::fleet::index::bound::{Bound, Span};
use crate::fleet::index::cost::Cost;
use crate::fleet::index::kd_tree::Search;
use crate::fleet::index::ranking::Ranking;
use crate::fleet::topology::Parts;
use plimsoll_base::units::{Footprint, HostId};

/// The search of classes one by one for the host that costs least.
pub(super) struct LeastOfClasses<'a> {
    pub classes: &'a mut [Class],
    pub parts: &'a [Option<Parts>],
    pub request: &'a Footprint,
    /// Time until it has ended \[h\].
    pub left_h: u32,
    pub hosts: &'a [Host],
    pub skus: &'a [Sku],
    pub ranking: &'a dyn Ranking,
    pub filter: HostFilter<'a>,
    pub looked_at: usize,
    pub best: Option<(Cost, HostId)>,
}

impl LeastOfClasses<'_> {
    fn is_beaten(&self, cost: &Cost) -> bool {
        self.best.as_ref().is_some_and(|(least, _)| least < cost)
    }
}

impl Search for LeastOfClasses<'_> {
    type Bound = Bound;

    fn bound(&self, sku: SkuId, free: &Span) -> Bound {
        self.ranking.bound(&self.skus[sku.0 as usize], free, self.request)
    }

    fn may_win(&self, bound: &Bound) -> bool {
        self.best.as_ref().is_none_or(|(least, _)| !bound.is_above(least))
    }

    fn look(&mut self, id: u32) {
        self.looked_at += 1;
        let class = &self.classes[id as usize];
        let parts = parts_of(self.parts, id);
        if class.members == 0 || !has_room(class.key, parts, self.skus, self.request) {
            return;
        }
        let cost = cost_of(class.key, parts, self.skus, self.ranking, (self.request, self.left_h));
        if self.is_beaten(&cost) {
            return;
        }
        let Some(least) = self.classes[id as usize].least(id, self.hosts, self.skus, self.filter) else {
            return;
        };
        let equal = self.best.take().filter(|(other, _)| *other == cost);
        self.best = Some((cost, equal.map_or(least, |(_, host)| host.min(least))));
    }
}
