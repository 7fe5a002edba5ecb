//! `partition`: spreads the instances of a placement group, or of an account, over partitions of the zone, which share no rack,
//! and packs within each.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

use super::best_fit;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy};
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::units::{AccountId, HostId, PlacementGroupId, ZoneId};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "partition",
    rule: "of the zone's partitions (racks modulo their number) the one with fewest instances of the \
           request's group (no group: of its account), lowest number first; then best-fit within it",
    parameters: &[Parameter {
        name: "partitions",
        meaning: "partitions of a zone",
        kind: ParameterKind::Whole { default: 7, range: (1, 1000) },
    }],
    build: |parameters, seed| {
        let partitions = parameters.get("partitions") as u16;
        let within = (best_fit::ENTRY.build)(parameters, seed);
        let selector = Box::new(Partition { partitions, counts: HashMap::new() });
        Strategy { selector, partitions, ..within }
    },
};

#[derive(Clone)]
struct Partition {
    partitions: u16,
    /// Instances in each partition of a zone.
    counts: HashMap<(Counted, ZoneId), Vec<u32>>,
}

/// Owner of the instances that are counted together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Counted {
    Account(AccountId),
    Group(PlacementGroupId),
}

/// The counts, in the order of those they belong to.
impl Persist for Partition {
    fn save(&self, out: &mut Writer<'_>) {
        let Partition { partitions: _, counts } = self;
        out.put(&counts.clone().into_iter().collect::<BTreeMap<_, _>>());
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.counts = from.get::<BTreeMap<_, _>>()?.into_iter().collect();
        Ok(())
    }
}

fn key(request: &Request) -> (Counted, ZoneId) {
    (request.group().map_or(Counted::Account(request.account), Counted::Group), request.zone)
}

impl Selector for Partition {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let none = vec![0; usize::from(self.partitions)];
        let counts = self.counts.get(&key(request)).unwrap_or(&none);
        let mut order: Vec<u16> = (0..self.partitions).collect();
        order.sort_by_key(|partition| counts[usize::from(*partition)]);
        order.into_iter().find_map(|partition| hosts.least(partition))
    }

    fn added(&mut self, request: &Request, _host: HostId, partition: u16) {
        let partitions = usize::from(self.partitions);
        let counts = self.counts.entry(key(request)).or_insert_with(|| vec![0; partitions]);
        counts[usize::from(partition)] += 1;
    }

    fn removed(&mut self, request: &Request, _host: HostId, partition: u16) {
        let counts = self.counts.get_mut(&key(request)).expect("an instance that is removed was added");
        counts[usize::from(partition)] -= 1;
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
