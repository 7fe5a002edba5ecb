//! Calls of clients from outside the scenario: each is carried out like any other, and leaves an answer.

use crate::cloud::api::client_answers::{Answer, CallNumber, CreatedResource, Effects, InstanceChange};
use crate::cloud::api::dispatch;
use crate::cloud::api::spot_requests;
use crate::cloud::instances::reference::Reference;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::Time;
use plimsoll_model::control_plane::plane::requests::RequestId;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, Call, Launch};
use plimsoll_model::workload::resource_call::ResourceCall;

/// Returns the client's call that a request in the control plane is, if it is one, which is settled now.
#[inline]
pub fn settled(world: &mut World, request: RequestId) -> Option<CallNumber> {
    world.clients.as_mut()?.settle(request)
}

/// Returns whether a request in the control plane is a call of a client.
pub fn is_of_client(world: &World, request: RequestId) -> bool {
    world.clients.as_ref().is_some_and(|clients| clients.is_noted(request))
}

/// Lets a call of a client take effect, and keeps its answer.
pub fn take_effect(world: &mut World, now: Time, number: CallNumber, call: &Call) {
    let outcome = match &call.action {
        Action::Launch(launch) if launch.stays_open() => {
            let effects = spot_requests::request(world, now, call.account, launch);
            effects.map(|effects| Effects { instances: launched(world, launch), ..effects })
        }
        _ => outcome_of(world, now, call),
    };
    answer(world, Answer { call: number, at: now, outcome });
}

/// Carries out a call, and returns what it has done.
fn outcome_of(world: &mut World, now: Time, call: &Call) -> Result<Effects, FailureReason> {
    let before = named_instances(world, &call.action);
    world.recorder.refusal = None;
    dispatch::call(world, now, call);
    let refusal = world.recorder.refusal.take();
    let instances = match &call.action {
        Action::Launch(launch) => launched(world, launch),
        _ => changes(world, &before),
    };
    let created = match &call.action {
        Action::Resource(resource) if refusal.is_none() => created(world, resource),
        _ => Vec::new(),
    };
    let is_partial = matches!(call.action, Action::Launch(_)) && !instances.is_empty();
    match refusal {
        Some(reason) if !is_partial => Err(reason),
        _ => Ok(Effects { instances, created, spot_request: None }),
    }
}

/// Keeps the answer to a call of a client that the control plane has refused.
pub fn refuse(world: &mut World, now: Time, call: CallNumber, failure: Failure) {
    answer(world, Answer { call, at: now, outcome: Err(FailureReason::from(failure)) });
}

fn answer(world: &mut World, answer: Answer) {
    world.clients.as_mut().expect("a client calls").answers.push(answer);
}

/// Returns the instances that a call names, with their states.
fn named_instances(world: &World, action: &Action) -> Vec<(Reference, State)> {
    let handles = action.targets().map_or(&[][..], |targets| targets.handles());
    let named = handles.iter().flat_map(|handle| world.api.handles.instances.of(*handle));
    named.map(|reference| (*reference, state(world, *reference))).collect()
}

fn state(world: &World, reference: Reference) -> State {
    let slot = world.instances.resolve(reference);
    slot.map_or(State::Terminated, |slot| world.instances.get(slot).state)
}

fn changes(world: &World, before: &[(Reference, State)]) -> Vec<InstanceChange> {
    let change = |(reference, before): &(Reference, State)| InstanceChange {
        id: reference.id,
        before: *before,
        after: state(world, *reference),
    };
    before.iter().map(change).collect()
}

/// Returns the instances that a launch has brought.
fn launched(world: &World, launch: &Launch) -> Vec<InstanceChange> {
    let named = launch.handle.map_or(&[][..], |handle| world.api.handles.instances.of(handle));
    let new = |reference: &Reference| (*reference, State::Pending);
    changes(world, &named.iter().map(new).collect::<Vec<_>>())
}

/// Returns the resources that a call has made, where it makes any that have ids.
fn created(world: &World, call: &ResourceCall) -> Vec<CreatedResource> {
    let handles = &world.api.handles;
    let unknown = Failure::InternalError; // It has just been made.
    let one = match call {
        ResourceCall::AllocateHosts(hosts, ..) => {
            let made = hosts.iter().filter_map(|host| handles.hosts.find(host.0, unknown).ok());
            return made.map(CreatedResource::Host).collect();
        }
        ResourceCall::CreateVolume { volume, .. } => {
            handles.volumes.find(volume.0, unknown).map(CreatedResource::Volume)
        }
        ResourceCall::CreateSnapshot(snapshot, _) => {
            handles.snapshots.find(snapshot.0, unknown).map(CreatedResource::Snapshot)
        }
        ResourceCall::RegisterImage { image, .. } => {
            handles.images.find(image.0, unknown).map(CreatedResource::Image)
        }
        ResourceCall::AllocateAddress(address) => {
            handles.addresses.find(address.0, unknown).map(CreatedResource::Address)
        }
        ResourceCall::CreateInterface(interface, _) => {
            handles.interfaces.find(interface.0, unknown).map(CreatedResource::Interface)
        }
        ResourceCall::CreateReservation { reservation, .. } => {
            handles.reservations.find(reservation.0, unknown).map(CreatedResource::Reservation)
        }
        _ => return Vec::new(),
    };
    one.into_iter().collect()
}
