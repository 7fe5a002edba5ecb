//! Headroom: the instances that the fleet could still take, and how well it is packed, at one moment.
//!
//! Measuring changes nothing. One pass over the hosts makes a [`Census`] of classes of equal hosts; everything
//! after that works on classes and types only, however many hosts there are.
//! Constraints of single requests (zones, groups, racks, dedicated tenancy) are left out, but the hardware that
//! runs a type counts: headroom is the room for instances that may go anywhere in the shared pool.

mod census;
mod classes;
mod compaction;
mod fragmentation;
mod inflation;
mod room;
mod stock;
mod survival;

pub use census::{Census, HostClass, room_of};
pub use compaction::hosts_needed;
pub use fragmentation::{Shares, fgd, unusable};
pub use inflation::{Inflation, allocable, inflate};
pub use room::{Room, WholeRoom};
pub use survival::{HostAtRisk, LossDomain, Survival};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Duration, Footprint, NumaNodes, Resources, TypeId};

/// `[headroom]`: samples of the room that the fleet still has, during the run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadroomConfig {
    /// Time between two samples, the first at the start. Each is taken with the first row of the time series at or
    /// after its time.
    pub every: Duration,
    /// Part of the fleet whose loss the headroom is to survive: `"host"`, `"rack"` or `"zone"`. Each sample then tells the worst
    /// loss of one, the instances it would leave without room, and what fits beside those it displaces (`survival.csv`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survive: Option<LossDomain>,
    /// Instance types whose room is counted from the start, whether the demand has asked for them or not: "how many more of this
    /// type would fit?"
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// Instances of one type that run now, or that are taken to be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// The type.
    pub kind: TypeId,
    /// Amounts that one of them asks for.
    pub amounts: Resources,
    /// NUMA nodes that one of them takes.
    pub numa: NumaNodes,
    /// Hardware that does not run it, a bit for each number.
    pub barred: u64,
    /// Number of instances.
    pub count: u64,
}

impl Share {
    /// Returns the amounts that one of them takes, and the nodes.
    pub fn footprint(&self) -> Footprint {
        Footprint { amounts: self.amounts, numa: self.numa }
    }
}

/// The headroom of a fleet at one moment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Headroom {
    /// For each type asked for so far, in the order of first use: instances of it alone that would fit.
    pub allocable: Vec<(TypeId, u64)>,
    /// The type with the most vCPU, then memory, of which at least one fits.
    pub largest: Option<TypeId>,
    /// Growth of the live mix that fits; `None` while nothing runs.
    pub inflation: Option<Inflation>,
    /// Room that the live mix cannot use; `None` while nothing runs.
    pub unusable: Option<Shares>,
    /// Fragments as FGD counts them; `None` while nothing runs.
    pub fgd: Option<Shares>,
    /// Fewest hosts that a repacking finds for what runs now; `None` where it finds no room for all.
    pub hosts_compacted: Option<u64>,
    /// No packing needs fewer hosts than this \[hosts\].
    pub hosts_lower_bound: u64,
    /// Consequences of the loss of any one host, rack or zone; `None` where they are not asked for.
    pub survival: Option<Survival>,
}

impl Headroom {
    /// Measures the headroom of a fleet. `asked` holds every type asked for so far, with how many of each run now.
    pub fn of(census: &Census, asked: &[Share]) -> Headroom {
        let allocable: Vec<_> = asked.iter().map(|share| (share.kind, allocable(census, share))).collect();
        let fitting = asked.iter().zip(&allocable).filter(|(_, (_, count))| *count > 0);
        let largest = fitting.max_by_key(|(share, _)| {
            (share.amounts.vcpu_milli(), share.amounts.memory_mib(), std::cmp::Reverse(share.kind))
        });
        let running: Vec<Share> = asked.iter().copied().filter(|share| share.count > 0).collect();
        Headroom {
            largest: largest.map(|(share, _)| share.kind),
            inflation: inflate(census, &running),
            unusable: unusable(census, &running),
            fgd: fgd(census, &running),
            hosts_compacted: hosts_needed(census, &running),
            hosts_lower_bound: census.hosts_lower_bound(&running),
            allocable,
            survival: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a census of (free vCPU, free memory, hosts), all of one capacity \[milli-vCPU, MiB\].
    pub fn census(classes: &[(u32, u32, u64)], vcpu: u32, memory: u32) -> Census {
        let room = |vcpu, memory| Room {
            whole: WholeRoom { free: Resources::new(vcpu, memory), instances: u32::MAX, hardware: 0 },
            parts: None,
        };
        let mut counted = std::collections::BTreeMap::new();
        for (vcpu, memory, hosts) in classes {
            *counted.entry(room(*vcpu, *memory)).or_insert(0) += hosts;
        }
        Census {
            classes: counted.into_iter().map(|(room, hosts)| HostClass { room, hosts }).collect(),
            empty: vec![HostClass {
                room: room(vcpu, memory),
                hosts: classes.iter().map(|(_, _, hosts)| hosts).sum(),
            }],
        }
    }

    /// Returns so many instances of a type.
    pub fn share(kind: u32, vcpu: u32, memory: u32, count: u64) -> Share {
        let numa = NumaNodes::default();
        Share { kind: TypeId(kind), amounts: Resources::new(vcpu, memory), numa, barred: 0, count }
    }

    #[test]
    fn the_largest_type_is_the_largest_that_fits() {
        let census = census(&[(4000, 4096, 1)], 8000, 8192);
        let asked = [share(0, 1000, 1024, 0), share(1, 4000, 4096, 0), share(2, 8000, 1024, 0)];
        let found = Headroom::of(&census, &asked);
        assert_eq!(found.largest, Some(TypeId(1)));
        assert_eq!(found.allocable, [(TypeId(0), 4), (TypeId(1), 1), (TypeId(2), 0)]);
        assert_eq!((found.inflation, found.unusable, found.fgd), (None, None, None));
        assert_eq!((found.hosts_compacted, found.hosts_lower_bound), (Some(0), 0));
    }
}
