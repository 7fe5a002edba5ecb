//! `best-fit-linf`: fills hosts evenly in all resources, by the maximum of the ratios that are free.

use super::ratios::linf;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "best-fit-linf",
    rule: "least maximum over the host's resources of free ÷ capacity (before placing)",
    parameters: &[],
    build: |_, _| Strategy::ranked(BestFitLinf),
};

struct BestFitLinf;

impl Ranking for BestFitLinf {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Free
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::Sum(linf(candidate))
    }
}
