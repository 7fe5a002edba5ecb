//! `la-binary`: instances of short and of long life apart (Barbalho et al., "Virtual Machine Allocation with Lifetime
//! Predictions", MLSys 2023).
//!
//! A host is long while one of its instances is predicted to run longer than a threshold from now on; the paper chooses the threshold
//! from the demand.

use super::best_fit;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::exits::{ExitGroup, ExitHour};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy, least_of_groups};
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
    build: |parameters, seed| Strategy {
        selector: Box::new(LaBinary { long_h: parameters.get("long_h") as u32 }),
        knows_exits: true,
        ..(best_fit::ENTRY.build)(parameters, seed)
    },
};

#[derive(Clone)]
struct LaBinary {
    long_h: u32,
}

persist! { LaBinary { derived: [long_h] } }

impl Selector for LaBinary {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let (now, ExitHour(exit), long_h) = (hosts.hour(), request.exit, self.long_h);
        let is_long = exit.saturating_sub(now) > long_h;
        least_of_groups(hosts, |group| match group {
            ExitGroup::Empty => 1,
            group if (group.hours_left(now) > long_h) == is_long => 0,
            ExitGroup::At(_) => 2,
        })
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
