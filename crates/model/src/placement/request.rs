//! Requests for a host: amounts, account, zone, and the constraint on the host.

use serde::{Deserialize, Serialize};

use super::exits::ExitHour;
use crate::fleet::index::shapes::ShapeId;
use plimsoll_base::units::{
    AccountId, Footprint, HostId, NumaNodes, PlacementGroupId, Resources, TypeId, ZoneId,
};

/// Request for room on a host of one zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Number of the amounts in the index.
    pub shape: ShapeId,
    /// Amounts that it takes.
    pub amounts: Resources,
    /// NUMA nodes that it takes them from.
    pub numa: NumaNodes,
    /// Account that asks.
    pub account: AccountId,
    /// Zone of the host.
    pub zone: ZoneId,
    /// Requirements beside room; `None` for most requests.
    pub constraint: Option<Constraint>,
    /// Hour in which the instance is predicted to end, under strategies that know it.
    pub exit: ExitHour,
}

impl Request {
    /// Returns a request without requirements beside room, whose end is not predicted.
    pub fn new(shape: ShapeId, footprint: impl Into<Footprint>, account: AccountId, zone: ZoneId) -> Request {
        let Footprint { amounts, numa } = footprint.into();
        Request { shape, amounts, numa, account, zone, constraint: None, exit: ExitHour::UNKNOWN }
    }

    /// Returns the amounts that it takes, and the nodes.
    #[inline]
    pub fn footprint(&self) -> Footprint {
        Footprint { amounts: self.amounts, numa: self.numa }
    }

    /// Returns the tenancy.
    pub fn tenancy(&self) -> Tenancy {
        self.constraint.unwrap_or_default().tenancy
    }

    /// Returns the placement group that it joins.
    pub fn group(&self) -> Option<PlacementGroupId> {
        self.constraint.and_then(|constraint| constraint.group).map(|membership| membership.group)
    }
}

/// Requirements of a request on its host beside room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Constraint {
    /// Placement group that the instance joins.
    pub group: Option<Membership>,
    /// Instances that may share the host.
    pub tenancy: Tenancy,
    /// Host that is left out: the one that a migration leaves.
    pub excluded: Option<HostId>,
    /// Hardware that does not run the type, a bit for each number ([`Fleet::barring`](crate::fleet::Fleet::barring)).
    pub barred: u64,
    /// True for an instance with a host to itself, as on bare metal.
    pub whole: bool,
    /// Type, where a dedicated host is to admit it.
    pub kind: Option<TypeId>,
}

/// Membership of an instance in a placement group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: PlacementGroupId,
    /// The partition asked for, from 0: EC2's `PartitionNumber` less 1. `None`: any.
    pub partition: Option<u16>,
}

/// Instances that may share a host (EC2's `Placement.Tenancy`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Tenancy {
    /// Instances of any account: EC2's `default`.
    #[default]
    Shared,
    /// The account's own dedicated instances.
    Dedicated,
    /// Instances on a dedicated host that the account has allocated: this one, or any.
    Host(Option<HostId>),
}

impl Constraint {
    /// Returns the constraint, or `None` where it requires nothing: such requests are searched fastest.
    pub fn or_none(self) -> Option<Constraint> {
        (self != Constraint::default()).then_some(self)
    }
}
