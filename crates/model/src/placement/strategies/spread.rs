//! `spread`: instances evenly over hosts, whatever their size: the default.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, CountOrder, Ranking, RankingInputs};
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
        RankingInputs::Instances(CountOrder::Fewest)
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        CountOrder::Fewest.cost(candidate)
    }
}
