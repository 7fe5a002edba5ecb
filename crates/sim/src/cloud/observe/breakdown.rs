//! Breakdown of a run by zone, by kind of hosts and by instance type: use at each sample, and launches.
//!
//! Counts are exact. Means and peaks are those of the samples after the warm-up, which cost no event anything.

use serde::{Deserialize, Serialize};

use crate::cloud::observe::ledger::SHARES;
use crate::scenario::host_kinds::HostKinds;
use plimsoll_base::metrics::PeakRatio;
use plimsoll_base::units::{TypeId, ZoneId};
use plimsoll_model::fleet::host::GroupHosts;
use plimsoll_model::fleet::totals::{TOTALS, Total, Totals};

/// Launches that came to an end \[instances\].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LaunchCounts {
    /// Number launched.
    pub launched: u64,
    /// Number refused.
    pub refused: u64,
}

/// Use of some of the hosts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PartUse {
    /// Number of samples.
    pub samples: u64,
    /// Sum of each total over the samples.
    pub sums: [u128; TOTALS],
    /// Greatest value of each total.
    pub peaks: [u64; TOTALS],
    /// Greatest shares in use, in the order of `SHARES`.
    pub peak_shares: [PeakRatio; SHARES.len()],
    /// Launches.
    pub launches: LaunchCounts,
}

impl PartUse {
    fn note(&mut self, totals: &Totals) {
        self.samples += 1;
        for ((sum, peak), value) in self.sums.iter_mut().zip(&mut self.peaks).zip(totals.0) {
            *sum += u128::from(value);
            *peak = (*peak).max(value);
        }
        for (i, (used, all)) in SHARES.into_iter().enumerate() {
            self.peak_shares[i].note(totals[used], totals[all]);
        }
    }

    /// Returns the mean of a total; 0 without samples.
    pub fn mean(&self, total: Total) -> f64 {
        self.sums[total as usize] as f64 / self.samples.max(1) as f64
    }

    /// Returns the mean of one total over the mean of another; 0 where that is nothing.
    pub fn mean_ratio(&self, over: Total, under: Total) -> f64 {
        match self.sums[under as usize] {
            0 => 0.0,
            under => self.sums[over as usize] as f64 / under as f64,
        }
    }
}

/// Instances of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypeUse {
    /// Sum of the running instances over the samples.
    pub running: u128,
    /// Most running instances.
    pub running_peak: u64,
    /// Launches.
    pub launches: LaunchCounts,
}

/// Breakdown of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Breakdown {
    /// Zones, by number.
    pub zones: Vec<PartUse>,
    /// Kinds of hosts, by number.
    pub kinds: Vec<PartUse>,
    /// Instance types, by number.
    pub types: Vec<TypeUse>,
    /// Kind of hosts of each group; made anew when a run goes on.
    #[serde(skip)]
    of_group: Vec<u16>,
}

impl Breakdown {
    /// Returns the breakdown of a fleet.
    pub fn new(zones: usize, kinds: &HostKinds) -> Breakdown {
        Breakdown {
            zones: vec![PartUse::default(); zones],
            kinds: vec![PartUse::default(); kinds.names.len()],
            types: Vec::new(),
            of_group: kinds.of_group.clone(),
        }
    }

    /// Takes over the figures of an earlier part of the run, whose fleet may have had fewer kinds of hosts. Returns
    /// false where they are those of another fleet.
    pub fn resume(&mut self, earlier: Breakdown) -> bool {
        let fits = earlier.zones.len() == self.zones.len() && earlier.kinds.len() <= self.kinds.len();
        self.zones = earlier.zones;
        self.kinds.splice(..earlier.kinds.len().min(self.kinds.len()), earlier.kinds);
        self.types = earlier.types;
        fits
    }

    /// Adds a sample of the fleet, by its groups.
    pub fn note_fleet<'a>(&mut self, groups: impl Iterator<Item = (&'a GroupHosts, &'a Totals)>) {
        let mut zones = vec![Totals::default(); self.zones.len()];
        let groups: Vec<(&GroupHosts, &Totals)> = groups.collect();
        groups.iter().for_each(|(group, totals)| zones[group.zone.index()].add(totals));
        let kinds = self.by_kind(groups.iter().map(|(_, totals)| *totals));
        self.zones.iter_mut().zip(&zones).for_each(|(part, totals)| part.note(totals));
        self.kinds.iter_mut().zip(&kinds).for_each(|(part, totals)| part.note(totals));
    }

    /// Returns the totals of each kind of hosts, of those of the groups in file order.
    pub fn by_kind<'a>(&self, groups: impl Iterator<Item = &'a Totals>) -> Vec<Totals> {
        let mut kinds = vec![Totals::default(); self.kinds.len()];
        groups.zip(&self.of_group).for_each(|(totals, kind)| kinds[usize::from(*kind)].add(totals));
        kinds
    }

    /// Adds a sample of the running instances, by type.
    pub fn note_types(&mut self, running: impl Iterator<Item = u64>) {
        for (number, running) in running.enumerate() {
            if number >= self.types.len() {
                self.types.push(TypeUse::default());
            }
            let seen = &mut self.types[number];
            seen.running += u128::from(running);
            seen.running_peak = seen.running_peak.max(running);
        }
    }

    /// Returns the number of samples.
    pub fn samples(&self) -> u64 {
        self.zones.first().map_or(0, |zone| zone.samples)
    }

    /// Counts the instances of a launch; refused ones in the zone that refused them, if one did.
    #[inline]
    pub fn count(&mut self, kind: TypeId, zone: Option<ZoneId>, launched: u32, refused: u32) {
        if kind.index() >= self.types.len() {
            self.types.resize(kind.index() + 1, TypeUse::default());
        }
        let of_zone = zone.map(|zone| &mut self.zones[zone.index()].launches);
        for counts in [Some(&mut self.types[kind.index()].launches), of_zone].into_iter().flatten() {
            counts.launched += u64::from(launched);
            counts.refused += u64::from(refused);
        }
    }
}
