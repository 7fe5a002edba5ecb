//! `nilas`: instances where others end no earlier, so that hosts empty (non-invasive lifetime-aware scoring, Ling et al., "LAVA:
//! Lifetime-Aware VM Allocation with Learned Distributions and Adaptation to Mispredictions", MLSys 2025, arXiv 2412.09840).
//!
//! Rule after the abstract (v2) and summaries of 2026-11-30; the full text was not to be had then.
//! The paper's first score is `max(0, end of the instance - end of the host)` in 12 steps from 0 to 168 h, bin packing the next; the
//! bounds of the steps and its packing score are not published. Here the time that is left is in steps before it is
//! subtracted, so that a decision compares a few groups of hosts whatever their number, and best fit packs. The paper predicts
//! again while an instance runs; here a host that is overdue counts as ending now, unless `placement.prediction.repredicts`.

use super::best_fit;
use crate::placement::entry::StrategyEntry;
use crate::placement::exits::{Bands, Exits};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, GroupSet, Selector, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "nilas",
    rule: "least time by which the instance is predicted to outlast the host's last one, of each what is left rounded up to 0, 1, 2, 4, \
           8, 16, 24, 48, 72, 96, 120, 144, 168 hours or more; then best-fit (an empty host ends now)",
    parameters: &[],
    build: |parameters, seed| {
        let bands = Bands::steps();
        Strategy {
            groups: bands.count(),
            selector: Box::new(Nilas { bands }),
            ..(best_fit::ENTRY.build)(parameters, seed)
        }
    },
};

/// The groups of hosts are the bands of the time that their last instances have left.
#[derive(Clone)]
struct Nilas {
    bands: Bands,
}

persist! { Nilas { derived: [bands] } }

impl Selector for Nilas {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let band = self.bands.of(request.exit.left(hosts.hour()));
        let outlasted_by = GroupSet::of(band..self.bands.count());
        let less_and_less = (0..band).rev().map(|lower| GroupSet::of([lower]));
        [outlasted_by].into_iter().chain(less_and_less).find_map(|groups| hosts.least_of(groups, self))
    }

    fn group(&self, host: HostId, exits: &Exits) -> u32 {
        self.bands.of(exits.left(host).unwrap_or(0))
    }

    fn regroups_at(&self, host: HostId, exits: &Exits) -> Option<u32> {
        exits.falls_at(host, &self.bands)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
