//! `worst-fit-linf`: keeps hosts evenly empty in all resources, by the maximum of the ratios that are free.

use super::ratios::linf;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "worst-fit-linf",
    rule: "greatest maximum over the host's resources of free ÷ capacity (before placing)",
    parameters: &[],
    build: |_, _| Strategy::ranked(WorstFitLinf),
};

struct WorstFitLinf;

impl Ranking for WorstFitLinf {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Free
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::LessSum(linf(candidate))
    }
}
