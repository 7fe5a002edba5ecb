//! `best-fit`: the fullest host that still fits, so that large gaps stay whole.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "best-fit",
    rule: "least free vCPU, then least free memory (before placing)",
    parameters: &[],
    build: |_, _| Strategy::ranked(BestFit),
};

struct BestFit;

impl Ranking for BestFit {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Free
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::Pair(u64::from(candidate.free.vcpu_milli()), u64::from(candidate.free.memory_mib()))
    }
}
