//! `cluster`: instances together, on the host that has most of them.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
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
        RankingInputs::Instances
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::Pair(u64::MAX - u64::from(candidate.instances), 0)
    }
}
