//! `spread`: instances evenly over hosts, whatever their size: the default.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "spread",
    rule: "fewest instances",
    parameters: &[],
    build: |_, _| Strategy::ranked(Spread),
};

struct Spread;

impl Ranking for Spread {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Instances
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::Pair(u64::from(candidate.instances), 0)
    }
}
