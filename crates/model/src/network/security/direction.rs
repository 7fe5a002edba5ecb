//! Directions of traffic, and the error of a protocol and ports that do not go together.

use serde::{Deserialize, Serialize};

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::names;

/// Direction of traffic at the interface with the group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Direction {
    /// To the interface; the rule names a source.
    Ingress,
    /// From the interface; the rule names a destination.
    Egress,
}

names! { Direction { Ingress = "ingress", Egress = "egress" } }

impl Direction {
    /// Returns the opposite direction, which replies take.
    pub const fn reverse(self) -> Direction {
        match self {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        }
    }
}

/// Reason for which a protocol and ports do not go together, one sentence without its full stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed(pub &'static str);

impl From<Malformed> for FailureReason {
    fn from(_: Malformed) -> FailureReason {
        Failure::InvalidPermissionMalformed.into()
    }
}
