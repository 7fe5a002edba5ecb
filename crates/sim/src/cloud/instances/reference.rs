//! Handles of instances in the table: a slot, and a reference that outlives the instance.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{AccountId, InstanceId};

/// Place of an instance in the table. Used again after the instance has ended and no timer names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Slot(pub u32);

/// Reference to an instance that may have ended since: its slot and its identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// Slot of the instance.
    pub slot: Slot,
    /// Number of the instance in the order of launch.
    pub id: InstanceId,
    /// Account of the instance.
    pub account: AccountId,
}
