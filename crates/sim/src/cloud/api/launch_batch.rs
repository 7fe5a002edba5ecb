//! Allocation for the instances of a launch: zone, host, address; as many as fit, or none below the least number asked for.
//!
//! All instances of one request go to one zone, as those of one EC2 call do.

use crate::cloud::allocation::allocator::{HostAllocation, PendingAllocation};
use crate::cloud::api::ends;
use crate::cloud::api::launch_context::{Allocation, LaunchContext};
use crate::cloud::api::launch_options;
use crate::cloud::api::refused::Refused;
use crate::cloud::instances::quota_claims;
use crate::cloud::observe::decisions;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, SubnetId, Time, ZoneId};
use plimsoll_model::network::NO_ADDRESS;
use plimsoll_model::placement::request::{Constraint, Request};
use plimsoll_model::placement::strategy::Undo;
use plimsoll_model::quota::Claim;
use plimsoll_model::workload::call::{Launch, LaunchOptions};
use plimsoll_model::workload::demand::ResidentPlace;

/// Allocates for as many instances as fit, at least the least number. `Err` is the refusal of the rest; the batch holds the
/// allocations made nonetheless, none below the least number.
pub fn allocate(world: &mut World, context: &mut LaunchContext) -> Result<(), Refused> {
    let launch = context.launch;
    order_zones(world, launch, context.request.constraint.as_ref())?;
    if world.types.of(launch.kind).is_limited {
        drop_unoffered_zones(world, launch)?;
    }
    let mut worst: Option<Refused> = None;
    let mut most_placed = 0;
    // Elastic hosts open only when no open host fits, in any zone.
    let passes: &[bool] = if world.hosts.fleet.is_elastic() { &[false, true] } else { &[false] };
    for &may_open in passes {
        for i in 0..world.api.zone_order.len() {
            context.request.zone = world.api.zone_order[i];
            let Err(refused) = fill_zone(world, context, may_open) else {
                return Ok(());
            };
            let placed = world.api.batch.len() as u32;
            if placed >= launch.min_count {
                // The zone is decided; the instances that are still missing may open hosts there.
                return fill_zone(world, context, true);
            }
            most_placed = most_placed.max(placed);
            undo(world, context);
            // Addresses are allocated after hosts, so a zone that lacks addresses came further.
            let came_further = |old: &Refused| old.reason.failure == Failure::InsufficientInstanceCapacity;
            if worst.as_ref().is_none_or(came_further) {
                worst = Some(of_all(refused, placed, launch.min_count));
            }
        }
    }
    let worst = worst.expect("a scenario has a zone");
    Err(Refused { placed: most_placed, ..worst })
}

/// Returns a refusal of instances of which a zone had room for some, with the amounts of all that were asked for at once: what those
/// that were placed had taken is left again.
#[cold]
fn of_all(refused: Refused, placed: u32, min_count: u32) -> Refused {
    let mut refused = refused;
    if let Some(limit) = refused.reason.limit.as_mut().filter(|limit| limit.kind.is_taken_by_each()) {
        limit.left = limit.left.saturating_add(limit.asked.saturating_mul(u64::from(placed)));
        limit.asked = limit.asked.saturating_mul(u64::from(min_count));
    }
    refused
}

/// Orders the zones to try: the one named, else the subnet's, else all, most free vCPU first.
#[inline]
pub fn order_zones(
    world: &mut World,
    launch: &Launch,
    constraint: Option<&Constraint>,
) -> Result<(), Refused> {
    world.api.zone_order.clear();
    let member = constraint.and_then(|constraint| constraint.group);
    let bound_to = member.and_then(|member| world.hosts.placer.groups.bound_to(member.group));
    let of_subnet = launch.subnet.map(|subnet| world.network.subnets()[subnet.index()].zone);
    match (launch.zone, of_subnet) {
        (Some(zone), Some(other)) if zone != other => {
            return Err(Refused::launch(launch, Failure::InvalidParameterValue.into(), Some(zone)));
        }
        (Some(zone), _) | (None, Some(zone)) => {
            if bound_to.is_some_and(|other| other != zone) {
                // EC2's answer: "The placement group is in use in another availability zone".
                let failure = Failure::InvalidPlacementGroupInUse;
                return Err(Refused::launch(launch, failure.into(), Some(zone)));
            }
            world.api.zone_order.push(zone);
        }
        (None, None) => {
            if let Some(zone) = bound_to {
                world.api.zone_order.push(zone);
                return Ok(());
            }
            let zones = world.hosts.fleet.zones();
            world.api.zone_order.extend((0..zones.len() as u16).map(ZoneId));
            if !world.api.closed_zones.is_empty() {
                let closed = &world.api.closed_zones;
                world.api.zone_order.retain(|zone| !closed[zone.index()]);
            }
            if zones.len() > 1 {
                // Stable: file order on ties.
                world
                    .api
                    .zone_order
                    .sort_by_key(|zone| std::cmp::Reverse(zones[zone.index()].free_vcpu_milli));
            }
        }
    }
    Ok(())
}

/// Drops the zones that do not offer the type.
#[cold]
fn drop_unoffered_zones(world: &mut World, launch: &Launch) -> Result<(), Refused> {
    let first = world.api.zone_order.first().copied();
    let mut zones = std::mem::take(&mut world.api.zone_order);
    zones.retain(|zone| world.is_offered(launch.kind, *zone));
    world.api.zone_order = zones;
    let is_any = !world.api.zone_order.is_empty();
    is_any.then_some(()).ok_or_else(|| Refused::launch(launch, Failure::Unsupported.into(), first))
}

/// Allocates for instances in the zone of the context until the batch is full or one is refused.
#[inline]
fn fill_zone(world: &mut World, context: &mut LaunchContext, may_open: bool) -> Result<(), Refused> {
    while (world.api.batch.len() as u32) < context.launch.max_count {
        if world.predictor.is_some() {
            ends::predict(world, context);
        }
        allocate_one(world, context, may_open)
            .map_err(|reason| Refused::launch(context.launch, reason, Some(context.request.zone)))?;
    }
    Ok(())
}

/// Undoes the allocations of the batch, the last first.
fn undo(world: &mut World, context: &LaunchContext) {
    decisions::undo_decisions(world, context);
    while let Some(allocation) = world.api.batch.pop() {
        undo_one(world, context, &allocation);
    }
}

/// Allocates capacity and addresses for one instance, and adds it to the batch.
#[inline]
fn allocate_one(world: &mut World, context: &LaunchContext, may_open: bool) -> Result<(), FailureReason> {
    let is_explained = world.recorder.decisions.is_some();
    let diagnosis = if is_explained { decisions::diagnose_launch(world, context, may_open) } else { None };
    let allocated = allocate_within_quota(world, context, may_open);
    if let Some(diagnosis) = diagnosis {
        decisions::record_launch(world, context, diagnosis, allocated);
    }
    allocated
}

#[inline]
fn allocate_within_quota(
    world: &mut World,
    context: &LaunchContext,
    may_open: bool,
) -> Result<(), FailureReason> {
    let is_claimed =
        !world.quotas.is_unlimited() && !world.hosts.is_counted(&context.request, context.criteria());
    if is_claimed {
        let claim = claim(world, context);
        quota_claims::take(world, context.now, context.account, claim)?;
    }
    let allocated = allocate_resources(world, context, may_open);
    if is_claimed && allocated.is_err() {
        let claim = claim(world, context);
        quota_claims::undo(world, context.account, claim);
    }
    allocated
}

#[inline(always)] // every launch
fn allocate_resources(
    world: &mut World,
    context: &LaunchContext,
    may_open: bool,
) -> Result<(), FailureReason> {
    let LaunchContext { now, ref request, .. } = *context;
    let usage = &mut world.billing.usage;
    let on_host = world.hosts.allocate(now, request, context.criteria(), may_open, usage)?;
    allocate_beside(world, context, on_host)
}

/// Allocates for an instance that is on a host already, and adds it to the batch. `Ok(false)` where the host has no room for
/// it.
pub fn allocate_on(
    world: &mut World,
    context: &mut LaunchContext,
    place: ResidentPlace,
) -> Result<bool, FailureReason> {
    ends::predict(world, context);
    if !world.quotas.is_unlimited() {
        let claim = claim(world, context);
        quota_claims::take(world, context.now, context.account, claim)?;
    }
    let Some(allocation) = world.hosts.allocate_on(&context.request, place) else { return Ok(false) };
    allocate_beside(world, context, PendingAllocation { allocation, undo: Undo::default() }).map(|()| true)
}

/// Allocates what an instance needs beside its host, and adds it to the batch.
#[inline(always)] // every launch
fn allocate_beside(
    world: &mut World,
    context: &LaunchContext,
    on_host: PendingAllocation,
) -> Result<(), FailureReason> {
    let (subnet, address, has_public_address) = match allocate_addresses(world, context) {
        Ok(found) => found,
        Err(reason) => {
            let books = (&mut world.billing.usage, &mut world.recorder.ledger);
            world.hosts.undo(context.now, &context.request, on_host, books);
            return Err(reason);
        }
    };
    let id = world.instances.next_id(world.api.batch.len());
    let PendingAllocation { allocation: HostAllocation { host, affinity, reservation }, undo } = on_host;
    let Request { zone, exit, .. } = context.request;
    let allocation =
        Allocation { id, host, affinity, reservation, zone, subnet, address, has_public_address, exit, undo };
    if let Some(options) = context.launch.options.as_deref() {
        attach_or_release(world, context, options, allocation)?;
    }
    world.api.batch.push(allocation);
    Ok(())
}

/// Attaches the resources that the options ask for, or releases host and addresses. The allocation is a copy, so that that
/// of a plain launch need not be in memory.
#[cold]
fn attach_or_release(
    world: &mut World,
    context: &LaunchContext,
    options: &LaunchOptions,
    allocation: Allocation,
) -> Result<(), FailureReason> {
    launch_options::attach_resources(world, context, options, &allocation).inspect_err(|_| {
        release_place(world, context, &allocation);
    })
}

/// Undoes [`allocate_one`].
#[cold]
pub fn undo_one(world: &mut World, context: &LaunchContext, allocation: &Allocation) {
    if context.launch.options.is_some() {
        launch_options::release_resources(world, context.now, context.account, allocation.id);
    }
    release_place(world, context, allocation);
    // A slot of a reservation counts as its instance did.
    if !world.quotas.is_unlimited() && allocation.reservation.is_none() {
        let claim = claim(world, context);
        quota_claims::undo(world, context.account, claim);
    }
}

/// Returns the claim of an instance of a launch on quotas.
fn claim(world: &World, context: &LaunchContext) -> Claim {
    quota_claims::claim(world.types.of(context.launch.kind), context.launch.options.as_deref())
}

/// Releases host and addresses.
#[cold]
fn release_place(world: &mut World, context: &LaunchContext, allocation: &Allocation) {
    let books = (&mut world.billing.usage, &mut world.recorder.ledger);
    let request = Request { exit: allocation.exit, ..context.request };
    world.hosts.undo(context.now, &request, allocation.on_host(), books);
    world.network.release(allocation.subnet, context.account, allocation.address, context.now);
    if allocation.has_public_address {
        world.network.unassign_public(context.now, context.account, &mut world.billing.usage);
    }
}

/// Allocates a private address in the subnet named, or in the first of the zone that has any left; and a public one where
/// the request or the subnet asks for it.
#[inline(always)] // every launch
fn allocate_addresses(
    world: &mut World,
    context: &LaunchContext,
) -> Result<(SubnetId, u32, bool), FailureReason> {
    let &LaunchContext { now, account, launch, .. } = context;
    let zone = context.request.zone;
    let (subnet, address) = allocate_private(world, now, account, launch.subnet, zone).ok_or_else(|| {
        Failure::InsufficientFreeAddressesInSubnet.because(LimitKind::SubnetAddresses, 1, 0)
    })?;
    let of_subnet =
        world.network.subnets().get(subnet.index()).is_some_and(|subnet| subnet.assign_public_address);
    let wants_public = launch.public_address.unwrap_or(of_subnet);
    if wants_public {
        let assigned = world.network.assign_public(now, account, &mut world.billing.usage);
        assigned.inspect_err(|_| world.network.release(subnet, account, address, now))?;
    }
    Ok((subnet, address, wants_public))
}

#[inline]
fn allocate_private(
    world: &mut World,
    now: Time,
    account: AccountId,
    subnet: Option<SubnetId>,
    zone: ZoneId,
) -> Option<(SubnetId, u32)> {
    if let Some(subnet) = subnet {
        return world.network.allocate(subnet, account, now).map(|address| (subnet, address));
    }
    if world.network.subnets().is_empty() {
        return Some((SubnetId(0), NO_ADDRESS));
    }
    for i in 0..world.network.subnets_of_zone(zone).len() {
        let subnet = world.network.subnets_of_zone(zone)[i];
        if let Some(address) = world.network.allocate(subnet, account, now) {
            return Some((subnet, address));
        }
    }
    None
}
