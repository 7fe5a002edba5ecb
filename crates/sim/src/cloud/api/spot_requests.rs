//! Requests of clients for spot instances, which stay open until there is room and the price allows them.
//!
//! A request is for one instance. It is counted once, with its outcome: when it is fulfilled, cancelled or has expired. A branch of the
//! run that goes on without clients fulfils none.

use std::collections::BTreeMap;

use crate::cloud::api::client_answers::Effects;
use crate::cloud::api::launch;
use crate::cloud::api::refused::Refused;
use crate::cloud::instances::interruption::RETRY;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Duration, InstanceId, Time};
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::call::Launch;

/// Time for which a request is valid (`RequestSpotInstances`, "ValidUntil", botocore 1.44.8: "By default, the request is valid for 7 days
/// from the date the request was created").
const VALID: Duration = Duration::from_seconds(7 * 86_400);

/// Time for which a request that has ended unfulfilled is shown (`DescribeSpotInstanceRequests`, botocore 1.44.8: "Spot Instance requests
/// are deleted four hours after they are canceled and their instances are terminated").
const SHOWN: Duration = Duration::from_seconds(4 * 3600);

/// Number of a request that was not fulfilled at once, in the order in which they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SpotRequestNumber(pub u64);

/// Request that was not fulfilled at once, and has not been so far.
#[derive(Clone, Debug)]
pub struct SpotRequest {
    /// Account.
    pub account: AccountId,
    /// Launch that it asks for.
    pub launch: Launch,
    /// Time of the call.
    pub called: Time,
    /// State.
    pub state: SpotRequestState,
    /// Time at which it came into its state.
    pub since: Time,
}

/// State of a request without an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpotRequestState {
    /// It is open: this has kept it from being fulfilled when it was last tried.
    Open(FailureReason),
    /// A client has cancelled it.
    Cancelled,
    /// It is no longer valid.
    Expired,
}

impl SpotRequest {
    /// Returns the time from which it is no longer valid.
    pub fn valid_until(&self) -> Time {
        self.called.after(VALID)
    }

    /// Returns whether it is open.
    pub fn is_open(&self) -> bool {
        matches!(self.state, SpotRequestState::Open(_))
    }
}

/// Requests that were not fulfilled at once.
#[derive(Debug, Default)]
pub struct SpotRequests {
    made: u64,
    requests: BTreeMap<SpotRequestNumber, SpotRequest>,
    /// Requests that were fulfilled, and nobody has asked for yet.
    fulfilled: Vec<(SpotRequestNumber, InstanceId)>,
    /// True while the next attempts are scheduled.
    is_scheduled: bool,
}

impl SpotRequests {
    /// Returns a request that has no instance.
    pub fn get(&self, number: SpotRequestNumber) -> Option<&SpotRequest> {
        self.requests.get(&number)
    }

    /// Returns the requests of an account that have no instance, by number.
    pub fn of_account(&self, account: AccountId) -> impl Iterator<Item = (SpotRequestNumber, &SpotRequest)> {
        let own = self.requests.iter().filter(move |(_, request)| request.account == account);
        own.map(|(number, request)| (*number, request))
    }

    /// Takes the requests that were fulfilled since they were last taken, with their instances.
    pub fn take_fulfilled(&mut self) -> Vec<(SpotRequestNumber, InstanceId)> {
        std::mem::take(&mut self.fulfilled)
    }

    fn open(
        &mut self,
        now: Time,
        account: AccountId,
        launch: &Launch,
        reason: FailureReason,
    ) -> SpotRequestNumber {
        let number = SpotRequestNumber(self.made);
        self.made += 1;
        let state = SpotRequestState::Open(reason);
        let request = SpotRequest { account, launch: launch.clone(), called: now, state, since: now };
        self.requests.insert(number, request);
        number
    }

    fn open_ones(&self) -> Vec<SpotRequestNumber> {
        let open = self.requests.iter().filter(|(_, request)| request.is_open());
        open.map(|(number, _)| *number).collect()
    }
}

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
    let Some(clients) = &mut world.clients else { return };
    let requests = &mut clients.spot_requests;
    requests.is_scheduled = false;
    requests.requests.retain(|_, request| request.is_open() || now.since(request.since) < SHOWN);
    for number in requests.open_ones() {
        let request = requests_mut(world).requests[&number].clone();
        if now >= request.valid_until() {
            end(world, now, number, SpotRequestState::Expired);
            continue;
        }
        match attempt(world, now, request.called, request.account, &request.launch) {
            Ok(()) => {
                let name = request.launch.handle.expect("launches of clients have handles");
                let instance = world.api.handles.instances.of(name)[0].id;
                let requests = requests_mut(world);
                requests.requests.remove(&number);
                requests.fulfilled.push((number, instance));
            }
            Err(refused) => {
                let request = requests_mut(world).requests.get_mut(&number).expect("it is open");
                request.state = SpotRequestState::Open(refused.reason);
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
    let request = requests_mut(world).requests.get_mut(&number).expect("it is open");
    let SpotRequestState::Open(reason) = request.state else { return };
    (request.state, request.since) = (state, now);
    let (account, launch) = (request.account, request.launch.clone());
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

fn count_refusal(world: &mut World, now: Time, account: AccountId, launch: &Launch, refused: Refused) {
    let failure = Some(refused.reason.failure);
    world.recorder.ledger.count_call(Operation::Launch, failure);
    world.recorder.ledger.count_launch(launch.max_count, failure, launch.max_count);
    world.recorder.refuse(now, Operation::Launch, account, refused, launch.max_count);
    let amounts = world.directory.types.get(launch.kind).request;
    world.recorder.unmet.note(now, launch, launch.max_count, &amounts, &[]);
    world.api.handles.bind(launch.handle, &[]);
}

/// Schedules the next attempts, where a request is left to try or to forget.
fn schedule(world: &mut World, now: Time) {
    let requests = requests_mut(world);
    if !requests.requests.is_empty() && !requests.is_scheduled {
        requests.is_scheduled = true;
        world.timers.queue.push(now.after(RETRY), Rank::Timer as u8, Event::SpotRequests);
    }
}

fn requests_mut(world: &mut World) -> &mut SpotRequests {
    &mut world.clients.as_mut().expect("a client calls").spot_requests
}
