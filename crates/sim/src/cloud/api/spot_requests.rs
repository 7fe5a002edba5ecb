//! Requests of clients for spot instances, which stay open until there is room and the price allows them.
//!
//! A request is for one instance. It is counted once, with its outcome: when it is fulfilled, cancelled or has expired. A branch of the
//! run that goes on without clients fulfils none.

use crate::cloud::api::client_answers::Effects;
use crate::cloud::api::launch;
use crate::cloud::api::launch_batch;
use crate::cloud::api::open_requests::{SpotRequest, SpotRequestNumber, SpotRequestState, SpotRequests};
use crate::cloud::api::refused::Refused;
use crate::cloud::instances::interruption::RETRY;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::workload::call::Launch;

/// Handles a request of a client: it is fulfilled, stays open, or is refused.
pub fn request(
    world: &mut World,
    now: Time,
    account: AccountId,
    launch: &Launch,
) -> Result<Effects, FailureReason> {
    match attempt(world, now, now, account, launch) {
        Ok(()) => Ok(Effects::default()),
        Err(refused) if is_for_the_market(refused.reason.failure) => {
            let number = requests_mut(world).open(now, account, launch, refused.reason);
            schedule(world, now);
            Ok(Effects { spot_request: Some(number), ..Effects::default() })
        }
        Err(refused) => {
            count_refusal(world, now, account, launch, refused);
            Err(refused.reason)
        }
    }
}

/// Returns whether a failure may pass while a request waits.
fn is_for_the_market(failure: Failure) -> bool {
    matches!(failure, Failure::InsufficientInstanceCapacity | Failure::SpotMaxPriceTooLow)
}

/// Tries the open requests again, in the order in which they came, and ends those that are no longer valid.
pub fn on_timer(world: &mut World, now: Time) {
    if world.clients.is_none() {
        return;
    }
    requests_mut(world).is_scheduled = false;
    requests_mut(world).forget_ended(now);
    for number in requests_mut(world).open_ones() {
        let request = requests_mut(world).get(number).expect("it is open").clone();
        if request.valid_until().is_some_and(|until| now >= until) {
            end(world, now, number, SpotRequestState::Expired);
            continue;
        }
        match attempt(world, now, request.called, request.account, &request.launch) {
            Ok(()) => {
                let name = request.launch.handle.expect("launches of clients have handles");
                let instance = world.api.handles.instances.of(name)[0].id;
                requests_mut(world).fulfil(number, instance);
            }
            Err(refused) => {
                requests_mut(world).change(now, number, SpotRequestState::Open(refused.reason));
            }
        }
    }
    schedule(world, now);
}

/// Cancels a request, if it is open.
pub fn cancel(world: &mut World, now: Time, number: SpotRequestNumber) {
    if requests_mut(world).get(number).is_some_and(SpotRequest::is_open) {
        end(world, now, number, SpotRequestState::Cancelled);
    }
}

/// Ends an open request without an instance: it is counted with what kept it from being fulfilled.
fn end(world: &mut World, now: Time, number: SpotRequestNumber, state: SpotRequestState) {
    let request = requests_mut(world).get(number).expect("it is open").clone();
    let SpotRequestState::Open(reason) = request.state else { return };
    requests_mut(world).change(now, number, state);
    let (account, launch) = (request.account, request.launch);
    launch_batch::order_zones(world, &launch, None).expect("it was tried before");
    count_refusal(world, now, account, &launch, Refused::launch(&launch, reason, launch.zone));
}

/// Launches what a request that was called for some time ago asks for, or returns the refusal and changes nothing.
fn attempt(
    world: &mut World,
    now: Time,
    called: Time,
    account: AccountId,
    wanted: &Launch,
) -> Result<(), Refused> {
    let mut context = launch::context(world, now, account, wanted);
    launch::allocate(world, &mut context)?;
    let age = std::mem::replace(&mut world.recorder.call_age, now.since(called));
    launch::count(world, &context, None);
    launch::begin_all(world, &context);
    world.recorder.call_age = age;
    Ok(())
}

/// Counts a request that gets no instance, as a launch that is refused. The zones of the world are those that it has tried.
fn count_refusal(world: &mut World, now: Time, account: AccountId, launch: &Launch, refused: Refused) {
    // Of a request that ends while it waits, the last batch is that of another launch.
    world.api.batch.clear();
    let context = launch::context(world, now, account, launch);
    launch::count(world, &context, Some(refused));
}

/// Schedules the next attempts, where a request is left to try or to forget.
fn schedule(world: &mut World, now: Time) {
    let requests = requests_mut(world);
    if !requests.is_empty() && !requests.is_scheduled {
        requests.is_scheduled = true;
        world.timers.queue.push(now.after(RETRY), Rank::Timer as u8, Event::SpotRequests);
    }
}

fn requests_mut(world: &mut World) -> &mut SpotRequests {
    &mut world.clients.as_mut().expect("a client calls").spot_requests
}
