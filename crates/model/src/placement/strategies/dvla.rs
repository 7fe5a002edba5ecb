//! `dvla`: instances on hosts whose instances have about as long to live on the average, after DVLA (OSDI 2026): a host's life is the mean
//! over its instances, weighted by cores, and an instance that outlives it weighs more than one that does not.
//!
//! The full text was not to be had on 2026-11-30; bands, penalty and the place of empty hosts are ours.

use super::best_fit;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::exits::{Bands, Exits};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, GroupSet, Selector, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "dvla",
    rule: "of the hosts in use the least distance between the time that the instance has left and the mean of its instances by vCPU, both \
           in bands up to 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 hours or more, times the penalty where the instance has longer; \
           then best-fit; then an empty host (no prediction counts 1000 hours)",
    parameters: &[Parameter {
        name: "penalty",
        meaning: "weight of a band by which an instance outlives its host",
        kind: ParameterKind::Whole { default: 2, range: (1, 100) },
    }],
    build: |parameters, seed| {
        let bands = Bands::new(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
        Strategy {
            groups: 1 + bands.count(),
            selector: Box::new(Dvla { bands, penalty: parameters.get("penalty") as u32 }),
            ..(best_fit::ENTRY.build)(parameters, seed)
        }
    },
};

/// Group of the empty hosts; behind it come those of each band.
const EMPTY: u32 = 0;

#[derive(Clone)]
struct Dvla {
    bands: Bands,
    penalty: u32,
}

persist! { Dvla { derived: [bands, penalty] } }

impl Dvla {
    /// Returns the groups in the order in which an instance of a band goes to them, those as far from it together.
    fn order(&self, band: u32) -> Vec<GroupSet> {
        let distance = |of_host: u32| match band.checked_sub(of_host) {
            Some(longer) => longer * self.penalty,
            None => of_host - band,
        };
        let mut bands: Vec<(u32, u32)> = (0..self.bands.count()).map(|of| (distance(of), of)).collect();
        bands.sort_unstable();
        let as_far = bands.chunk_by(|(distance, _), (other, _)| distance == other);
        let in_use = as_far.map(|bands| GroupSet::of(bands.iter().map(|(_, band)| 1 + band)));
        in_use.chain([GroupSet::of([EMPTY])]).collect()
    }
}

impl Selector for Dvla {
    fn select(&mut self, hosts: &mut dyn Candidates, request: &Request) -> Option<HostId> {
        let band = self.bands.of(request.exit.left(hosts.hour()));
        self.order(band).into_iter().find_map(|groups| hosts.least_of(groups, self))
    }

    fn group(&self, host: HostId, exits: &Exits) -> u32 {
        exits.mean_left(host).map_or(EMPTY, |left| 1 + self.bands.of(left))
    }

    /// The mean falls by an hour an hour at most, unless an instance is predicted anew.
    fn regroups_at(&self, host: HostId, exits: &Exits) -> Option<u32> {
        let falls_in = self.bands.until_lower(exits.mean_left(host)?);
        exits.now().checked_add(falls_in.into_iter().chain(exits.predicted_in(host)).min()?)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
