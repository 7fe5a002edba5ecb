//! `worst-fit`: the emptiest host, so that load is even.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "worst-fit",
    rule: "most free vCPU, then most free memory (before placing)",
    parameters: &[],
    build: |_, _| Strategy::ranked(WorstFit),
};

struct WorstFit;

impl Ranking for WorstFit {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Free
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::most(u64::from(candidate.free.vcpu_milli()), u64::from(candidate.free.memory_mib()))
    }
}
