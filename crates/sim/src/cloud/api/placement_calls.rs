//! Calls about placement groups and dedicated hosts.

use crate::cloud::allocation::allocator::HostAllocator;
use crate::cloud::instances::quota_claims;
use crate::cloud::world::World;
use plimsoll_base::catalogue;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, HostId, Time, TypeId, ZoneId};
use plimsoll_model::fleet::Fleet;
use plimsoll_model::fleet::hardware::{Hardware, Model};
use plimsoll_model::fleet::host::GroupHosts;
use plimsoll_model::placement::config::GroupStrategy;
use plimsoll_model::placement::groups::{GroupRule, MAX_PARTITIONS};
use plimsoll_model::placement::tenancies::{HostTerms, HostTermsChange, Takes};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::handles::{HostHandle, PlacementGroupHandle};

/// Placement groups of an account in the region, at most (EC2 user guide, "Placement group rules and limitations", seen 2026-11-30:
/// "You can create a maximum of 500 placement groups per account in each Region"). It holds where accounts have quotas.
const MOST_GROUPS: u64 = 500;

/// Characters of the name of a group, at most (`CreatePlacementGroup`, "GroupName", botocore 1.44.8: "Up to 255 ASCII characters").
const MOST_NAME_LENGTH: u64 = 255;

/// Carries out `CreatePlacementGroup`.
pub fn create_placement_group(
    world: &mut World,
    account: AccountId,
    group: PlacementGroupHandle,
    strategy: GroupStrategy,
    partitions: Option<u16>,
) -> Result<(), FailureReason> {
    let rule = match (strategy, partitions) {
        (GroupStrategy::Partition, partitions) => {
            let partitions = partitions.unwrap_or(MAX_PARTITIONS);
            if !(1..=MAX_PARTITIONS).contains(&partitions) {
                return Err(Failure::InvalidParameterValue.into());
            }
            GroupRule::Partition { partitions }
        }
        (_, Some(_)) => return Err(Failure::InvalidParameterCombination.into()),
        (GroupStrategy::Spread, None) => {
            GroupRule::Spread { max_per_zone: world.api.created_groups.max_per_zone }
        }
        (GroupStrategy::Cluster, None) => GroupRule::Cluster { strict: world.api.created_groups.strict },
    };
    let name = &world.directory.handles.placement_groups()[group.0 as usize];
    let groups = &mut world.hosts.placer.groups;
    let (length, has) = (name.chars().count() as u64, groups.of_account(account).count() as u64);
    if length > MOST_NAME_LENGTH {
        let refused = Failure::InvalidParameterValue;
        return Err(refused.because(LimitKind::NameLength, length, MOST_NAME_LENGTH));
    }
    if !world.quotas.is_unlimited() && has >= MOST_GROUPS {
        let left = MOST_GROUPS.saturating_sub(has);
        return Err(Failure::PlacementGroupLimitExceeded.because(LimitKind::PlacementGroups, 1, left));
    }
    groups.create(account, name, rule).map(|_| ())
}

/// Carries out `DeletePlacementGroup`.
pub fn delete_placement_group(
    world: &mut World,
    account: AccountId,
    group: PlacementGroupHandle,
) -> Result<(), FailureReason> {
    let name = &world.directory.handles.placement_groups()[group.0 as usize];
    world.hosts.placer.groups.delete(account, name)
}

/// Carries out `AllocateHosts`: every host that it names, or none.
pub fn allocate_hosts(
    world: &mut World,
    now: Time,
    account: AccountId,
    (names, zone): (&[HostHandle], ZoneId),
    terms: &HostTerms,
) -> Result<(), FailureReason> {
    let hosts = dedicate(world, now, account, (zone, &[]), (terms, names.len()))?;
    for (name, host) in names.iter().zip(hosts) {
        world.api.handles.hosts.set(name.0, host);
    }
    Ok(())
}

/// Dedicates so many hosts of these host groups, or of any of the zone: all or none.
pub fn dedicate(
    world: &mut World,
    now: Time,
    account: AccountId,
    place: (ZoneId, &[usize]),
    (terms, count): (&HostTerms, usize),
) -> Result<Vec<HostId>, FailureReason> {
    let barred = barred_in(world, place.0, &terms.takes)?;
    let hosts = quota_claims::create_within(world, account, Quota::DedicatedHosts, count, |world| {
        let HostAllocator { placer, fleet, .. } = &mut world.hosts;
        placer.allocate_hosts(account, place, (terms, barred), count, fleet)
    })?;
    for host in &hosts {
        begin_paying(world, now, account, *host);
    }
    world.note_hosts();
    Ok(hosts)
}

/// Returns the hardware, a bit for each number, that dedicated hosts for these types are not of; refused where a zone has no other.
fn barred_in(world: &mut World, zone: ZoneId, takes: &Takes) -> Result<u64, FailureReason> {
    let runs = runs_these(world, takes);
    let is_offered = world.types.offers[zone.index()].as_ref().is_none_or(&runs);
    let barred = world.hosts.fleet.hardware().barring_where(runs);
    if is_offered && world.hosts.fleet.runs_in(zone, barred) {
        Ok(barred)
    } else {
        Err(Failure::Unsupported.into())
    }
}

/// Returns whether hardware runs the types that a dedicated host is to take.
fn runs_these(world: &mut World, takes: &Takes) -> impl Fn(&Hardware) -> bool + use<> {
    let name = |world: &World, kind: TypeId| world.directory.types.get(kind).name.clone();
    let takes = takes.clone();
    let only = match takes {
        Takes::Type(kind) => {
            world.learn_type(kind);
            name(world, kind)
        }
        _ => String::new(),
    };
    let architectures = catalogue::find(&only).map_or("", |entry| entry.arch.as_str());
    move |hardware| match &takes {
        Takes::Anything => true,
        Takes::Family(family) => runs_family(hardware, family),
        Takes::Type(_) => hardware.runs(&Model { name: &only, architectures, gpu_models: &[] }),
    }
}

/// Carries out `ModifyHosts`, one host a call.
pub fn modify_host(
    world: &mut World,
    account: AccountId,
    name: HostHandle,
    change: &HostTermsChange,
) -> Result<(), FailureReason> {
    let host = world.api.handles.hosts.find(name.0, Failure::InvalidHostIdNotFound)?;
    let runs = runs_these(world, change.takes.as_ref().unwrap_or(&Takes::Anything));
    let HostAllocator { placer, fleet, .. } = &mut world.hosts;
    placer.modify_host(account, host, (change, fleet.hardware().barring_where(runs)), fleet)
}

/// Carries out `ReleaseHosts`, one host a call.
pub fn release_host(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: HostHandle,
) -> Result<(), FailureReason> {
    let host = world.api.handles.hosts.find(name.0, Failure::InvalidHostIdNotFound)?;
    give_up(world, now, (account, host), None)?;
    quota_claims::uncount(world, account, Quota::DedicatedHosts, 1);
    world.note_hosts();
    Ok(())
}

/// Dedicates another host in place of one that has failed and is to be replaced (EC2 user guide, "Host recovery", read 2026-11:
/// "automatically allocates a replacement Dedicated Host in the same Availability Zone"; it has the same attributes, instance type
/// and auto-placement among them). It is of the same hardware: of the same host group, or else of one of its SKU. It counts towards the
/// quota in place of the other. `None` where there is no such host.
pub fn replace_host(world: &mut World, now: Time, failed: HostId) -> Option<HostId> {
    let (account, _) = world.hosts.placer.tenancies().owner(failed)?;
    let terms = world.hosts.placer.tenancies().terms_of(failed).filter(|terms| terms.recovery)?.clone();
    let zone = world.hosts.fleet.zone_of(failed);
    let barred = barred_in(world, zone, &terms.takes).ok()?;
    let HostAllocator { placer, fleet, .. } = &mut world.hosts;
    let host = groups_like(fleet, fleet.group_of(failed)).into_iter().find_map(|group| {
        placer.allocate_host(account, (zone, &[group]), (terms.clone(), barred), fleet).ok()
    })?;
    begin_paying(world, now, account, host);
    Some(host)
}

/// Returns a host group, and then the others of its zone whose hosts are of its SKU.
fn groups_like(fleet: &Fleet, group: usize) -> Vec<usize> {
    let of = |group: &GroupHosts| (group.zone, fleet.hosts().get(group.first.index()).map(|host| host.sku));
    let groups = fleet.groups();
    let others =
        (0..groups.len()).filter(|other| *other != group && of(&groups[*other]) == of(&groups[group]));
    std::iter::once(group).chain(others).collect()
}

/// Gives up a failed host that another one has replaced ("the impaired Dedicated Host is released"). No instance is left on it.
pub fn give_up_replaced(world: &mut World, now: Time, failed: HostId, by: HostId) {
    let owner = world.hosts.placer.tenancies().owner(failed);
    let (account, _) = owner.expect("a dedicated host has an owner");
    let given_up = give_up(world, now, (account, failed), Some(by));
    given_up.expect("every instance has moved to the other host, or has lost its host");
}

/// Begins to charge an account for a dedicated host.
fn begin_paying(world: &mut World, now: Time, account: AccountId, host: HostId) {
    let group = world.hosts.fleet.group_of(host) as u32;
    world.billing.take_host(now, account, host, group);
}

/// Gives up a dedicated host, which must hold no instances. Another one may replace it.
fn give_up(
    world: &mut World,
    now: Time,
    (account, host): (AccountId, HostId),
    replaced_by: Option<HostId>,
) -> Result<(), FailureReason> {
    let terms = world.hosts.placer.release_host(account, host, &mut world.hosts.fleet)?;
    let group = world.hosts.fleet.group_of(host) as u32;
    world.billing.give_host(now, account, host, group);
    if let Some(clients) = &mut world.clients {
        clients.released_hosts.note(now, (account, host), terms, replaced_by);
    }
    Ok(())
}

/// Returns whether hardware runs some type of a family, by what the catalogue knows of its types.
fn runs_family(hardware: &Hardware, family: &str) -> bool {
    let mut known = catalogue::built_in().iter().filter(|entry| entry.family() == family).peekable();
    if known.peek().is_none() {
        return hardware.runs_any_of(family);
    }
    let model = |name, architectures| Model { name, architectures, gpu_models: &[] };
    known.any(|entry| hardware.runs(&model(&entry.name, &entry.arch)))
}
