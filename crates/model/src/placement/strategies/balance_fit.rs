//! `balance-fit` and `balance-fit-l1`: the host whose NUMA nodes are least alike, and there the node with more left, so that
//! nodes fill evenly. Baseline of SPANE (arXiv 2504.14946, `baseline.py` at f1d7df9), which measures the lesser of the shares that
//! are free; with their sum in PADMA (aweftr/infocom_26 at 2e8942a). Both in double precision, which decides between hosts whose differences
//! are equal as ratios: exact ratios give other waits than those published.

use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::fleet::topology::{NodeMeasure, NodeOrder};
use crate::placement::entry::StrategyEntry;
use crate::placement::strategy::Strategy;
use plimsoll_base::units::{Footprint, NumaNodes};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "balance-fit",
    rule: "greatest difference between NUMA nodes of what is left of them, the lesser of free ÷ capacity of vCPU and memory; \
           then the node with the most left (instances on two nodes: the lowest host id)",
    parameters: &[],
    build: |_, _| strategy(NodeMeasure::Lesser),
};

pub const ENTRY_L1: StrategyEntry = StrategyEntry {
    name: "balance-fit-l1",
    rule: "greatest difference between NUMA nodes of what is left of them, the sum of free ÷ capacity of vCPU and memory; \
           then the node with the most left (instances on two nodes: the lowest host id)",
    parameters: &[],
    build: |_, _| strategy(NodeMeasure::Sum),
};

fn strategy(measure: NodeMeasure) -> Strategy {
    Strategy { node_order: NodeOrder::Most(measure), ..Strategy::ranked(BalanceFit { measure }) }
}

struct BalanceFit {
    measure: NodeMeasure,
}

impl Ranking for BalanceFit {
    fn inputs(&self) -> RankingInputs {
        RankingInputs::FreeAndNodes
    }

    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost {
        match request.numa {
            NumaNodes::Two => Cost::Most(0.0),
            NumaNodes::Fewest | NumaNodes::One => Cost::Most(self.difference(candidate)),
        }
    }
}

impl BalanceFit {
    /// Returns the greatest difference between two nodes; 0 on a host without nodes.
    fn difference(&self, candidate: Candidate<'_>) -> f64 {
        let topology = &candidate.sku.topology;
        let nodes = candidate.parts.map_or(&[][..], |parts| &parts.nodes[..usize::from(topology.nodes)]);
        let left = |pick: fn(f64, f64) -> f64| {
            nodes.iter().map(|room| room.share(topology.node, self.measure)).reduce(pick)
        };
        left(f64::max).zip(left(f64::min)).map_or(0.0, |(most, least)| most - least)
    }
}
