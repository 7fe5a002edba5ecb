//! `dot-product`: the host whose free amounts point the way the request does, after Tetris (Grandl et
//! al., SIGCOMM'14, section 3.2).

use super::ratios::per_resource;
use crate::fleet::index::cost::{Cost, RatioSum};
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::Footprint;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "dot-product",
    rule: "greatest sum over the host's resources of request · free, each ÷ capacity",
    parameters: &[],
    build: |_, _| Strategy::ranked(DotProduct),
};

struct DotProduct;

impl Ranking for DotProduct {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::FreeAndRequest
    }

    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost {
        Cost::LessSum(RatioSum::new(per_resource(candidate, |free, capacity, i| {
            (u64::from(request.amounts.0[i]) * free, capacity * capacity)
        })))
    }
}
