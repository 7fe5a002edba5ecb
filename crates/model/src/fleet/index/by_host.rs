//! The host with the least cost where the cost depends on the number of instances: classes by count and
//! free amounts would be many and each count's run of them long, so hosts themselves are ordered, by
//! (cost, id).

use super::HostFilter;
use super::cost::Cost;
use super::ranking::{Candidate, Ranking};
use super::shapes::{ShapeId, Shapes};
use super::tree::{Leaf, Tree};
use crate::fleet::host::Host;
use crate::fleet::layout::Layouts;
use plimsoll_base::units::{Footprint, HostId, RackId};

/// Not in the index: the mark of a host it does not hold.
pub const NO_LEAF: u32 = u32::MAX;

/// The index of one cell. A host's mark is its leaf; its key is kept beside, since the host's own
/// count has changed by the time it is moved.
#[derive(Clone, Debug, Default)]
pub struct HostIndex {
    order: Tree<(u64, u32)>,
    /// By host, from the cell's first: the cost it is filed under.
    filed: Vec<u64>,
    first: HostId,
}

impl HostIndex {
    /// Returns an index over `count` hosts from `first`, none in it yet.
    pub fn new(first: HostId, count: u32) -> HostIndex {
        HostIndex { order: Tree::default(), filed: vec![0; count as usize], first }
    }

    /// Takes a host in, or notes that it changed.
    pub fn update(
        &mut self,
        id: HostId,
        hosts: &mut [Host],
        layouts: Layouts<'_>,
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) {
        let host = hosts[id.index()];
        let candidate = Candidate {
            sku: layouts.sku(&host),
            free: &host.free,
            parts: layouts.parts(id, &host),
            instances: host.instances,
            rack: RackId(0),
        };
        let cost = match ranking.cost(candidate, &Footprint::default()) {
            Cost::Pair(cost, 0) => cost,
            other => panic!("a cost by instances is one number, not {other:?}"),
        };
        let mask = layouts.mask(id, &host, shapes);
        let filed = &mut self.filed[(id.0 - self.first.0) as usize];
        if host.index_mark != NO_LEAF {
            if *filed == cost {
                self.order.set_mask(Leaf(host.index_mark), (cost, id.0), mask);
                return;
            }
            self.order.remove(Leaf(host.index_mark), (*filed, id.0));
        }
        *filed = cost;
        let key = (cost, id.0);
        self.order.insert(
            key,
            mask,
            |other| other.cmp(&key),
            |(_, moved), leaf| {
                hosts[moved as usize].index_mark = leaf.0;
            },
        );
    }

    /// Takes a host out.
    pub fn remove(&mut self, id: HostId, hosts: &mut [Host]) {
        let mark = std::mem::replace(&mut hosts[id.index()].index_mark, NO_LEAF);
        if mark != NO_LEAF {
            self.order.remove(Leaf(mark), (self.filed[(id.0 - self.first.0) as usize], id.0));
        }
    }

    /// Returns the host that costs least of those that fit and are let through.
    pub fn least(
        &self,
        shape: ShapeId,
        (hosts, layouts): (&[Host], Layouts<'_>),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let (need, request) = (shapes.need(shape), shapes.request(shape));
        let mut position = self.order.first(need);
        while let Some(found) = position {
            let id = HostId(self.order.key(found).1);
            let fits = shapes.is_exact() || layouts.fits(id, &hosts[id.index()], request);
            if fits && filter.is_none_or(|allowed| allowed.allows(id)) {
                return Some(id);
            }
            position = self.order.next(found, need);
        }
        None
    }

    /// Recomputes every mask after the bits of requests changed their meaning.
    pub fn shapes_changed(&mut self, hosts: &[Host], layouts: Layouts<'_>, shapes: &Shapes) {
        for (offset, cost) in self.filed.iter().enumerate() {
            let id = self.first.0 + offset as u32;
            let host = &hosts[id as usize];
            if host.index_mark != NO_LEAF {
                let mask = layouts.mask(HostId(id), host, shapes);
                self.order.set_mask(Leaf(host.index_mark), (*cost, id), mask);
            }
        }
    }
}
