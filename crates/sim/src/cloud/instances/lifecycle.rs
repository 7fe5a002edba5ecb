//! Lifecycle of an instance after its launch: booting, stopping, ending, and the resources that each step releases.

use crate::cloud::allocation::{membership, requests};
use crate::cloud::instances::reference::{Reference, Slot};
use crate::cloud::instances::table::Instance;
use crate::cloud::instances::{metering, quota_claims, spot, teardown};
use crate::cloud::observe::instance_rows;
use crate::cloud::observe::ledger::{DigestEvent, InstanceTotal, NO_HOST};
use crate::cloud::observe::log::log_decision;
use crate::cloud::simulation::event::Timer;
use crate::cloud::simulation::timers::LifeStep;
use crate::cloud::world::World;
use plimsoll_base::units::{Duration, Time, TypeId};
use plimsoll_model::control_plane::plane::jobs::{BringUp, ImageSize};
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;

/// Boots a pending instance that has a host.
#[inline]
pub fn boot(world: &mut World, now: Time, slot: Slot) {
    match world.timers.boot {
        LifeStep::Instant => booted(world, now, slot),
        LifeStep::Fixed(lane, _) => world.set_lane_timer(lane, now, Timer::Booted, slot),
        LifeStep::Drawn(..) => begin_drawn(world, now, Timer::Booted, slot),
    }
}

/// Begins a step whose time is drawn.
#[cold]
fn begin_drawn(world: &mut World, now: Time, timer: Timer, slot: Slot) {
    let step = match timer {
        Timer::Booted => &world.timers.boot,
        Timer::Stopped => &world.timers.stop,
        _ => &world.timers.terminate,
    };
    let instance = world.instances.get(slot);
    let time = world.timers.time_of(step, instance.number, instance.cycle);
    world.set_timer(now.after(time), timer, slot);
}

/// Returns the time that an instance takes to boot.
#[inline]
pub fn boot_time(world: &World, slot: Slot) -> Duration {
    let instance = world.instances.get(slot);
    world.timers.time_of(&world.timers.boot, instance.number, instance.cycle)
}

#[inline]
pub fn booted(world: &mut World, now: Time, slot: Slot) {
    let instance = world.instances.get_mut(slot);
    let (called, kind, stops) = (instance.since, instance.kind, instance.stops);
    let has_extras = instance.has_extras;
    let operation = if instance.cycle == 0 { Operation::Launch } else { Operation::Start };
    enter(world, now, slot, State::Running);
    if !(has_extras && has_recovered(world, slot)) {
        world.recorder.ledger.record_latency(operation, now.since(called));
    }
    start_counting(world, kind);
    world.recorder.ledger.note_instances();
    if has_extras {
        spot::watch_price(world, now, slot);
    }
    if let Some(stops) = stops {
        let instance = world.instances.get(slot);
        let run_time = world.demand.run_time(stops, instance.number, instance.cycle);
        world.set_timer(now.after(run_time), Timer::StopDue, slot);
    }
}

/// Returns true once for an instance that came up again because its host failed.
#[cold]
fn has_recovered(world: &mut World, slot: Slot) -> bool {
    world.instances.extras.get_mut(slot).is_some_and(|extras| std::mem::take(&mut extras.recovers))
}

/// Ends the billed time of a running instance.
#[inline]
pub fn leave_running(world: &mut World, now: Time, slot: Slot) {
    let since = world.instances.get(slot).since;
    metering::bill(world, since, now, slot);
    world.instances.get_mut(slot).past_minimum = false;
    stop_counting(world, slot);
}

/// Counts an instance of a type as running.
#[inline]
pub fn start_counting(world: &mut World, kind: TypeId) {
    let kind = world.types.known[kind.index()].as_mut().expect("the type of an instance was asked for");
    kind.running += 1;
    world.recorder.ledger.accrual.add(kind.pico_usd_per_hour);
    world.recorder.ledger.instances[InstanceTotal::Running as usize] += 1;
}

/// Counts an instance as no longer running.
#[inline]
pub fn stop_counting(world: &mut World, slot: Slot) {
    let kind = world.instances.get(slot).kind;
    let kind = world.types.known[kind.index()].as_mut().expect("the type of an instance was asked for");
    kind.running = kind.running.checked_sub(1).expect("what stops was running");
    world.recorder.ledger.accrual.remove(kind.pico_usd_per_hour);
    world.recorder.ledger.instances[InstanceTotal::Running as usize] -= 1;
}

/// Stops a running instance.
pub fn stop(world: &mut World, now: Time, slot: Slot, hibernates: bool) {
    if hibernates {
        world.instances.extras_mut(slot).hibernates_since = Some(world.instances.get(slot).since);
        stop_counting(world, slot);
    } else {
        leave_running(world, now, slot);
    }
    enter(world, now, slot, State::Stopping);
    match world.timers.stop {
        LifeStep::Instant => stopped(world, now, slot),
        LifeStep::Fixed(lane, _) => world.set_lane_timer(lane, now, Timer::Stopped, slot),
        LifeStep::Drawn(..) => begin_drawn(world, now, Timer::Stopped, slot),
    }
}

/// Bills an instance that hibernates until it is off: EC2 bills "when the instance is in the `stopping`
/// state while it is hibernating" (EC2 user guide, "Hibernate your instance").
#[cold]
fn end_hibernation(world: &mut World, now: Time, slot: Slot) {
    let since = world.instances.extras.get_mut(slot).and_then(|extras| extras.hibernates_since.take());
    if let Some(since) = since {
        metering::bill(world, since, now, slot);
        world.instances.get_mut(slot).past_minimum = false;
    }
}

/// Completes stopping: releases host and public address.
pub fn stopped(world: &mut World, now: Time, slot: Slot) {
    let called = world.instances.get(slot).since;
    end_hibernation(world, now, slot);
    release_running_resources(world, now, slot);
    enter(world, now, slot, State::Stopped);
    world.recorder.ledger.record_latency(Operation::Stop, now.since(called));
    world.recorder.ledger.instances[InstanceTotal::Stopped as usize] += 1;
    let instance = world.instances.get_mut(slot);
    let (id, number, cycle) = (instance.id, instance.number, instance.cycle);
    instance.cycle += 1;
    if let Some(stops) = instance.stops {
        let stopped_time = world.demand.stopped_time(stops, number, cycle);
        world.set_timer(now.after(stopped_time), Timer::StartDue, slot);
    }
    world.recorder.ledger.digest(now, DigestEvent::Stopped, id, NO_HOST);
    if world.instances.get(slot).has_extras {
        spot::wait_for_market(world, now, slot);
    }
}

/// Stops a resident that is stopped when the run begins, unseen by every count. It starts at `start_at`.
pub fn stop_resident(world: &mut World, slot: Slot, start_at: Time) {
    leave_running(world, Time::ZERO, slot);
    release_running_resources(world, Time::ZERO, slot);
    enter(world, Time::ZERO, slot, State::Stopped);
    world.recorder.ledger.instances[InstanceTotal::Stopped as usize] += 1;
    world.instances.get_mut(slot).cycle += 1;
    world.set_timer(start_at, Timer::StartDue, slot);
}

/// Terminates an instance at the end of its lifetime, unless a call has done so already.
#[inline]
pub fn lifetime_over(world: &mut World, now: Time, slot: Slot) {
    if !matches!(world.instances.get(slot).state, State::ShuttingDown | State::Terminated) {
        world.recorder.ledger.count_call(Operation::Terminate, None);
        terminate(world, now, slot);
    }
}

/// Terminates an instance in any state.
#[inline]
pub fn terminate(world: &mut World, now: Time, slot: Slot) {
    match world.instances.get(slot).state {
        State::Running => leave_running(world, now, slot),
        State::Stopping => end_hibernation(world, now, slot),
        State::Stopped => world.recorder.ledger.instances[InstanceTotal::Stopped as usize] -= 1,
        _ => {}
    }
    enter(world, now, slot, State::ShuttingDown);
    match world.timers.terminate {
        LifeStep::Instant => terminated(world, now, slot),
        LifeStep::Fixed(lane, _) => world.set_lane_timer(lane, now, Timer::Terminated, slot),
        LifeStep::Drawn(..) => begin_drawn(world, now, Timer::Terminated, slot),
    }
}

#[inline]
pub fn terminated(world: &mut World, now: Time, slot: Slot) {
    let instance = world.instances.get(slot);
    let (called, id, host) = (instance.since, instance.id, instance.host);
    let (subnet, account, address) = (instance.subnet, instance.account, instance.address);
    let has_extras = instance.has_extras;
    release_running_resources(world, now, slot);
    world.network.release(subnet, account, address, now);
    enter(world, now, slot, State::Terminated);
    world.recorder.ledger.record_latency(Operation::Terminate, now.since(called));
    world.recorder.ledger.lifecycle_events += 1;
    world.recorder.ledger.digest(now, DigestEvent::Terminated, id, host);
    if has_extras {
        teardown::release_extras(world, now, slot);
    }
    world.instances.ended(slot);
}

/// Releases the resources that an instance holds only while it is not stopped: its host, its public address.
#[inline]
fn release_running_resources(world: &mut World, now: Time, slot: Slot) {
    let instance = world.instances.get_mut(slot);
    if std::mem::take(&mut instance.has_public_address) {
        world.network.unassign_public(now, instance.account, &mut world.billing.usage);
    }
    if std::mem::take(&mut instance.has_host) {
        world.note_off_host(slot);
        let (request, allocation) = (requests::request_of(world, slot), requests::allocation_of(world, slot));
        if !world.hosts.reservations.is_empty() {
            membership::leave(world, slot);
        }
        let is_kept = membership::release(world, now, &request, allocation);
        if !world.quotas.is_unlimited() && !is_kept {
            quota_claims::give(world, now, slot);
        }
    }
}

/// Moves an instance to a state. Timers of the state it leaves become void.
#[inline]
pub fn enter(world: &mut World, now: Time, slot: Slot, state: State) {
    if world.recorder.rows.is_some() {
        instance_rows::record_transition(world, now, slot, state);
    }
    let since = time_of_entry(world, now, slot, state);
    let instance = world.instances.get_mut(slot);
    log_decision!(
        "plimsoll::instance",
        now,
        instance = instance.id.0,
        host = instance.host.0,
        state = state.name()
    );
    instance.state = state;
    instance.since = since;
    if let Some(reactions) = &mut world.reactions {
        let Instance { id, account, .. } = *instance;
        reactions.note_state(Reference { slot, id, account }, state);
    }
    instance.stamp = instance.stamp.checked_add(1).unwrap_or_else(|| {
        // Beginning again is safe unless a timer from 65,536 states ago is still there. Beside the
        // one of its lifetime, whose stamp does not matter, an instance at rest has none.
        assert!(instance.timers <= 2, "an instance has had too many states with timers pending");
        0
    });
}

/// Boots a stopped or recovered instance that has a host again from the volumes that it has.
pub fn come_up_again(world: &mut World, now: Time, slot: Slot) {
    note_allocation(world, slot);
    match world.control {
        None => boot(world, now, slot),
        Some(_) => bring_up(world, now, slot, None, None),
    }
}

/// Begins to bring an instance up. One that was launched brings its image, and its lifetime where that is drawn.
pub fn bring_up(
    world: &mut World,
    now: Time,
    slot: Slot,
    image: Option<ImageSize>,
    lifetime: Option<Duration>,
) {
    let instance = world.instances.get_mut(slot);
    instance.timers = instance.timers.checked_add(1).expect("an instance has 65,536 timers pending");
    let (stamp, host) = (instance.stamp, instance.host);
    let boot = boot_time(world, slot);
    let rack = world.hosts.fleet.rack_of(host).0;
    let bring_up = BringUp { slot: slot.0, stamp, host, rack, image, boot, lifetime };
    if let Some(instance) = world.control_mut().plane.bring_up(now, bring_up) {
        come_up(world, now, instance);
    }
}

/// Sets an instance that has come up running, unless it is in another state by now.
pub fn come_up(world: &mut World, now: Time, BringUp { slot, stamp, lifetime, .. }: BringUp) {
    let slot = Slot(slot);
    let instance = world.instances.get(slot);
    let (state, is_awaited) = (instance.state, instance.stamp == stamp);
    if state == State::Pending && is_awaited {
        booted(world, now, slot);
    }
    match lifetime.filter(|_| !matches!(state, State::ShuttingDown | State::Terminated)) {
        Some(Duration::ZERO) => lifetime_over(world, now, slot),
        Some(lifetime) => world.set_lifetime(now.after(lifetime), slot),
        None => {}
    }
    world.instances.timer_gone(slot);
}

/// Notes the peaks after an allocation is final, even for an instance that ends at once.
#[inline]
pub fn note_allocation(world: &mut World, slot: Slot) {
    if world.hosts_vary() {
        world.note_hosts();
    } else {
        world.recorder.ledger.note_fleet_used(world.hosts.fleet.totals());
    }
    let instance = world.instances.get(slot);
    world.network.note(instance.subnet, instance.has_public_address);
}

/// Returns the time since which an instance is in the state that it enters now: a transitional state counts from
/// the call. Notifies the control plane that the record changes.
#[inline(always)] // every state of every instance; without a control plane that is nothing
pub fn time_of_entry(world: &mut World, now: Time, slot: Slot, state: State) -> Time {
    if world.control.is_none() { now } else { record_entry(world, now, slot, state) }
}

#[inline(never)]
fn record_entry(world: &mut World, now: Time, slot: Slot, state: State) -> Time {
    let call_age = world.recorder.call_age;
    let control = world.control.as_mut().expect("there is a control plane");
    let instance = world.instances.get(slot);
    control.plane.record_changed(now, slot.0, instance.id.0, instance.account);
    match state {
        State::Pending | State::Stopping | State::ShuttingDown => Time(now.0 - call_age.0),
        State::Running | State::Stopped | State::Terminated => now,
    }
}
