//! `power-of-two`: the better of two random hosts, which keeps load nearly as even as comparing all
//! (Mitzenmacher 2001, "The power of two choices in randomized load balancing").

use std::cmp::Reverse;

use super::random::draw;
use crate::placement::entry::StrategyEntry;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy};
use plimsoll_base::engine::random::{Purpose, Stream};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "power-of-two",
    rule: "the emptier (most free vCPU, then lowest id) of two different random hosts that fit",
    parameters: &[],
    build: |_, seed| Strategy::selecting(PowerOfTwo { stream: seed.stream(Purpose::Placement, 0) }),
};

#[derive(Clone)]
struct PowerOfTwo {
    stream: Stream,
}

persist! { PowerOfTwo { nested: [stream] } }

impl Selector for PowerOfTwo {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        let one = draw(hosts, &mut self.stream, None)?;
        let other = draw(hosts, &mut self.stream, Some(one)).unwrap_or(one);
        [one, other].into_iter().min_by_key(|id| (Reverse(hosts.free_vcpu_milli(*id)), *id))
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
