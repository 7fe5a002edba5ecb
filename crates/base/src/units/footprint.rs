//! Amounts that an instance takes from its host, and the NUMA nodes it takes them from.

use serde::{Deserialize, Serialize};

use super::Resources;

/// NUMA nodes of its host that an instance takes vCPU and memory from. Hosts without nodes take any.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub enum NumaNodes {
    /// A single one where a node of the host, empty, has room for it; else two, half of it on each.
    #[default]
    Fewest,
    /// A single one.
    One,
    /// Two of them, half of it on each.
    Two,
}

impl NumaNodes {
    /// Returns the member of a number of nodes, as scenarios and traces write it: 1 or 2.
    pub fn of_number(number: u32) -> Option<NumaNodes> {
        match number {
            1 => Some(NumaNodes::One),
            2 => Some(NumaNodes::Two),
            _ => None,
        }
    }
}

/// Amounts that an instance takes from its host, and the nodes it takes them from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Footprint {
    /// The amounts.
    pub amounts: Resources,
    /// The nodes.
    pub numa: NumaNodes,
}

impl From<Resources> for Footprint {
    /// Returns the footprint of amounts from the fewest nodes.
    fn from(amounts: Resources) -> Footprint {
        Footprint { amounts, numa: NumaNodes::Fewest }
    }
}
