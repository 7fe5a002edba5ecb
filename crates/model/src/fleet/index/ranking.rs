//! How a strategy ranks the hosts that fit: a cost, and what it looks at, which decides the index.

use super::cost::Cost;
use plimsoll_base::units::Resources;

/// What a cost is a function of, beside the capacity of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// What is free.
    Free,
    /// What is free, and the request. Of two hosts of the same capacity the one with more free never
    /// costs more.
    FreeAndRequest,
    /// The number of instances on the host; the cost is a `Cost::Pair` whose second number is 0.
    Instances,
}

/// A host as a cost sees it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// What the host can sell in all.
    pub capacity: &'a Resources,
    /// What is free of it.
    pub free: &'a Resources,
    /// Instances on it; 0 unless the ranking's sight is [`Sight::Instances`].
    pub instances: u32,
}

/// How a strategy ranks the hosts that fit.
pub trait Ranking: Send + Sync {
    /// What the cost looks at. Whatever it leaves out must not change the cost.
    fn sight(&self) -> Sight;
    /// The cost of a host for a request; least wins, ties go to the lowest host id.
    fn cost(&self, candidate: Candidate<'_>, request: &Resources) -> Cost;
}
