//! `cluster`: instances together, on the host that has most of them.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, CountOrder, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "cluster",
    rule: "most instances",
    parameters: &[],
    build: |_, _| Strategy::ranked(Cluster),
};

struct Cluster;

impl Ranking for Cluster {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Instances(CountOrder::Most)
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        CountOrder::Most.cost(candidate)
    }
}
