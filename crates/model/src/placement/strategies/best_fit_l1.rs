//! `best-fit-l1`: fills hosts evenly in all resources, by the sum of the ratios that are free.

use super::ratios::l1;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "best-fit-l1",
    rule: "least sum over the host's resources of free ÷ capacity (before placing)",
    parameters: &[],
    build: |_, _| Strategy::ranked(BestFitL1),
};

struct BestFitL1;

impl Ranking for BestFitL1 {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::Free
    }

    fn cost(&self, candidate: Candidate<'_>, _request: &Footprint) -> Cost {
        Cost::Sum(l1(candidate))
    }
}
