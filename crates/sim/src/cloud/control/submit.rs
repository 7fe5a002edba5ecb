//! Submission of calls to the control plane, and the effects that it decides.

use crate::cloud::api::client_answers::CallNumber;
use crate::cloud::api::refused::Refused;
use crate::cloud::api::{client_calls, describe, dispatch};
use crate::cloud::control::{EffectOutcome, LaunchInEffect, launching, polling, prefetch, profile};
use crate::cloud::instances::lifecycle;
use crate::cloud::reaction::attempts;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::control_plane::job::JobId;
use plimsoll_model::control_plane::plane::requests::RequestId;
use plimsoll_model::control_plane::plane::{Effect, PlaneTimer};
use plimsoll_model::workload::call::{Action, Call, End, Launch, Sender};

/// Opens the control plane at the start of a run.
pub fn open(world: &mut World) {
    if let Some(control) = &mut world.control {
        control.plane.open();
        work(world, Time::ZERO);
    }
}

/// Submits a call to the control plane.
#[inline]
pub fn submit(world: &mut World, now: Time, call: Call) {
    if call.action.is_traffic() {
        // A packet between instances is no request to the API.
        world.advance_ledger(now);
        return dispatch::call(world, now, &call);
    }
    let profile = profile::profile(world, &call);
    launching::note_launching(world, &call);
    let lifetimes = match &call.action {
        // An open launch has its own already.
        Action::Launch(Launch { sender: Sender::Open(_), .. }) => Box::default(),
        Action::Launch(launch) if launch.end == End::Drawn => world.demand.lifetimes().into(),
        _ => Box::default(),
    };
    world.control_mut().plane.submit(now, call, lifetimes, profile);
    work(world, now);
}

/// Submits the polls of waiters that are due. Returns whether there were any.
fn poll(world: &mut World, now: Time) -> bool {
    let mut has_polled = false;
    while let Some(call) = world.control_mut().waiters.as_mut().and_then(|waiters| waiters.next_poll(now)) {
        let profile = profile::profile(world, &call);
        world.control_mut().plane.submit(now, call, Box::default(), profile);
        has_polled = true;
    }
    has_polled
}

/// Submits a call of a client from outside. [`work`] is to follow.
pub fn submit_of_client(world: &mut World, now: Time, call: Call, number: CallNumber) {
    let profile = profile::profile(world, &call);
    launching::note_launching(world, &call);
    let request = world.control_mut().plane.submit_once(now, call, profile);
    world.clients.as_mut().expect("a client calls").note(request, number);
}

/// Handles a timer of the control plane.
#[inline]
pub fn on_timer(world: &mut World, now: Time, timer: PlaneTimer, number: u32) {
    world.control_mut().plane.fire(now, timer, number);
}

/// Carries out the effects of the control plane until there are none, and sets its timers.
#[inline]
pub fn work(world: &mut World, now: Time) {
    let rows = world.instances.alive();
    let control = world.control_mut();
    control.worked = now;
    control.plane.note_instance_count(rows);
    loop {
        while let Some(effect) = world.control_mut().plane.next(now) {
            match effect {
                Effect::Commit(job, request) => act(world, now, job, request),
                Effect::Refuse(request, failure) => refuse_for_good(world, now, request, failure),
                Effect::Finish(job) => {
                    let instance = world.control_mut().plane.came_up(job);
                    world.advance_ledger(now);
                    lifecycle::come_up(world, now, instance);
                }
            }
        }
        if !poll(world, now) {
            break;
        }
    }
    while let Some((at, timer, number)) = world.control_mut().plane.next_timer() {
        if world.timers.is_imminent(at) {
            prefetch::prefetch_for_timer(world, timer, number);
        }
        world.timers.queue.push(at, Rank::Timer as u8, Event::Control(timer, number));
    }
}

/// Lets a call take effect, unless its instances are not yet launched.
#[inline(never)] // most events of the plane carry out no effect, and need not prepare for one
fn act(world: &mut World, now: Time, job: JobId, request: RequestId) {
    let (call, lifetimes) = world.control_mut().plane.take_call(request);
    if launching::is_early(world, &call) {
        return world.control_mut().plane.postpone(now, job, request, call);
    }
    if let Action::Describe(query) = &call.action
        && query.page_size.is_some()
        && !client_calls::is_of_client(world, request) // It asks for the next page itself.
        && u64::from(world.control_mut().plane.pages_before(request)) + 1
            < describe::pages_of(world, call.account, query)
    {
        return world.control_mut().plane.turn_page(now, job, request, call);
    }
    launching::note_launched(world, &call);
    if !matches!(call.action, Action::Describe(_)) {
        world.advance_ledger(now);
    }
    world.recorder.call_age = now.since(call.at);
    world.api.delayed_lifetimes = Some(lifetimes);
    let learns =
        matches!(call.action, Action::Launch(_)) && world.control_mut().plane.learns_of_refusal(request);
    let in_effect = LaunchInEffect { request, outcome: EffectOutcome::Succeeded };
    world.control_mut().taking_effect = learns.then_some(in_effect);
    match client_calls::settled(world, request) {
        None => dispatch::call(world, now, &call),
        Some(number) => client_calls::take_effect(world, now, number, &call),
    }
    world.recorder.call_age = Duration::ZERO;
    if let Some(number) = polling::of_call(&call) {
        polling::answered(world, now, number);
    }
    if let Some(in_effect) = world.control_mut().taking_effect.take() {
        end_effect(world, now, in_effect, call);
    }
    world.control_mut().plane.committed(now, job);
}

/// Ends a launch of a client of an SDK that has taken effect, or goes back to its client for another attempt.
fn end_effect(world: &mut World, now: Time, in_effect: LaunchInEffect, mut call: Call) {
    let LaunchInEffect { request, outcome } = in_effect;
    match outcome {
        EffectOutcome::Succeeded => {
            world.control_mut().plane.launch_took_effect(now, request, None);
        }
        EffectOutcome::Refused => {}
        EffectOutcome::TriedAgain(number) => {
            let Action::Launch(launch) = &mut call.action else {
                unreachable!("only launches are tried again")
            };
            launch.sender = Sender::Open(number);
            launching::note_launching(world, &call);
            world.control_mut().plane.give_back(request, call);
        }
    }
}

/// Refuses a call that never takes effect.
#[cold]
fn refuse_for_good(world: &mut World, now: Time, request: RequestId, failure: Failure) {
    let (call, lifetimes) = world.control_mut().plane.take_call(request);
    world.control_mut().plane.refusal_told(request);
    launching::note_launched(world, &call);
    if let Some(number) = polling::of_call(&call) {
        polling::refused(world, now, number);
    }
    if let Some(number) = client_calls::settled(world, request) {
        client_calls::refuse(world, now, number, failure);
    }
    if let (Action::Launch(launch), Some(_)) = (&call.action, &world.reactions)
        && launch.sender != Sender::Client
    {
        world.advance_ledger(now);
        return attempts::refused_on_the_way(world, now, &call, launch, lifetimes, failure);
    }
    let operation = call.action.operation();
    world.recorder.ledger.count_call(operation, Some(failure));
    let (mut refused, mut count) = (Refused::outright(failure), 1);
    if let Action::Launch(launch) = &call.action {
        (refused.kind, refused.zone, count) = (Some(launch.kind), launch.zone, launch.max_count);
        world.recorder.ledger.count_launch(count, Some(failure), count);
        if world.recorder.ledger.in_window {
            world.recorder.breakdown.count(launch.kind, launch.zone, 0, count);
        }
        world.api.handles.bind(launch.handle, &[]);
        let amounts = world.directory.types.get(launch.kind).request;
        world.recorder.unmet.note(now, launch, count, &amounts, &lifetimes);
    }
    world.recorder.refuse(now, operation, call.account, refused, count);
}
