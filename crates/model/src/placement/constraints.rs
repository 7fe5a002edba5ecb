//! Requirements of a request on its host beside room, and the hosts that meet them: stated once, for both the index and
//! the plain scan.
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
//! dedicated instances, then vacant ones. Hosts whose hardware does not run the type are in none, nor are those with
//! instances where the request needs a host to itself, nor dedicated hosts whose terms do not admit it.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::{GroupRule, Groups};
use super::request::{Constraint, Membership, Request, Tenancy};
use super::tenancies::{Ownership, Tenancies};
use crate::fleet::Fleet;
use crate::fleet::host::Pool;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{HostId, RackId, Resources, TypeId};

/// The most partitions of a group with dedicated instances.
const MAX_DEDICATED: u16 = 2;

/// Refuses a constraint that no fleet can meet (EC2 user guide, "Placement group rules and limitations": no
/// dedicated hosts in placement groups, no dedicated instances in spread groups, "A partition placement group with
/// Dedicated Instances can have a maximum of two partitions").
pub(super) fn check(
    constraint: &Constraint,
    request: &Request,
    (groups, tenancies, fleet): (&Groups, &Tenancies, &Fleet),
) -> Result<(), FailureReason> {
    if let Tenancy::Host(Some(host)) = constraint.tenancy {
        if tenancies.owner(host) != Some((request.account, Ownership::Allocated)) {
            return Err(Failure::InvalidHostIdNotFound.into());
        }
        let is_taken = constraint.kind.is_none_or(|kind| tenancies.takes(host, kind));
        if !is_taken || fleet.is_barred(host, constraint.barred) {
            return Err(Failure::Unsupported.into());
        }
    }
    let Some(Membership { group, partition }) = constraint.group else { return Ok(()) };
    match (groups.rule(group), partition, constraint.tenancy) {
        (_, _, Tenancy::Host(_)) | (GroupRule::Spread { .. }, _, Tenancy::Dedicated) => {
            Err(Failure::InvalidParameterCombination.into())
        }
        (GroupRule::Partition { partitions }, _, Tenancy::Dedicated) if partitions > MAX_DEDICATED => {
            let (asked, most) = (u64::from(partitions), u64::from(MAX_DEDICATED));
            Err(Failure::InvalidParameterCombination.because(LimitKind::GroupPartitions, asked, most))
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

/// Set of hosts that a request may go to.
#[derive(Clone, Copy, Debug)]
pub struct Tier<'a> {
    pub(super) racks: RackRule<'a>,
    pub(super) hosts: HostRule<'a>,
    excluded: Option<HostId>,
    /// Hardware that does not run the type.
    pub(super) barred: u64,
    /// Restriction to empty hosts.
    whole: bool,
    /// The dedicated hosts that admit the type, where these are asked for.
    terms: Option<Terms<'a>>,
}

/// Demand of a request on the terms of dedicated hosts.
#[derive(Clone, Copy, Debug)]
struct Terms<'a> {
    tenancies: &'a Tenancies,
    kind: TypeId,
    amounts: Resources,
    /// True for a request that names its host.
    names_host: bool,
}

/// Racks of a tier.
#[derive(Clone, Copy, Debug)]
pub(super) enum RackRule<'a> {
    Any,
    Only(RackId),
    /// Racks that are not among these.
    Without(&'a BTreeMap<RackId, u32>),
    /// Racks whose number has this remainder.
    Partition {
        rest: u32,
        of: u32,
    },
}

/// Hosts of a tier by their owner.
#[derive(Clone, Copy, Debug)]
pub(super) enum HostRule<'a> {
    /// Hosts of the shared pool.
    Shared,
    /// These hosts, which are the account's own.
    Own(&'a BTreeSet<HostId>),
    /// A host that the account has allocated, by name.
    Named(HostId),
    /// Empty hosts that may become the account's own.
    Vacant,
    /// Hosts on which a slot of a reservation holds the whole room for it.
    Held,
}

impl HostRule<'_> {
    /// Returns true if the rule leaves a host in, whatever room it has.
    #[inline]
    pub(super) fn allows(&self, id: HostId, fleet: &Fleet) -> bool {
        match self {
            HostRule::Shared => fleet.hosts()[id.index()].pool == Pool::Shared,
            HostRule::Own(hosts) => hosts.contains(&id),
            HostRule::Named(host) => *host == id,
            HostRule::Vacant => fleet.may_be_owned(id),
            HostRule::Held => true,
        }
    }
}

impl RackRule<'_> {
    /// Returns true if the rule leaves the rack of a host in.
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
    /// Returns true if the request may go to a host of its zone, if that is active and has room.
    pub fn allows(&self, id: HostId, fleet: &Fleet) -> bool {
        self.hosts.allows(id, fleet)
            && self.excluded != Some(id)
            && self.racks.allows(id, fleet)
            && self.suits(id, fleet)
    }

    /// Returns true if the hardware and the terms of a host allow the request.
    #[inline]
    pub(super) fn suits(&self, id: HostId, fleet: &Fleet) -> bool {
        let is_shared = self.whole && fleet.hosts()[id.index()].instances > 0;
        !is_shared
            && !fleet.is_barred(id, self.barred)
            && self.terms.is_none_or(|terms| terms.admit(id, fleet))
    }
}

impl Terms<'_> {
    fn admit(&self, id: HostId, fleet: &Fleet) -> bool {
        let Terms { tenancies, kind, amounts, names_host } = *self;
        let most = fleet.skus()[usize::from(fleet.hosts()[id.index()].sku.0)].holds(&amounts);
        tenancies.takes(id, kind)
            && (names_host || tenancies.places_automatically(id))
            && !tenancies.is_whole(id)
            && tenancies.count_on(id, kind) < most
    }
}

/// Returns the tiers of a request, in order. None: no host may take it, whatever room there is.
pub(super) fn tiers<'a>(
    request: &Request,
    constraint: &Constraint,
    groups: &'a Groups,
    tenancies: &'a Tenancies,
) -> Vec<Tier<'a>> {
    let host_rules = host_rules(request, constraint.tenancy, tenancies);
    let rack_rules = rack_rules(request, constraint.group, groups);
    let terms = terms(request, constraint, tenancies);
    let with_racks = |racks| {
        let Constraint { excluded, barred, whole, .. } = *constraint;
        let tier = move |hosts: &HostRule<'a>| Tier { racks, hosts: *hosts, excluded, barred, whole, terms };
        host_rules.iter().map(tier)
    };
    rack_rules.into_iter().flat_map(with_racks).collect()
}

/// Returns the tiers of a request for a slot of a reservation whose hosts stand. One that needs a host to itself has it in the
/// slot.
pub(super) fn slot_tiers<'a>(
    request: &Request,
    constraint: &Constraint,
    groups: &'a Groups,
    tenancies: &'a Tenancies,
) -> Vec<Tier<'a>> {
    if !constraint.whole {
        return tiers(request, constraint, groups, tenancies);
    }
    let Constraint { excluded, barred, .. } = *constraint;
    let tier = |racks| Tier { racks, hosts: HostRule::Held, excluded, barred, whole: false, terms: None };
    rack_rules(request, constraint.group, groups).into_iter().map(tier).collect()
}

/// Returns the demand of a request on the terms of dedicated hosts, if it goes to one.
fn terms<'a>(request: &Request, constraint: &Constraint, tenancies: &'a Tenancies) -> Option<Terms<'a>> {
    let Tenancy::Host(host) = constraint.tenancy else { return None };
    let amounts = request.amounts;
    constraint.kind.map(|kind| Terms { tenancies, kind, amounts, names_host: host.is_some() })
}

/// Rules of every tier of a request beside owners and racks.
pub(super) fn suitable<'a>(request: &Request, constraint: &Constraint, tenancies: &'a Tenancies) -> Tier<'a> {
    let Constraint { excluded, barred, whole, .. } = *constraint;
    let terms = terms(request, constraint, tenancies);
    Tier { racks: RackRule::Any, hosts: HostRule::Shared, excluded, barred, whole, terms }
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
