//! `lava`: a host takes instances of about the same life until it is full, and shorter ones into the gaps that open, so that it empties
//! at once; after Ling et al., "LAVA: Lifetime-Aware VM Allocation with Learned Distributions and Adaptation to Mispredictions", MLSys
//! 2025, arXiv 2412.09840.
//!
//! Rule after the abstract (v2) and summaries of 2026-11-30; the full text was not to be had then.
//! The paper has classes of lifetimes a power of ten apart, hosts that are open until they are about full and from then on recycled
//! for strictly shorter classes, and hosts whose class changes when instances leave or a deadline is missed. The rest is ours: a
//! host's class is that of the time its last instance has left, which falls as time passes and instances leave; one that is overdue
//! ends now.

use super::best_fit;
use crate::fleet::Fleet;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::exits::{Bands, Exits};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, GroupSet, Selector, Strategy, Undo};
use plimsoll_base::persist;
use plimsoll_base::units::{HostId, Resources};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "lava",
    rule: "by classes of the time left, of the instance and of the host's last one, up to 1, 10, 100, 1000 hours or more: a recycled host \
           of a higher class than the instance, the lowest first; an open one of its class; an open one of a higher, the lowest first; an \
           open one of a lower, the highest first; an empty one; a recycled one, the highest first; best-fit among each (a \
           host is recycled from the placement that fills its vCPU or memory to full_percent until it empties)",
    parameters: &[Parameter {
        name: "full_percent",
        meaning: "share of vCPU or memory in use from which a host is recycled [%]",
        kind: ParameterKind::Whole { default: 90, range: (1, 100) },
    }],
    build: |parameters, seed| {
        let classes = Bands::new(&[1, 10, 100, 1000]);
        Strategy {
            groups: 1 + 2 * classes.count(),
            selector: Box::new(Lava {
                classes,
                full_percent: parameters.get("full_percent"),
                is_recycled: Vec::new(),
            }),
            ..(best_fit::ENTRY.build)(parameters, seed)
        }
    },
};

/// Group of the empty hosts; behind it come the open ones of each class, and the recycled ones of each class.
const EMPTY: u32 = 0;

#[derive(Clone)]
struct Lava {
    classes: Bands,
    full_percent: u64,
    /// By host: whether a placement has filled it since it was empty; false for hosts beyond the end.
    is_recycled: Vec<bool>,
}

persist! { Lava { values: [is_recycled], derived: [classes, full_percent] } }

impl Lava {
    fn open(&self, class: u32) -> u32 {
        1 + class
    }

    fn recycled(&self, class: u32) -> u32 {
        1 + self.classes.count() + class
    }

    /// Returns the groups in the order in which an instance of a class goes to them.
    fn order(&self, class: u32) -> impl Iterator<Item = u32> {
        let (higher, lower) = (class + 1..self.classes.count(), (0..class).rev());
        let recycled = higher.clone().map(|class| self.recycled(class));
        let open = [class].into_iter().chain(higher).chain(lower).map(|class| self.open(class));
        let last = (0..=class).rev().map(|class| self.recycled(class));
        recycled.chain(open).chain([EMPTY]).chain(last)
    }

    fn is_full(&self, host: HostId, fleet: &Fleet) -> bool {
        let host = &fleet.hosts()[host.index()];
        let capacity = &fleet.skus()[usize::from(host.sku.0)].capacity;
        [Resources::VCPU, Resources::MEMORY].iter().any(|resource| {
            let (free, all) = (u64::from(host.free.0[*resource]), u64::from(capacity.0[*resource]));
            (all - free) * 100 >= self.full_percent * all
        })
    }
}

impl Selector for Lava {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let class = self.classes.of(request.exit.left(hosts.hour()));
        self.order(class).find_map(|group| hosts.least_of(GroupSet::of([group]), self))
    }

    fn placed(&mut self, _request: &Request, host: HostId, fleet: &Fleet) -> Undo {
        let is_full = self.is_full(host, fleet);
        let is_first = fleet.hosts()[host.index()].instances == 1;
        if self.is_recycled.len() <= host.index() {
            self.is_recycled.resize(host.index() + 1, false);
        }
        let is_recycled = &mut self.is_recycled[host.index()];
        let before = *is_recycled;
        *is_recycled = is_full || (before && !is_first);
        Undo(u64::from(before))
    }

    fn undo(&mut self, host: HostId, Undo(before): Undo) {
        self.is_recycled[host.index()] = before == 1;
    }

    fn group(&self, host: HostId, exits: &Exits) -> u32 {
        let Some(left) = exits.left(host) else { return EMPTY };
        let class = self.classes.of(left);
        match self.is_recycled.get(host.index()) {
            Some(true) => self.recycled(class),
            Some(false) | None => self.open(class),
        }
    }

    fn regroups_at(&self, host: HostId, exits: &Exits) -> Option<u32> {
        exits.falls_at(host, &self.classes)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
