//! `nilas`: instances where others end no earlier, so that hosts empty (non-invasive lifetime-aware scoring, Ling et al., "LAVA:
//! Lifetime-Aware VM Allocation with Learned Distributions and Adaptation to Mispredictions", MLSys 2025, arXiv 2412.09840).
//!
//! The paper's first score is `max(0, end of the instance - end of the host)` on a grid of 12 steps from 0 to 168 h, bin packing the
//! next; the bounds of the steps and its packing score are not published. Here the steps are those below, ends are whole hours, and
//! best fit packs. The paper predicts again while an instance runs; here a host that is overdue counts as ending now.

use super::best_fit;
use crate::placement::entry::StrategyEntry;
use crate::placement::exits::ExitHour;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy, least_of_groups};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "nilas",
    rule: "least time by which the instance is predicted to outlast the host's last one, in steps of 0, 1, 2, 4, 8, 16, 24, 48, 72, \
           96, 120, 144 and 168 hours; then best-fit (an empty host ends now)",
    parameters: &[],
    build: |parameters, seed| Strategy {
        selector: Box::new(Nilas),
        knows_exits: true,
        ..(best_fit::ENTRY.build)(parameters, seed)
    },
};

/// Upper bounds of the steps \[h\].
const STEPS_H: [u32; 13] = [0, 1, 2, 4, 8, 16, 24, 48, 72, 96, 120, 144, 168];

#[derive(Clone)]
struct Nilas;

persist! { Nilas {} }

impl Selector for Nilas {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let (now, ExitHour(exit)) = (hosts.hour(), request.exit);
        let left = exit.saturating_sub(now);
        least_of_groups(hosts, |group| {
            let longer = left.saturating_sub(group.hours_left(now));
            STEPS_H.partition_point(|bound| *bound < longer) as u32
        })
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
