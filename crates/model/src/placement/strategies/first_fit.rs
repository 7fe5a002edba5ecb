//! `first-fit`: the lowest host that fits; the classical rule, and hard to beat.

use crate::placement::entry::StrategyEntry;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "first-fit",
    rule: "the lowest host id",
    parameters: &[],
    build: |_, _| Strategy::selecting(FirstFit),
};

#[derive(Clone)]
struct FirstFit;

persist! { FirstFit {} }

impl Selector for FirstFit {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        hosts.first_from(HostId(0))
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
