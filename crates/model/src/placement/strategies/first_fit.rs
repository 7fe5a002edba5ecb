//! `first-fit`: the lowest host that fits; the classical rule, and hard to beat.

use crate::placement::register::Entry;
use crate::placement::strategy::{Choice, Chooser, Request, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: Entry = Entry {
    name: "first-fit",
    rule: "the lowest host id",
    parameters: &[],
    build: |_, _| Strategy::choosing(FirstFit),
};

#[derive(Clone)]
struct FirstFit;

persist! { FirstFit {} }

impl Chooser for FirstFit {
    fn choose(&mut self, hosts: &mut dyn Choice, _request: &Request) -> Option<HostId> {
        hosts.first_from(HostId(0))
    }

    fn boxed_clone(&self) -> Box<dyn Chooser> {
        Box::new(self.clone())
    }
}
