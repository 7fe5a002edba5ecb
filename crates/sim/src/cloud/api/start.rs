//! Starts of stopped instances: each is placed anew in its zone, with the private address it has kept.

use crate::cloud::allocation::allocator::ReservationCriteria;
use crate::cloud::allocation::{membership, requests};
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{interfaces, lifecycle, quota_claims};
use crate::cloud::observe::decisions;
use crate::cloud::observe::explain::Occasion;
use crate::cloud::observe::ledger::{DigestEvent, InstanceTotal};
use crate::cloud::reaction::reclaim;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::placement::request::Request;
use plimsoll_model::placement::reservations::Preference;

/// Starts a stopped instance. Where that fails it stays stopped.
pub fn start(world: &mut World, now: Time, slot: Slot) -> Result<(), FailureReason> {
    let instance = world.instances.get(slot);
    let (id, number, account) = (instance.id, instance.number, instance.account);
    let (kind, wants_public) = (instance.kind, instance.wants_public_address);
    let view = interfaces::network_view(world, slot);
    world.network.check_limits(&view)?;
    let request = requests::request_of(world, slot);
    if !world.is_offered(kind, request.zone) {
        return Err(Failure::Unsupported.into());
    }
    check_constraint(world, &request)?;
    let preference = world.instances.extras.get(slot).map_or(Preference::Open, |extras| extras.preference);
    let criteria = ReservationCriteria { kind, preference };
    // The slot of a reservation counts already.
    let claim = (!world.hosts.is_counted(&request, criteria)).then(|| quota_claims::claim_of(world, slot));
    claim.map_or(Ok(()), |claim| quota_claims::take(world, now, account, claim))?;
    let diagnosis = decisions::diagnose_instance(world, now, slot, &request);
    let taken = world.hosts.allocate(now, &request, criteria, true, &mut world.billing.usage);
    if let Some(diagnosis) = diagnosis {
        decisions::record_move(
            world,
            now,
            Occasion::Start,
            (request, criteria),
            diagnosis,
            taken.map(|taken| taken.allocation),
        );
    }
    let undo =
        |world: &mut World| claim.into_iter().for_each(|claim| quota_claims::undo(world, account, claim));
    let taken = taken.inspect_err(|reason| {
        undo(world);
        if world.reactions.is_some() && reason.failure == Failure::InsufficientInstanceCapacity {
            reclaim::reclaim_for_start(world, now, slot);
        }
    })?;
    let wants_public = wants_public && world.network.may_auto_assign(id);
    if wants_public {
        let assigned = world.network.assign_public(now, account, &mut world.billing.usage);
        assigned.inspect_err(|_| {
            world.hosts.undo(now, &request, taken, (&mut world.billing.usage, &mut world.recorder.ledger));
            undo(world);
        })?;
    }
    if let Some(extras) = world.instances.extras.get_mut(slot) {
        extras.waits_for_market = false;
    }
    if let Some(reactions) = &mut world.reactions {
        reactions.end_claims(number);
    }
    let allocation = taken.allocation;
    if !world.hosts.reservations.is_empty() {
        membership::enter(world, slot, allocation.reservation);
    }
    let host = allocation.host;
    let instance = world.instances.get_mut(slot);
    instance.host = host;
    instance.has_host = true;
    instance.has_public_address = wants_public;
    world.instances.set_affinity(slot, allocation.affinity);
    world.note_on_host(slot);
    world.recorder.ledger.instances[InstanceTotal::Stopped as usize] -= 1;
    world.recorder.ledger.digest(now, DigestEvent::Started, id, host);
    lifecycle::enter(world, now, slot, State::Pending);
    lifecycle::come_up_again(world, now, slot);
    Ok(())
}

/// Refuses what no fleet can meet, as a launch does: a cluster group that is in another zone by now, a dedicated host that takes the type no
/// more.
fn check_constraint(world: &World, request: &Request) -> Result<(), FailureReason> {
    if request.constraint.is_none() {
        return Ok(());
    }
    let groups = &world.hosts.placer.groups;
    // Cluster groups alone are bound to a zone.
    let is_elsewhere = |group| groups.bound_to(group).is_some_and(|zone| zone != request.zone);
    if request.group().is_some_and(is_elsewhere) {
        return Err(Failure::InvalidPlacementGroupInUse.into());
    }
    match world.hosts.placer.check(request, &world.hosts.fleet) {
        Err(reason) if reason.failure == Failure::Unsupported => Err(reason),
        // A host that is the account's no longer has no room for it.
        _ => Ok(()),
    }
}
