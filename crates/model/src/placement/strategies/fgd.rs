//! `fgd`: the host on which fragments of GPU grow least (fragmentation gradient descent, Weng et al., "Beware of Fragmentation:
//! Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023, algorithm 1).
//!
//! The paper knows the typical requests from the past of the cluster; here they are those of the launches so far. The devices that an
//! instance takes are those that every strategy gives it (`fleet::topology`); the paper tries each for a share of one.
//! Scores are exact, and best fit decides between equal ones, such as hosts without GPU: the paper rounds them.

use crate::fleet::Fleet;
use crate::fleet::host::Sku;
use crate::fleet::index::bound::{Bound, Span};
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::fleet::topology::NodeOrder;
use crate::placement::entry::StrategyEntry;
use crate::placement::fragments::TypicalRequests;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy, Undo};
use plimsoll_base::persist;
use plimsoll_base::units::{Footprint, HostId, Resources};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "fgd",
    rule: "least growth of the GPU that typical requests cannot use: the most frequent ones, 95 % of the launches so far, taken anew each \
           time that their number has doubled; then best-fit, which alone decides among hosts without `gpu_division = \"devices\"`",
    parameters: &[],
    build: |_, _| Strategy {
        adapts: true,
        selector: Box::new(Fgd {
            launches: Vec::new(),
            all: 0,
            due_at: 1,
            typical: TypicalRequests::default(),
        }),
        ..Strategy::ranked(Growth { typical: TypicalRequests::default() })
    },
};

#[derive(Clone)]
struct Fgd {
    /// Launches so far, by the number of what they ask for in the index.
    launches: Vec<(Resources, u64)>,
    /// Sum of `launches`.
    all: u64,
    /// Number of launches at which the typical requests are taken anew.
    due_at: u64,
    typical: TypicalRequests,
}

persist! { Fgd { values: [launches, all, due_at, typical] } }

impl Selector for Fgd {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        hosts.least(0)
    }

    fn placed(&mut self, request: &Request, _host: HostId, _fleet: &Fleet) -> Undo {
        let shape = request.shape.0 as usize;
        if self.launches.len() <= shape {
            self.launches.resize(shape + 1, (Resources::ZERO, 0));
        }
        self.launches[shape].0 = request.amounts;
        self.launches[shape].1 += 1;
        self.all += 1;
        Undo(shape as u64)
    }

    fn undo(&mut self, _host: HostId, Undo(shape): Undo) {
        self.launches[shape as usize].1 -= 1;
        self.all -= 1;
    }

    fn adapt(&mut self) -> bool {
        let is_due = self.all >= self.due_at;
        if is_due {
            self.due_at = 2 * self.all;
            self.typical = TypicalRequests::of(&self.launches);
        }
        is_due
    }

    fn ranking(&self) -> Option<Box<dyn Ranking>> {
        Some(Box::new(Growth { typical: self.typical.clone() }))
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}

/// Returns a number that orders hosts by free vCPU, then by free memory.
fn fullest(free: &Resources) -> u64 {
    u64::from(free.vcpu_milli()) << 32 | u64::from(free.memory_mib())
}

/// Growth of the fragments of a host by a request.
struct Growth {
    typical: TypicalRequests,
}

impl Growth {
    /// Returns the fragments after placing less those before; 0 for a host whose devices are not told apart.
    fn growth(&self, host: Candidate<'_>, request: &Footprint) -> i64 {
        let devices = usize::from(host.sku.topology.devices);
        let Some(before) = host.parts.filter(|_| devices > 0) else { return 0 };
        let topology = &host.sku.topology;
        let Some(affinity) = before.choose(topology, request, NodeOrder::Lowest) else { return 0 };
        let mut after = *before;
        after.take(request, affinity);
        let vcpu = host.free.vcpu_milli();
        let left = vcpu.saturating_sub(request.amounts.vcpu_milli());
        let fragments = |vcpu, devices| self.typical.fragments(vcpu, devices) as i64;
        fragments(left, &after.devices[..devices]) - fragments(vcpu, &before.devices[..devices])
    }
}

impl Ranking for Growth {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::FreeAndAnyRequest
    }

    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost {
        Cost::Change(self.growth(candidate, request), fullest(candidate.free))
    }

    fn bound(&self, sku: &Sku, free: &Span, request: &Footprint) -> Bound {
        // What a typical request cannot use shrinks by no more than what is taken.
        let taken = if sku.topology.devices > 0 { u64::from(request.amounts.0[Resources::GPU]) } else { 0 };
        let least_growth = -((self.typical.count() * taken) as i64);
        Bound::Cost(Cost::Change(least_growth, fullest(&free.least)))
    }

    /// Growth depends on each device.
    fn has_close_bounds(&self, sku: &Sku) -> bool {
        sku.topology.devices == 0
    }
}
