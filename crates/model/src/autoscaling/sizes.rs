//! Sizes of a group.

use serde::{Deserialize, Serialize};

/// Numbers of instances of a group. Each instance counts by the weight of its type, 1 unless the types have weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupSizes {
    /// Least number \[instances by weight\].
    pub min: u32,
    /// Greatest number \[instances by weight\].
    pub max: u32,
    /// Number that the group is to have \[instances by weight\].
    pub desired: u32,
}
