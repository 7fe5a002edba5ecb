//! `la-binary`: instances of short and of long life apart (Barbalho et al., "Virtual Machine Allocation with Lifetime
//! Predictions", MLSys 2023).
//!
//! Rule after the abstract and summaries of 2026-11-30; the full text was not to be had then.
//! A host is long while one of its instances is predicted to run longer than a threshold from now on; the paper chooses the threshold
//! from the demand.

use super::best_fit;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::exits::{Bands, Exits};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, GroupSet, Selector, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "la-binary",
    rule: "a host in use whose instances are of the request's sort, short or long by what is left of their predicted lives; then an \
           empty host; then one of the other sort; best-fit among each",
    parameters: &[Parameter {
        name: "long_h",
        meaning: "time left above which an instance is long [h]",
        kind: ParameterKind::Whole { default: 2, range: (1, 10_000) },
    }],
    build: |parameters, seed| {
        let sorts = Bands::new(&[parameters.get("long_h") as u32]);
        Strategy {
            groups: 1 + sorts.count(),
            selector: Box::new(LaBinary { sorts }),
            ..(best_fit::ENTRY.build)(parameters, seed)
        }
    },
};

/// Group of the empty hosts; behind it come the short and the long ones.
const EMPTY: u32 = 0;

#[derive(Clone)]
struct LaBinary {
    sorts: Bands,
}

persist! { LaBinary { derived: [sorts] } }

impl Selector for LaBinary {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let own = self.sorts.of(request.exit.left(hosts.hour()));
        let order = [1 + own, EMPTY, 2 - own];
        order.into_iter().find_map(|group| hosts.least_of(GroupSet::of([group]), self))
    }

    fn group(&self, host: HostId, exits: &Exits) -> u32 {
        exits.left(host).map_or(EMPTY, |left| 1 + self.sorts.of(left))
    }

    fn regroups_at(&self, host: HostId, exits: &Exits) -> Option<u32> {
        exits.falls_at(host, &self.sorts)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
