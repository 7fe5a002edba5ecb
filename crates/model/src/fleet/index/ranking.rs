//! Rankings of the hosts that fit: a cost, and its inputs, which decide the index.

use super::bound::{Bound, Span};
use super::cost::Cost;
use crate::fleet::host::Sku;
use crate::fleet::topology::Parts;
use plimsoll_base::input::InputError;
use plimsoll_base::units::{Footprint, RackId, Resources};

/// Inputs of a cost beside the capacity of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RankingInputs {
    /// Free amounts, of the parts too.
    Free,
    /// The same, and whether the request names two NUMA nodes.
    FreeAndNodes,
    /// Free amounts and the request. Of two hosts of the same capacity the one with more free never
    /// costs more.
    FreeAndRequest,
    /// Free amounts and the request, in whatever way.
    FreeAndAnyRequest,
    /// Number of instances on the host alone.
    Instances(CountOrder),
}

/// Order of hosts by the number of their instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CountOrder {
    /// Fewest first.
    Fewest,
    /// Most first.
    Most,
}

impl CountOrder {
    /// Returns the cost of a host in this order.
    pub fn cost(self, candidate: Candidate<'_>) -> Cost {
        let count = u64::from(candidate.instances);
        match self {
            CountOrder::Fewest => Cost::Pair(count, 0),
            CountOrder::Most => Cost::most(count, u64::MAX),
        }
    }
}

/// Marks that tell hosts of equal amounts apart, under a ranking by class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClassMarks {
    /// Number of instances.
    pub instances: bool,
    /// Rack.
    pub rack: bool,
    /// Time that the last instance has left, in steps.
    pub left: bool,
    /// Time until the request is predicted to have ended, in steps: no mark of hosts, but for each there is an order of the classes.
    pub request_left: bool,
}

impl ClassMarks {
    /// Returns the groups of hosts of a strategy with these marks: one where it knows predicted ends, else none.
    pub fn groups(self) -> u32 {
        u32::from(self.left || self.request_left)
    }
}

/// Host as a cost sees it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Kind of the host: its sellable capacity, its division into parts.
    pub sku: &'a Sku,
    /// Free amounts of it.
    pub free: &'a Resources,
    /// Free amounts of its parts; `None` where it is not divided.
    pub parts: Option<&'a Parts>,
    /// Instances on it; of no meaning unless the ranking's inputs are [`RankingInputs::Instances`] or its marks have them.
    pub instances: u32,
    /// Rack of it; of no meaning unless the ranking's marks have it.
    pub rack: RackId,
    /// Time that its last instance is predicted to have left, rounded up in steps \[h\]; of no meaning unless the ranking's marks have it.
    pub left_h: u32,
    /// Time until the request is predicted to have ended, rounded up in steps \[h\]; of no meaning unless the ranking's marks have it.
    pub request_left_h: u32,
}

impl<'a> Candidate<'a> {
    /// Returns a host of which no more than its free amounts is known.
    pub fn of_amounts(sku: &'a Sku, free: &'a Resources) -> Candidate<'a> {
        Candidate { sku, free, parts: None, instances: 0, rack: RackId(0), left_h: 0, request_left_h: 0 }
    }
}

/// Ranking of the hosts that fit.
pub trait Ranking: Send + Sync {
    /// Returns the inputs of the cost. Nothing else may change the cost.
    fn inputs(&self) -> RankingInputs;
    /// Returns further inputs of the cost of a class: each makes more classes.
    fn marks(&self) -> ClassMarks {
        ClassMarks::default()
    }
    /// Returns the cost of a host for a request; the least wins, ties go to the lowest host id.
    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost;
    /// Returns a bound that no host of a kind costs less than, whatever its parts and marks, if its free amounts are in a span, all of
    /// which covers the request. It must hold; the closer it is, the fewer hosts a search looks at.
    fn bound(&self, sku: &Sku, free: &Span, request: &Footprint) -> Bound {
        match self.inputs() {
            RankingInputs::FreeAndRequest => {
                Bound::Cost(self.cost(Candidate::of_amounts(sku, &free.most), request))
            }
            _ => Bound::Unknown,
        }
    }
    /// Returns true if it is meant that no host may have a value, whatever is free.
    fn may_exclude_all(&self) -> bool {
        false
    }
    /// Returns the error for which costs are not known any more. The run ends with it.
    fn failure(&self) -> Option<&InputError> {
        None
    }
    /// Returns true if bounds of hosts of a kind come close to their costs as spans narrow, so that a search by bounds looks at few of
    /// them.
    fn has_close_bounds(&self, _sku: &Sku) -> bool {
        self.inputs() == RankingInputs::FreeAndRequest
    }
}
