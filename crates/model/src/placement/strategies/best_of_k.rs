//! `best-of-k`: the fullest of a few random hosts, instead of all (Verma et al., "Large-scale cluster management at Google with Borg",
//! EuroSys 2015, section 3.4: machines are examined in random order until enough of them fit to be scored).

use super::random::draw;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy};
use plimsoll_base::engine::random::{Purpose, Stream};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "best-of-k",
    rule: "the fullest (least free vCPU, then lowest id) of k random hosts that fit, drawn with replacement",
    parameters: &[Parameter {
        name: "k",
        meaning: "hosts that are drawn",
        kind: ParameterKind::Whole { default: 8, range: (1, 1000) },
    }],
    build: |parameters, seed| {
        let stream = seed.stream(Purpose::Placement, 0);
        Strategy::selecting(BestOfK { k: parameters.get("k"), stream })
    },
};

#[derive(Clone)]
struct BestOfK {
    k: u64,
    stream: Stream,
}

persist! { BestOfK { nested: [stream], derived: [k] } }

impl Selector for BestOfK {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        let mut best = draw(hosts, &mut self.stream, None)?;
        for _ in 1..self.k {
            let other = draw(hosts, &mut self.stream, None)?;
            best = [best, other].into_iter().min_by_key(|id| (hosts.free_vcpu_milli(*id), *id))?;
        }
        Some(best)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
