//! `next-fit`: goes round the hosts; the pointer stands on the host used last, whatever its zone.

use crate::placement::register::Entry;
use crate::placement::strategy::{Choice, Chooser, Request, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: Entry = Entry {
    name: "next-fit",
    rule: "first fit from the host used last, itself included, wrapping around; one pointer a run",
    parameters: &[],
    build: |_, _| Strategy::choosing(NextFit { last_used: HostId(0) }),
};

#[derive(Clone)]
struct NextFit {
    last_used: HostId,
}

persist! { NextFit { values: [last_used] } }

impl Chooser for NextFit {
    fn choose(&mut self, hosts: &mut dyn Choice, _request: &Request) -> Option<HostId> {
        // Nothing fits from the pointer on: what fits at all lies before it.
        hosts.first_from(self.last_used).or_else(|| hosts.first_from(HostId(0)))
    }

    fn placed(&mut self, _request: &Request, host: HostId, _partition: u16) {
        self.last_used = host;
    }

    fn mark(&self) -> Option<HostId> {
        Some(self.last_used)
    }

    fn rewind(&mut self, mark: Option<HostId>) {
        self.last_used = mark.expect("it was marked here");
    }

    fn boxed_clone(&self) -> Box<dyn Chooser> {
        Box::new(self.clone())
    }
}
