//! Calls about placement groups and dedicated hosts.

use crate::cloud::instances::quota_claims;
use crate::cloud::world::World;
use plimsoll_base::catalogue;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, HostId, Time, ZoneId};
use plimsoll_model::fleet::hardware::{Hardware, Model};
use plimsoll_model::placement::config::GroupStrategy;
use plimsoll_model::placement::groups::{GroupRule, MAX_PARTITIONS};
use plimsoll_model::placement::tenancies::{HostTerms, Takes};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::handles::{HostHandle, PlacementGroupHandle};

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
    world.hosts.placer.groups.create(account, name, rule).map(|_| ())
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

/// Carries out `AllocateHosts`, one host a call.
pub fn allocate_host(
    world: &mut World,
    now: Time,
    account: AccountId,
    (name, zone): (HostHandle, ZoneId),
    terms: &HostTerms,
) -> Result<(), FailureReason> {
    let host = dedicate(world, now, account, (zone, &[]), terms.clone())?;
    world.api.handles.hosts.set(name.0, host);
    Ok(())
}

/// Dedicates a host of these host groups, or of any of the zone.
pub fn dedicate(
    world: &mut World,
    now: Time,
    account: AccountId,
    (zone, groups): (ZoneId, &[usize]),
    terms: HostTerms,
) -> Result<HostId, FailureReason> {
    let takes = terms.takes.clone();
    if let Takes::Type(kind) = takes {
        world.learn_type(kind);
    }
    let criteria = match &takes {
        Takes::Type(kind) => world.directory.types.get(*kind).name.clone(),
        _ => String::new(),
    };
    let architectures = catalogue::find(&criteria).map_or("", |entry| entry.arch.as_str());
    let runs = |hardware: &Hardware| match &takes {
        Takes::Anything => true,
        Takes::Family(family) => runs_family(hardware, family),
        Takes::Type(_) => hardware.runs(&Model { name: &criteria, architectures, gpu_models: &[] }),
    };
    let is_offered = world.types.offers[zone.index()].as_ref().is_none_or(runs);
    let barred = world.hosts.fleet.hardware().barring_where(runs);
    if !is_offered || !world.hosts.fleet.runs_in(zone, barred) {
        return Err(Failure::Unsupported.into());
    }
    let host = quota_claims::create_within(world, account, Quota::DedicatedHosts, 1, |world| {
        world.hosts.placer.allocate_host(account, (zone, groups), (terms, barred), &mut world.hosts.fleet)
    })?;
    let group = world.hosts.fleet.group_of(host) as u32;
    world.billing.take_host(now, account, host, group);
    world.note_hosts();
    Ok(host)
}

/// Carries out `ReleaseHosts`, one host a call.
pub fn release_host(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: HostHandle,
) -> Result<(), FailureReason> {
    let host = world.api.handles.hosts.find(name.0, Failure::InvalidHostIdNotFound)?;
    world.hosts.placer.release_host(account, host, &mut world.hosts.fleet)?;
    let group = world.hosts.fleet.group_of(host) as u32;
    world.billing.give_host(now, account, host, group);
    quota_claims::uncount(world, account, Quota::DedicatedHosts, 1);
    world.note_hosts();
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
