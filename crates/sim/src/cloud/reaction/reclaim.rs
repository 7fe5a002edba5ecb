//! Reclaim of spot capacity: an on-demand launch that finds no room gives running spot instances the notice of an interruption, if
//! that makes room for it.
//!
//! EC2 interrupts for capacity "when it needs it back", two minutes after its notice (EC2 user guide, "Spot Instance interruptions"
//! and "Spot Instance interruption notices", seen 2026-11-30), and does not say which instances. Assumed: those of a preemption, the
//! fewest on one host, the youngest first. The launch itself waits, tries again or is refused as it would without. It gives notice
//! once, and the room that comes free is not reckoned with for another launch until then.

use crate::cloud::instances::extras::SpotNotice;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::spot;
use crate::cloud::observe::ledger::DigestEvent;
use crate::cloud::reaction::room::{self, RoomWithout, zone_of};
use crate::cloud::reaction::state::SpotClaim;
use crate::cloud::simulation::event::Timer;
use crate::cloud::world::World;
use plimsoll_base::units::{HostId, Time, ZoneId};
use plimsoll_model::billing::{INTERRUPTION_NOTICE, Market};
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Interruption, Launch, LaunchOptions, LaunchTenancy};

/// Gives spot instances notice for so many instances of a launch that finds no room, unless it has done so already.
pub fn reclaim(world: &mut World, now: Time, asked: &Launch, instances: u32) {
    let reactions = world.reactions_mut();
    if !reactions.rules.reclaims_spot || !may_reclaim(asked.options.as_deref()) {
        return;
    }
    reactions.claims.retain(|claim| claim.due >= now);
    if reactions.claims.iter().any(|claim| claim.launch == asked.first_instance) {
        return;
    }
    world.learn_type(asked.kind);
    for _ in 0..instances {
        let Some(Reclaimed { host, victims, .. }) = victims(world, now, asked) else { return };
        for slot in victims {
            give_notice(world, now, slot);
        }
        let leaves = noticed_on(world, now, host).filter_map(|slot| leaves_at(world, now, slot)).max();
        let claim = SpotClaim {
            launch: asked.first_instance,
            host,
            kind: asked.kind,
            due: leaves.expect("room comes free where an instance leaves"),
        };
        world.reactions_mut().claims.push(claim);
    }
}

/// Returns whether a launch with these options is on demand and goes to any host.
fn may_reclaim(options: Option<&LaunchOptions>) -> bool {
    options.is_none_or(|options| {
        options.spot.is_none()
            && options.group.is_none()
            && options.reservation.is_none()
            && options.tenancy == LaunchTenancy::Shared
    })
}

/// Instances of a host to interrupt for an instance of a launch.
struct Reclaimed {
    host: HostId,
    /// The oldest first; none where enough of them have notice already.
    victims: Vec<Slot>,
    /// True if room only comes free once instances leave that have notice already.
    comes_free: bool,
}

/// Returns the host with the fewest instances to interrupt for an instance of a launch, and these; `None` where there is none, or
/// room without.
fn victims(world: &World, now: Time, asked: &Launch) -> Option<Reclaimed> {
    let zone = zone_of(world, asked);
    let zones = world.hosts.fleet.zones();
    let zones = (0..zones.len()).filter(|i| zone.is_none_or(|zone| zone == ZoneId(*i as u16)));
    let hosts = zones.flat_map(|zone| world.hosts.fleet.zones()[zone].hosts.clone()).map(HostId);
    let of_hosts = hosts.filter_map(|host| victims_on(world, now, asked, host));
    let best = of_hosts.min_by_key(|reclaimed| {
        (reclaimed.comes_free, room::order_of_victims(world, reclaimed.host, &reclaimed.victims))
    })?;
    best.comes_free.then_some(best)
}

fn victims_on(world: &World, now: Time, asked: &Launch, host: HostId) -> Option<Reclaimed> {
    let mut room = RoomWithout::on(world, asked, host)?;
    let claims = &world.reactions.as_ref().expect("demand reacts").claims;
    for claim in claims.iter().filter(|claim| claim.host == host) {
        room.claim(claim.kind);
    }
    if room.fits() {
        return Some(Reclaimed { host, victims: Vec::new(), comes_free: false });
    }
    noticed_on(world, now, host).for_each(|slot| room.remove(slot));
    let victims = room::victims_on(world, &mut room, host, |slot| may_be_interrupted(world, now, slot))?;
    Some(Reclaimed { host, victims, comes_free: true })
}

/// Returns the instances of a host that have notice.
fn noticed_on(world: &World, now: Time, host: HostId) -> impl Iterator<Item = Slot> {
    let by_host = world.by_host.as_ref().expect("instances by host are kept for reclaiming");
    by_host.on(host).into_iter().filter(move |slot| leaves_at(world, now, *slot).is_some())
}

/// Returns the time at which an instance that has notice leaves its host.
pub fn leaves_at(world: &World, now: Time, slot: Slot) -> Option<Time> {
    let notice = world.instances.extras.get(slot)?.reclaimed?;
    (notice.leaves >= now).then_some(notice.leaves)
}

fn may_be_interrupted(world: &World, now: Time, slot: Slot) -> bool {
    let instance = world.instances.get(slot);
    let is_noticed =
        world.reactions.as_ref().is_some_and(|reactions| reactions.noticed.contains(&instance.id));
    instance.state == State::Running
        && spot::market_of(world, slot) == Market::Spot
        && leaves_at(world, now, slot).is_none()
        && !is_noticed
}

fn give_notice(world: &mut World, now: Time, slot: Slot) {
    let options = world.instances.extras.get(slot).and_then(|extras| extras.options.as_ref());
    let interruption = options.map_or(Interruption::Terminate, |options| options.interruption());
    let instance = world.instances.get(slot);
    let timers = &world.timers;
    let step = if interruption == Interruption::Terminate { &timers.terminate } else { &timers.stop };
    let at = now.after(INTERRUPTION_NOTICE);
    let leaves = at.after(timers.time_of(step, instance.number, instance.cycle));
    world.recorder.ledger.digest(now, DigestEvent::SpotNotice, instance.id, instance.host);
    world.instances.extras_mut(slot).reclaimed = Some(SpotNotice { at, leaves });
    world.set_timer(at, Timer::Interrupted, slot);
}
