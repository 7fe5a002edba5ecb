//! `next-fit`: goes round the hosts; the pointer is at the host used last, whatever its zone.

use crate::fleet::Fleet;
use crate::placement::entry::StrategyEntry;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy, Undo};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "next-fit",
    rule: "first fit from the host used last, itself included, wrapping around; one pointer a run",
    parameters: &[],
    build: |_, _| Strategy::selecting(NextFit { last_used: HostId(0) }),
};

#[derive(Clone)]
struct NextFit {
    last_used: HostId,
}

persist! { NextFit { values: [last_used] } }

impl Selector for NextFit {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        // No host fits from the pointer on: any that fits is before it.
        hosts.first_from(self.last_used).or_else(|| hosts.first_from(HostId(0)))
    }

    fn placed(&mut self, _request: &Request, host: HostId, _fleet: &Fleet) -> Undo {
        Undo(u64::from(std::mem::replace(&mut self.last_used, host).0))
    }

    fn undo(&mut self, _host: HostId, Undo(last_used): Undo) {
        self.last_used = HostId(last_used as u32);
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
