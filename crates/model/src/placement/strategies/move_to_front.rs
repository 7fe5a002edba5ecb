//! `move-to-front`: the host used last of those that fit, a rule of online bin packing (Kamali and Lopez-Ortiz, "Efficient
//! Online Strategies for Renting Servers in the Cloud", 2015, arXiv 1408.4156; at most (2μ + 1)d + 1 times the best time that hosts are in
//! use, where lifetimes differ by a factor of μ in d resources: Murhekar et al., "Dynamic Vector Bin Packing for Online Resource
//! Allocation in the Cloud", 2023, arXiv 2304.08648).

use crate::fleet::Fleet;
use crate::placement::entry::StrategyEntry;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy, Undo};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "move-to-front",
    rule: "the host on which an instance was placed last (one never used comes after all that were, the lowest host id first)",
    parameters: &[],
    build: |_, _| Strategy {
        orders_by_use: true,
        ..Strategy::selecting(MoveToFront { last_uses: Vec::new(), uses: 0 })
    },
};

#[derive(Clone)]
struct MoveToFront {
    /// By host: the number of its last use; hosts beyond the end have none.
    last_uses: Vec<u64>,
    /// Number of uses so far, those that were undone too.
    uses: u64,
}

persist! { MoveToFront { values: [last_uses, uses] } }

impl Selector for MoveToFront {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        hosts.used_last(self)
    }

    fn placed(&mut self, _request: &Request, host: HostId, _fleet: &Fleet) -> Undo {
        if self.last_uses.len() <= host.index() {
            self.last_uses.resize(host.index() + 1, 0);
        }
        self.uses += 1;
        Undo(std::mem::replace(&mut self.last_uses[host.index()], self.uses))
    }

    fn undo(&mut self, host: HostId, Undo(last_use): Undo) {
        self.last_uses[host.index()] = last_use;
    }

    fn last_use(&self, host: HostId) -> u64 {
        self.last_uses.get(host.index()).copied().unwrap_or(0)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
