//! Spot requests of clients that were not fulfilled at once, as they stand.

use std::collections::BTreeMap;

use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Duration, InstanceId, Time};
use plimsoll_model::workload::call::Launch;

/// Time for which a one-time request is valid that says nothing of it (`RequestSpotInstances`, "ValidUntil", botocore 1.44.8: "By default, the
/// request is valid for 7 days from the date the request was created"). A persistent one "remains active until you cancel it".
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

/// Request that was not fulfilled at once, and has been since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FulfilledRequest {
    /// Number.
    pub number: SpotRequestNumber,
    /// Time of the call.
    pub called: Time,
    /// Instance that fulfils it.
    pub instance: InstanceId,
}

/// State of a request without an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpotRequestState {
    /// Open request, with what has kept it from being fulfilled when it was last tried.
    Open(FailureReason),
    /// Request that a client has cancelled.
    Cancelled,
    /// Request that is no longer valid.
    Expired,
}

impl SpotRequest {
    /// Returns the time from which it is no longer valid; `None` where it is until it is cancelled.
    pub fn valid_until(&self) -> Option<Time> {
        let options = self.launch.options.as_ref().expect("it is for the spot market");
        let stated = options.spot.and_then(|spot| spot.valid_until);
        stated.or_else(|| options.is_one_time_spot().then(|| self.called.after(VALID)))
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
    /// Requests that were fulfilled and not taken yet.
    fulfilled: Vec<FulfilledRequest>,
    /// True while the next attempts are scheduled.
    pub is_scheduled: bool,
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

    /// Takes the requests that were fulfilled since they were last taken, those of which `is_known` says that their call has been heard
    /// of. The others are left for the next time.
    pub fn take_fulfilled(&mut self, is_known: impl Fn(SpotRequestNumber) -> bool) -> Vec<FulfilledRequest> {
        let (taken, left) =
            std::mem::take(&mut self.fulfilled).into_iter().partition(|request| is_known(request.number));
        self.fulfilled = left;
        taken
    }

    /// Keeps a request open, and returns its number.
    pub fn open(
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

    /// Returns the open requests, in the order in which they came.
    pub fn open_ones(&self) -> Vec<SpotRequestNumber> {
        let open = self.requests.iter().filter(|(_, request)| request.is_open());
        open.map(|(number, _)| *number).collect()
    }

    /// Returns whether no request is kept, open or not.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Forgets the requests that have ended unfulfilled and are no longer shown.
    pub fn forget_ended(&mut self, now: Time) {
        self.requests.retain(|_, request| request.is_open() || now.since(request.since) < SHOWN);
    }

    /// Notes that an instance fulfils an open request.
    pub fn fulfil(&mut self, number: SpotRequestNumber, instance: InstanceId) {
        let SpotRequest { called, .. } = self.requests.remove(&number).expect("it is open");
        self.fulfilled.push(FulfilledRequest { number, called, instance });
    }

    /// Changes the state of a request that has no instance.
    pub fn change(&mut self, now: Time, number: SpotRequestNumber, state: SpotRequestState) {
        let request = self.requests.get_mut(&number).expect("it has no instance");
        (request.state, request.since) = (state, now);
    }
}
