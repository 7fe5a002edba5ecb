//! What a request asks of its host beside room, and which hosts may therefore take it: said once, for the
//! index and the plain scan alike.
//!
//! A constrained request has *tiers*, sets of hosts in order of preference: the run's strategy chooses among
//! the hosts of the first tier that has one that fits. The group decides the order first:
//!
//! - spread: one tier, the racks without a member; none once the zone has the most members allowed;
//! - partition: the partition named; else one tier a partition, fewest members first, then lowest number;
//! - cluster: one tier a rack that holds members, most members first, then lowest rack; then the zone,
//!   unless the group is strict and has members. No tier in a zone other than its members'.
//!
//! Within each the tenancy makes two where it is dedicated: the hosts that are the account's own for its
//! dedicated instances, then vacant ones.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::groups::{GroupRule, Groups};
use super::strategy::Request;
use super::tenancies::{Ownership, Tenancies};
use crate::failure::{Bound, Failure, Reason};
use crate::fleet::Fleet;
use crate::fleet::host::Pool;
use crate::units::{HostId, PlacementGroupId, RackId};

/// The most partitions of a group with dedicated instances.
const MAX_DEDICATED: u16 = 2;

/// What a request asks of its host beside room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Constraint {
    /// The placement group that the instance joins.
    pub group: Option<Membership>,
    /// Whose instances may be on the same host.
    pub tenancy: Tenancy,
    /// A host that is not taken: the one that a migration leaves.
    pub excluded: Option<HostId>,
}

/// The place of an instance in a placement group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: PlacementGroupId,
    /// The partition asked for, from 0: EC2's `PartitionNumber` less 1. `None`: any.
    pub partition: Option<u16>,
}

/// Whose instances may be on the same host (EC2's `Placement.Tenancy`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Tenancy {
    /// Anybody's: EC2's `default`.
    #[default]
    Shared,
    /// The account's own dedicated instances.
    Dedicated,
    /// Those on a dedicated host that the account has allocated: this one, or any.
    Host(Option<HostId>),
}

impl Constraint {
    /// The constraint, or nothing where it asks for nothing: such requests are searched fastest.
    pub fn or_none(self) -> Option<Constraint> {
        (self != Constraint::default()).then_some(self)
    }

    /// What is wrong with it whatever the fleet (EC2 user guide, "Placement group rules and limitations": no
    /// dedicated hosts in placement groups, no dedicated instances in spread groups, "A partition placement group with
    /// Dedicated Instances can have a maximum of two partitions").
    pub(super) fn check(
        &self,
        request: &Request,
        groups: &Groups,
        tenancies: &Tenancies,
    ) -> Result<(), Reason> {
        if let Tenancy::Host(Some(host)) = self.tenancy
            && tenancies.owner(host) != Some((request.account, Ownership::Allocated))
        {
            return Err(Failure::InvalidHostIdNotFound.into());
        }
        let Some(Membership { group, partition }) = self.group else { return Ok(()) };
        match (groups.rule(group), partition, self.tenancy) {
            (_, _, Tenancy::Host(_)) | (GroupRule::Spread { .. }, _, Tenancy::Dedicated) => {
                Err(Failure::InvalidParameterCombination.into())
            }
            (GroupRule::Partition { partitions }, _, Tenancy::Dedicated) if partitions > MAX_DEDICATED => {
                let (asked, most) = (u64::from(partitions), u64::from(MAX_DEDICATED));
                Err(Failure::InvalidParameterCombination.because(Bound::GroupPartitions, asked, most))
            }
            (GroupRule::Partition { partitions }, Some(partition), _) if partition >= partitions => {
                Err(Failure::InvalidParameterValue.into())
            }
            (GroupRule::Spread { .. } | GroupRule::Cluster { .. }, Some(_), _) => {
                Err(Failure::InvalidParameterCombination.into())
            }
            _ => Ok(()),
        }
    }
}

/// One set of hosts that a request may go to.
#[derive(Clone, Copy, Debug)]
pub struct Tier<'a> {
    pub(super) racks: RackRule<'a>,
    pub(super) hosts: HostRule<'a>,
    excluded: Option<HostId>,
}

/// Which racks.
#[derive(Clone, Copy, Debug)]
pub(super) enum RackRule<'a> {
    Any,
    Only(RackId),
    /// Those that are not among these.
    Without(&'a BTreeMap<RackId, u32>),
    /// Those whose number leaves this rest.
    Partition {
        rest: u32,
        of: u32,
    },
}

/// Which hosts by their owner.
#[derive(Clone, Copy, Debug)]
pub(super) enum HostRule<'a> {
    /// Those of the shared pool.
    Shared,
    /// These, which are the account's own.
    Own(&'a BTreeSet<HostId>),
    /// This one, which the account has allocated.
    Named(HostId),
    /// Empty ones that may become the account's own.
    Vacant,
}

impl HostRule<'_> {
    /// True when the rule leaves a host in, whatever room it has.
    #[inline]
    pub(super) fn allows(&self, id: HostId, fleet: &Fleet) -> bool {
        match self {
            HostRule::Shared => fleet.hosts()[id.index()].pool == Pool::Shared,
            HostRule::Own(hosts) => hosts.contains(&id),
            HostRule::Named(host) => *host == id,
            HostRule::Vacant => fleet.may_be_owned(id),
        }
    }
}

impl RackRule<'_> {
    /// True when the rule leaves the rack of a host in.
    #[inline]
    pub(super) fn allows(&self, id: HostId, fleet: &Fleet) -> bool {
        match self {
            RackRule::Any => true,
            RackRule::Only(rack) => fleet.rack_of(id) == *rack,
            RackRule::Without(racks) => racks.is_empty() || !racks.contains_key(&fleet.rack_of(id)),
            RackRule::Partition { rest, of } => fleet.rack_of(id).0 % of == *rest,
        }
    }
}

impl Tier<'_> {
    /// True when the request may go to a host of its zone, if that is active and has room.
    pub fn allows(&self, id: HostId, fleet: &Fleet) -> bool {
        self.hosts.allows(id, fleet) && self.excluded != Some(id) && self.racks.allows(id, fleet)
    }
}

/// The tiers of a request, in order. None: no host may take it, whatever room there is.
pub(super) fn tiers<'a>(
    request: &Request,
    constraint: &Constraint,
    groups: &'a Groups,
    tenancies: &'a Tenancies,
) -> Vec<Tier<'a>> {
    let host_rules = host_rules(request, constraint.tenancy, tenancies);
    let rack_rules = rack_rules(request, constraint.group, groups);
    let with_racks = |racks| {
        let tier = move |hosts: &HostRule<'a>| Tier { racks, hosts: *hosts, excluded: constraint.excluded };
        host_rules.iter().map(tier)
    };
    rack_rules.into_iter().flat_map(with_racks).collect()
}

pub(super) fn rack_rules<'a>(
    request: &Request,
    membership: Option<Membership>,
    groups: &'a Groups,
) -> Vec<RackRule<'a>> {
    let Some(Membership { group, partition }) = membership else { return vec![RackRule::Any] };
    let members = groups.members(group, request.zone);
    match groups.rule(group) {
        GroupRule::Spread { max_per_zone } if members.count >= max_per_zone => Vec::new(),
        GroupRule::Spread { .. } => vec![RackRule::Without(&members.by_rack)],
        GroupRule::Partition { partitions } => {
            let order = match partition {
                Some(partition) => vec![partition],
                None => members.partitions_emptiest_first(partitions),
            };
            let of = u32::from(partitions);
            order.into_iter().map(|rest| RackRule::Partition { rest: u32::from(rest), of }).collect()
        }
        GroupRule::Cluster { .. } if groups.bound_to(group).is_some_and(|zone| zone != request.zone) => {
            Vec::new()
        }
        GroupRule::Cluster { strict } => {
            let elsewhere = (!strict || members.count == 0).then_some(RackRule::Any);
            members.racks_fullest_first().into_iter().map(RackRule::Only).chain(elsewhere).collect()
        }
    }
}

pub(super) fn host_rules<'a>(
    request: &Request,
    tenancy: Tenancy,
    tenancies: &'a Tenancies,
) -> Vec<HostRule<'a>> {
    let owned = |ownership| tenancies.owned(request.account, request.zone, ownership).map(HostRule::Own);
    match tenancy {
        Tenancy::Shared => vec![HostRule::Shared],
        Tenancy::Dedicated => owned(Ownership::Instances).into_iter().chain([HostRule::Vacant]).collect(),
        Tenancy::Host(None) => owned(Ownership::Allocated).into_iter().collect(),
        Tenancy::Host(Some(host)) => {
            let own = owned(Ownership::Allocated);
            let is_own = matches!(own, Some(HostRule::Own(hosts)) if hosts.contains(&host));
            is_own.then_some(HostRule::Named(host)).into_iter().collect()
        }
    }
}
