//! Preemption: a launch that finds no room takes that of running instances of lower priority.
//!
//! On each host its instances of lower priority are taken, the youngest first, until there is room, and those that turn out
//! not to be needed are spared, the oldest first. The host with the fewest victims is taken; of several the one whose oldest
//! victim is youngest, then the lowest ([`room`]). A launch of several instances, or with options, preempts none, and gives notice to no
//! others while some of its victims are still there.

use std::sync::Arc;

use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::{Reference, Slot};
use crate::cloud::observe::ledger::{DigestEvent, NO_HOST};
use crate::cloud::reaction::open_launch::OpenLaunch;
use crate::cloud::reaction::room::{self, RoomWithout};
use crate::cloud::simulation::event::{Event, LaunchTimer, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{Duration, HostId, InstanceId, Time, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::waiting::config::Preempted;
use plimsoll_model::workload::call::{End, Launch, LaunchOptions};

/// Gives notice to instances of lower priority in these zones, if that makes room for a launch. Returns whether room may be
/// there already.
pub fn preempt(world: &mut World, now: Time, number: u32, asked: &Launch, zones: &[ZoneId]) -> bool {
    let reactions = world.reactions.as_ref().expect("demand reacts");
    let open = &reactions.open[&number];
    let policy = reactions.policies.of(open.first.sender);
    let Some(notice) = policy.preemption_notice else { return false };
    let are_there = open.victims.iter().any(|victim| is_there(world, *victim));
    if are_there || asked.options.is_some() || asked.max_count != 1 {
        return false;
    }
    let Some(victims) = victims(world, asked, policy.priority, zones) else { return false };
    let victims: Vec<Reference> = victims.into_iter().map(|slot| world.instances.reference(slot)).collect();
    let reactions = world.reactions_mut();
    reactions.noticed.extend(victims.iter().map(|victim| victim.id));
    reactions.open.get_mut(&number).expect("the launch is open").victims = victims;
    if notice > Duration::ZERO {
        let event = Event::OpenLaunch(LaunchTimer::PreemptionDue, number);
        world.timers.queue.push(now.after(notice), Rank::Timer as u8, event);
        return false;
    }
    end_victims(world, now, number);
    true
}

/// Returns whether an instance still has its host.
fn is_there(world: &World, victim: Reference) -> bool {
    let instance = world.instances.get(victim.slot);
    instance.id == victim.id && instance.has_host
}

/// Returns the instances to take for a launch of a priority, the oldest first.
fn victims(world: &World, asked: &Launch, priority: i32, zones: &[ZoneId]) -> Option<Vec<Slot>> {
    let hosts = zones.iter().flat_map(|zone| world.hosts.fleet.zones()[zone.index()].hosts.clone());
    let of_hosts = hosts.map(HostId).filter_map(|host| {
        let mut room = RoomWithout::on(world, asked, host)?;
        let victims = room::victims_on(world, &mut room, host, |slot| may_be_taken(world, slot, priority))?;
        (!victims.is_empty()).then_some((host, victims))
    });
    let best = of_hosts.min_by_key(|(host, victims)| room::order_of_victims(world, *host, victims));
    best.map(|(_, victims)| victims)
}

/// Returns whether a launch of a priority may take the room of an instance.
fn may_be_taken(world: &World, slot: Slot, priority: i32) -> bool {
    let (instance, reactions) = (world.instances.get(slot), world.reactions.as_ref().expect("demand reacts"));
    let holds_reservation =
        world.instances.extras.get(slot).is_some_and(|extras| extras.reservation.is_some());
    instance.state == State::Running
        && reactions.facts(slot).priority < priority
        && !reactions.noticed.contains(&instance.id)
        && !holds_reservation
}

/// Ends the victims of a launch that still run.
pub fn end_victims(world: &mut World, now: Time, number: u32) {
    let victims = world.reactions_mut().open[&number].victims.clone();
    for victim in victims {
        world.reactions_mut().noticed.remove(&victim.id);
        if instance_is_running(world, victim) {
            end_victim(world, now, victim.slot);
        }
    }
    world.reactions_mut().may_serve = true;
}

fn instance_is_running(world: &World, victim: Reference) -> bool {
    let instance = world.instances.get(victim.slot);
    instance.id == victim.id && instance.state == State::Running
}

/// Ends an instance whose room is taken; its launch may wait for other room.
fn end_victim(world: &mut World, now: Time, slot: Slot) {
    let instance = world.instances.get(slot);
    world.recorder.ledger.digest(now, DigestEvent::Preempted, instance.id, instance.host);
    let rules = world.reactions_mut().rules;
    world.reactions_mut().count(|tally| tally.preempted += 1);
    // A pool or a group replaces what it loses by itself.
    let is_owned = world.reactions_mut().facts(slot).sender.has_owner();
    if rules.preempted == Preempted::Requeue && !rules.when_full.is_refuse() && !is_owned {
        requeue(world, now, slot);
    }
    lifecycle::terminate(world, now, slot);
}

/// Lets the launch of an instance wait again, before all others of its priority, for the rest of its lifetime.
fn requeue(world: &mut World, now: Time, slot: Slot) {
    let (facts, instance) = (world.reactions_mut().facts(slot), world.instances.get(slot).clone());
    let (end, lifetimes): (End, Box<[Duration]>) = match facts.end {
        Time::NEVER => (End::Never, Box::default()),
        end => (End::Drawn, [end.since(now)].into()),
    };
    let options = world.instances.extras.get(slot).and_then(|extras| extras.options.clone());
    // The token stands for the instances that were launched first.
    let options = options.map(|options| match options.token {
        None => options,
        Some(_) => Arc::new(LaunchOptions { token: None, ..LaunchOptions::clone(&options) }),
    });
    let has_subnets = !world.network.subnets().is_empty();
    let launch = Launch {
        kind: instance.kind,
        min_count: 1,
        max_count: 1,
        zone: Some(instance.zone),
        subnet: has_subnets.then_some(instance.subnet),
        public_address: Some(instance.wants_public_address),
        handle: None,
        end,
        options,
        stops: instance.stops,
        sender: facts.sender,
        first_instance: instance.number,
    };
    let first = InstanceId(launch.first_instance);
    let mut open = OpenLaunch::new(now, now, instance.account, launch, lifetimes);
    open.is_requeued = true;
    let reason = Failure::InsufficientInstanceCapacity.into();
    let reactions = world.reactions_mut();
    let number = reactions.add(open);
    reactions.join_line(now, number, Some(instance.zone), reason);
    world.recorder.ledger.digest(now, DigestEvent::LaunchWaits, first, NO_HOST);
}
