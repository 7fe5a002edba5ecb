//! `worst-fit-l2`: keeps hosts evenly empty in all resources, by the sum of squares of the ratios that are free.

use super::ratios::l2;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "worst-fit-l2",
    rule: "greatest sum of squares over the host's resources of free ÷ capacity (before placing)",
    parameters: &[],
    build: |_, _| Strategy::ranked(WorstFitL2),
};

struct WorstFitL2;

impl Ranking for WorstFitL2 {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Free
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::LessSum(l2(candidate))
    }
}
