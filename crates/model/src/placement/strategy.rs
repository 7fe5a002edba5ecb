//! What a strategy is: a ranking of the hosts that fit, or a way of choosing among them.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::constraints::{Constraint, Tenancy};
use crate::fleet::index::ranking::Ranking;
use crate::fleet::index::shapes::ShapeId;
use plimsoll_base::engine::checkpoint::Persist;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, HostId, PlacementGroupId, Resources, ZoneId};

/// What is to be placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Its amounts, as the index knows them.
    pub shape: ShapeId,
    /// Its amounts.
    pub amounts: Resources,
    /// Who asks.
    pub account: AccountId,
    /// Where.
    pub zone: ZoneId,
    /// What it asks of its host beside room; `None` of most.
    pub constraint: Option<Constraint>,
}

impl Request {
    /// Account whose instances may be on its host.
    pub fn tenancy(&self) -> Tenancy {
        self.constraint.unwrap_or_default().tenancy
    }

    /// The placement group that it joins.
    pub fn group(&self) -> Option<PlacementGroupId> {
        self.constraint.and_then(|constraint| constraint.group).map(|membership| membership.group)
    }
}

/// The hosts of one zone that may take one request, as a chooser sees them. The index and the plain scan both
/// answer these questions.
pub trait Choice {
    /// The ids of the zone's hosts.
    fn range(&self) -> Range<u32>;
    /// True when the request fits on a host.
    fn fits(&self, id: HostId) -> bool;
    /// vCPU free on a host \[milli-vCPU\].
    fn free_vcpu_milli(&self, id: HostId) -> u32;
    /// The lowest host from `from` on that fits.
    fn first_from(&mut self, from: HostId) -> Option<HostId>;
    /// The host of a partition with the least cost that fits; ties go to the lowest id.
    fn least(&mut self, partition: u16) -> Option<HostId>;
}

/// How a strategy chooses among the hosts that fit.
pub trait Chooser: Persist + Send + Sync {
    /// The host that takes the request.
    fn choose(&mut self, hosts: &mut dyn Choice, request: &Request) -> Option<HostId>;
    /// An instance of the request was put on a host of this partition.
    fn placed(&mut self, _request: &Request, _host: HostId, _partition: u16) {}
    /// An instance of the request left a host of this partition.
    fn released(&mut self, _request: &Request, _partition: u16) {}
    /// What the next choice depends on beside the hosts and the counts that `placed` and `released` keep:
    /// whoever undoes a placement gives it back.
    fn mark(&self) -> Option<HostId> {
        None
    }
    /// Placements since this mark were undone.
    fn rewind(&mut self, _mark: Option<HostId>) {}
    /// A copy that goes on to choose the same.
    fn boxed_clone(&self) -> Box<dyn Chooser>;
}

/// A strategy, ready to run.
pub struct Strategy {
    /// The ranking behind [`Choice::least`], if the chooser asks for it.
    pub ranking: Option<Box<dyn Ranking>>,
    /// How it chooses.
    pub chooser: Box<dyn Chooser>,
    /// Partitions of a zone: racks modulo this number. 1 where the strategy knows none.
    pub partitions: u16,
}

impl Strategy {
    /// The least cost in the zone.
    pub fn ranked(ranking: impl Ranking + 'static) -> Strategy {
        Strategy { ranking: Some(Box::new(ranking)), chooser: Box::new(Least), partitions: 1 }
    }

    /// A choice that needs no ranking.
    pub fn choosing(chooser: impl Chooser + 'static) -> Strategy {
        Strategy { ranking: None, chooser: Box::new(chooser), partitions: 1 }
    }
}

/// Takes the host with the least cost.
#[derive(Clone)]
struct Least;

persist! { Least {} }

impl Chooser for Least {
    fn choose(&mut self, hosts: &mut dyn Choice, _request: &Request) -> Option<HostId> {
        hosts.least(0)
    }

    fn boxed_clone(&self) -> Box<dyn Chooser> {
        Box::new(self.clone())
    }
}
