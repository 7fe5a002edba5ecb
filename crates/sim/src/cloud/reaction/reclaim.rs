//! Reclaim of spot capacity: an on-demand launch or start that finds no room gives running spot instances the notice of an interruption,
//! if that makes room for it.
//!
//! EC2 interrupts for capacity "when it needs it back", two minutes after its notice (EC2 user guide, "Spot Instance interruptions"
//! and "Spot Instance interruption notices", seen 2026-11-30), and does not say which instances. Assumed: for each instance of the launch
//! those of a preemption, the fewest on one host, the youngest first. A launch of several counts on the room that is free as well, and
//! interrupts none if the room would not do for the least that it asks for. It waits, tries again or is refused as it would without. It gives
//! notice once, and the room that is free or comes free for it is not reckoned with for another until then.

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
use plimsoll_model::workload::call::{End, Interruption, Launch, LaunchOptions, LaunchTenancy, Sender};

/// Gives spot instances notice for a launch that finds no room, unless it has done so already.
pub fn reclaim(world: &mut World, now: Time, asked: &Launch) {
    let reactions = world.reactions_mut();
    if !reactions.rules.reclaims_spot || !may_reclaim(asked.options.as_deref()) {
        return;
    }
    reactions.claims.retain(|claim| claim.due >= now);
    if reactions.claims.iter().any(|claim| claim.launch == asked.first_instance) {
        return;
    }
    world.learn_type(asked.kind);
    let plan = ReclaimPlan::of(world, now, asked);
    let has_enough = plan.hosts.len() >= asked.min_count as usize;
    if !has_enough || !plan.comes_free {
        return;
    }
    for slot in plan.victims {
        give_notice(world, now, slot);
    }
    let leave = plan.hosts.iter().flat_map(|host| noticed_on(world, now, *host));
    let due = leave.filter_map(|slot| leaves_at(world, now, slot)).max();
    let due = due.expect("room comes free where an instance leaves");
    let (launch, kind) = (asked.first_instance, asked.kind);
    let claims = plan.hosts.into_iter().map(|host| SpotClaim { launch, host, kind, due });
    world.reactions_mut().claims.extend(claims);
}

/// Gives spot instances notice for the start of a stopped instance that finds no room.
pub fn reclaim_for_start(world: &mut World, now: Time, slot: Slot) {
    let (instance, extras) = (world.instances.get(slot), world.instances.extras.get(slot));
    let asked = Launch {
        kind: instance.kind,
        min_count: 1,
        max_count: 1,
        zone: Some(instance.zone),
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: extras.and_then(|extras| extras.options.clone()),
        stops: None,
        sender: Sender::default(),
        first_instance: instance.number,
    };
    reclaim(world, now, &asked);
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

/// Hosts for the instances of a launch, and what is to be interrupted on them.
#[derive(Default)]
struct ReclaimPlan {
    /// Host of each instance, as far as there is one.
    hosts: Vec<HostId>,
    victims: Vec<Slot>,
    /// True if some of the room only comes free once instances leave.
    comes_free: bool,
}

/// Instances of a host to interrupt for an instance of a launch.
struct Reclaimed {
    host: HostId,
    /// The oldest first; none where enough of them have notice already.
    victims: Vec<Slot>,
    /// True if room only comes free once instances leave that have notice.
    comes_free: bool,
}

impl ReclaimPlan {
    /// Plans for one instance of a launch after the other, each with what those before it take and set free.
    fn of(world: &World, now: Time, asked: &Launch) -> ReclaimPlan {
        let mut plan = ReclaimPlan::default();
        for _ in 0..asked.max_count {
            let Some(Reclaimed { host, victims, comes_free }) = plan.next(world, now, asked) else { break };
            plan.hosts.push(host);
            plan.victims.extend(victims);
            plan.comes_free |= comes_free;
        }
        plan
    }

    /// Returns a host with room for another instance, or the one with the fewest instances to interrupt, and these; `None` where there is
    /// none.
    fn next(&self, world: &World, now: Time, asked: &Launch) -> Option<Reclaimed> {
        let zone = zone_of(world, asked);
        let zones = world.hosts.fleet.zones();
        let zones = (0..zones.len()).filter(|i| zone.is_none_or(|zone| zone == ZoneId(*i as u16)));
        let hosts = zones.flat_map(|zone| world.hosts.fleet.zones()[zone].hosts.clone()).map(HostId);
        let of_hosts = hosts.filter_map(|host| self.on_host(world, now, asked, host));
        of_hosts.min_by_key(|reclaimed| {
            (reclaimed.comes_free, room::order_of_victims(world, reclaimed.host, &reclaimed.victims))
        })
    }

    fn on_host(&self, world: &World, now: Time, asked: &Launch, host: HostId) -> Option<Reclaimed> {
        let mut room = RoomWithout::on(world, asked, host)?;
        let claims = &world.reactions.as_ref().expect("demand reacts").claims;
        let claimed = claims.iter().filter(|claim| claim.host == host).map(|claim| claim.kind);
        let own = self.hosts.iter().filter(|of| **of == host).map(|_| asked.kind);
        claimed.chain(own).for_each(|kind| room.claim(kind));
        let planned = |slot: &Slot| self.victims.contains(slot);
        self.victims
            .iter()
            .filter(|slot| world.instances.get(**slot).host == host)
            .for_each(|slot| room.remove(*slot));
        if room.fits() {
            let comes_free = self.victims.iter().any(|slot| world.instances.get(*slot).host == host);
            return Some(Reclaimed { host, victims: Vec::new(), comes_free });
        }
        noticed_on(world, now, host).for_each(|slot| room.remove(slot));
        let victims = room::victims_on(world, &mut room, host, |slot| {
            !planned(&slot) && may_be_interrupted(world, now, slot)
        })?;
        Some(Reclaimed { host, victims, comes_free: true })
    }
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
    if world.reactions_mut().heeds_recommendations(slot) {
        spot::on_recommendation(world, slot);
    }
}
