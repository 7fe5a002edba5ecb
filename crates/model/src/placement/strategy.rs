//! Strategies: a ranking of the hosts that fit, or a rule of selection among them.

use std::ops::Range;

use super::exits::Exits;
use super::request::Request;
use crate::fleet::Fleet;
use crate::fleet::host::Sku;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking};
use crate::fleet::index::shapes::bits_of;
use crate::fleet::topology::NodeOrder;
use plimsoll_base::engine::checkpoint::Persist;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::persist;
use plimsoll_base::units::{Footprint, HostId, Resources};

/// Hosts of one zone that may take one request, as a selector sees them. The index and the plain scan both answer
/// these questions.
pub trait Candidates {
    /// Returns the ids of the zone's hosts.
    fn range(&self) -> Range<u32>;
    /// Returns true if the request fits on a host.
    fn fits(&self, id: HostId) -> bool;
    /// Returns the vCPU free on a host \[milli-vCPU\].
    fn free_vcpu_milli(&self, id: HostId) -> u32;
    /// Returns the lowest host from `from` on that fits.
    fn first_from(&mut self, from: HostId) -> Option<HostId>;
    /// Returns the cost of a host, where a strategy ranks hosts.
    fn cost(&self, id: HostId) -> Cost;
    /// Returns the host of a partition with the least cost that fits; ties go to the lowest id.
    fn least(&mut self, partition: u16) -> Option<HostId>;
    /// Returns the hour that it is, for a strategy that knows predicted ends.
    fn hour(&self) -> u32;
    /// Returns the host with the least cost that fits, of those whose group is in a set; ties go to the lowest id. `of` is
    /// the strategy that asks, which knows the groups.
    fn least_of(&mut self, groups: GroupSet, of: &dyn Selector) -> Option<HostId>;
    /// Returns the host that was used last of those that fit; ties go to the lowest id. `of` is the strategy that asks, which knows
    /// the uses.
    fn used_last(&mut self, of: &dyn Selector) -> Option<HostId>;
}

/// The most groups of hosts that a strategy may tell apart.
pub const MAX_GROUPS: u32 = u64::BITS;

/// Set of groups of hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupSet(u64);

impl GroupSet {
    /// Returns the set of some groups.
    pub fn of(groups: impl IntoIterator<Item = u32>) -> GroupSet {
        GroupSet(groups.into_iter().fold(0, |set, group| set | 1 << group))
    }

    /// Returns true if a group is in it.
    pub fn contains(self, group: u32) -> bool {
        self.0 >> group & 1 == 1
    }

    /// Returns the groups in it, in ascending order.
    #[inline]
    pub fn groups(self) -> impl Iterator<Item = usize> {
        bits_of(self.0)
    }
}

/// State that a placement replaced in a selector, such as a former position: 64 bits that only the selector interprets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undo(pub u64);

/// Rule by which a strategy selects a host among those that fit.
///
/// State comes in two kinds. State that follows from where instances are is kept by [`Selector::added`] and
/// [`Selector::removed`]. State that depends on the order of placements, such as the host used last, is kept by
/// [`Selector::placed`] and [`Selector::undo`]: a launch that fails later leaves no trace in it.
pub trait Selector: Persist + Send + Sync {
    /// Returns the host that takes the request; `None` where none fits.
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId>;
    /// Counts an instance of the request on a host of this partition.
    fn added(&mut self, _request: &Request, _host: HostId, _partition: u16) {}
    /// Counts an instance no longer: the inverse of [`Selector::added`], in whatever order.
    fn removed(&mut self, _request: &Request, _host: HostId, _partition: u16) {}
    /// Notes that the request was placed on a host of the fleet, which has taken it. Returns what [`Selector::undo`] needs to restore the state before.
    fn placed(&mut self, _request: &Request, _host: HostId, _fleet: &Fleet) -> Undo {
        Undo::default()
    }
    /// Restores the state before a placement. Placements are undone in reverse order.
    fn undo(&mut self, _host: HostId, _undo: Undo) {}
    /// Returns the group of a host, below [`Strategy::groups`], by which hosts are searched apart. It follows from the state and the
    /// predicted ends; it changes when an instance comes or goes, and at the hour of [`Selector::regroups_at`].
    fn group(&self, _host: HostId, _exits: &Exits) -> u32 {
        0
    }
    /// Returns the next hour in which the group of a host may change although no instance comes or goes, if there is one.
    fn regroups_at(&self, _host: HostId, _exits: &Exits) -> Option<u32> {
        None
    }
    /// Returns the number of the last use of a host, for a strategy that orders hosts by it: greater than that of any use before; 0
    /// for none.
    fn last_use(&self, _host: HostId) -> u64 {
        0
    }
    /// Returns true if it may take no host although some fit.
    fn may_refuse(&self) -> bool {
        false
    }
    /// Adapts to the demand so far, before a request is placed. Returns true if [`Selector::ranking`] is another from now on.
    fn adapt(&mut self) -> bool {
        false
    }
    /// Returns the ranking for the demand so far, for a strategy that adapts.
    fn ranking(&self) -> Option<Box<dyn Ranking>> {
        None
    }
    /// Returns a copy that selects the same hosts from now on.
    fn boxed_clone(&self) -> Box<dyn Selector>;
}

/// A strategy, ready to run.
pub struct Strategy {
    /// Ranking behind [`Candidates::least`], if the selector asks for it.
    pub ranking: Option<Box<dyn Ranking>>,
    /// Rule of selection.
    pub selector: Box<dyn Selector>,
    /// Partitions of a zone: racks modulo this number. 1 where the strategy knows none.
    pub partitions: u16,
    /// Order in which the NUMA nodes of the host are tried.
    pub node_order: NodeOrder,
    /// Groups of hosts that a strategy which places by predicted ends searches apart, 1 where it has but one; 0 for the others.
    pub groups: u32,
    /// True for a strategy that orders hosts by their last use and has no ranking.
    pub orders_by_use: bool,
    /// True for a strategy whose ranking follows the demand ([`Selector::adapt`]).
    pub adapts: bool,
}

impl Strategy {
    /// Returns the strategy that takes the host of the zone with the least cost.
    pub fn ranked(ranking: impl Ranking + 'static) -> Strategy {
        let node_order = NodeOrder::Lowest;
        let (ranking, selector) = (Some(Box::new(ranking) as Box<dyn Ranking>), Box::new(Least));
        Strategy {
            ranking,
            selector,
            partitions: 1,
            node_order,
            groups: 0,
            orders_by_use: false,
            adapts: false,
        }
    }

    /// Returns a strategy whose selector needs no ranking.
    pub fn selecting(selector: impl Selector + 'static) -> Strategy {
        let node_order = NodeOrder::Lowest;
        Strategy {
            ranking: None,
            selector: Box::new(selector),
            partitions: 1,
            node_order,
            groups: 0,
            orders_by_use: false,
            adapts: false,
        }
    }
}

impl Strategy {
    /// Returns true if it knows more of hosts than what is free, their instances and racks.
    pub fn has_history(&self) -> bool {
        self.groups > 0 || self.orders_by_use || self.adapts
    }

    /// Refuses a ranking that has no value on an empty host of a kind, whichever of two requests is placed there:
    /// 1 vCPU and 1 GiB, without GPU and with one.
    pub fn check(&self, skus: &[Sku]) -> Result<(), Problem> {
        let Some(ranking) = self.ranking.as_ref().filter(|ranking| !ranking.may_exclude_all()) else {
            return Ok(());
        };
        let small = Resources::new(1_000, 1_024);
        let mut with_gpu = small;
        with_gpu.0[Resources::GPU] = 1_000;
        let has_value = |sku: &Sku| {
            let parts = (!sku.topology.is_flat()).then(|| sku.topology.empty());
            let free = &sku.capacity;
            let host = Candidate { parts: parts.as_ref(), ..Candidate::of_amounts(sku, free) };
            [small, with_gpu].iter().any(|request| ranking.cost(host, &Footprint::from(*request)).exists())
        };
        let problem = |sku: &Sku| {
            let [vcpu, memory, gpu, ..] = sku.capacity.0.map(f64::from);
            let message = format!(
                "found an expression without value on an empty host of {} vCPU, {} GiB and {} GPU, expected a number: it divides \
                 by 0, or takes `ln` of 0 or less",
                vcpu / 1000.0,
                memory / 1024.0,
                gpu / 1000.0
            );
            let help = "say what holds there, as in `if(capacity.gpu > 0, free.gpu / capacity.gpu, 0)` or `ln(used.vcpu + 1)`";
            Problem::new(Place::key("placement.strategy"), message).with_help(help)
        };
        skus.iter().find(|sku| !has_value(sku)).map_or(Ok(()), |sku| Err(problem(sku)))
    }
}

/// Takes the host with the least cost.
#[derive(Clone)]
struct Least;

persist! { Least {} }

impl Selector for Least {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        hosts.least(0)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
