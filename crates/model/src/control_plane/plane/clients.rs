//! Clients: attempts, time-outs, retries with backoff, and giving up. They are loops written by hand, or clients of an SDK.
//!
//! An attempt that its client has abandoned continues in the plane: its work is wasted, unless it takes effect before the
//! client has given up. A call takes effect once at the most, whatever its attempts.

use serde::{Deserialize, Serialize};

use super::deadlines::Deadlines;
use super::jobs::{Job, Task};
use super::path::Step;
use super::requests::{Client, ClientRequest, Profile, RequestId};
use super::sdk_clients::SdkClients;
use super::{Effect, Plane, PlaneTimer};
use crate::backoff::Backoff;
use crate::clients::sdk_client::AfterFailure;
use crate::control_plane::checks::PER_ONE;
use crate::control_plane::config::{BucketConfig, ClientConfig, ThrottleConfig};
use crate::control_plane::job::JobId;
use crate::control_plane::throttle::{ApiClass, ClassLimits, Limits, Throttle};
use crate::control_plane::token_bucket::Limit;
use crate::operation::Operation;
use crate::workload::call::Call;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::failure::Failure;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Behaviour of all clients, and the attempts that they wait for.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    backoff: Backoff,
    pub sdk: Option<SdkClients>,
    /// Attempts that may time out, by their number over all requests.
    waiting: Deadlines<Attempt>,
    /// Attempts so far.
    attempts: u64,
    /// Random stream of the delays.
    stream: Stream,
}

persist! { Clients {
    values: [waiting, attempts],
    nested: [stream, sdk],
    derived: [backoff],
} }

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Attempt {
    request: RequestId,
    number: u64,
}

impl Clients {
    pub fn new(config: &ClientConfig, seed: Seed) -> Clients {
        let multiplier = config.multiplier.resource(PER_ONE).expect("the configuration has been validated");
        let sdk = SdkClients::new(config);
        let timeout = config.timeout.or_else(|| sdk.as_ref().and_then(|sdk| sdk.rules.timeout));
        Clients {
            sdk,
            backoff: Backoff {
                attempts: config.attempts,
                first: config.first_delay,
                longest: config.longest_delay,
                multiplier_milli: multiplier,
                jitter: config.jitter,
            },
            waiting: Deadlines::new(timeout),
            attempts: 0,
            stream: seed.stream(Purpose::Retry, 0),
        }
    }
}

/// Returns the throttle of a configuration that has been validated.
pub(super) fn throttle(config: &ThrottleConfig) -> Throttle {
    let limit = |bucket: &Option<BucketConfig>| {
        bucket.as_ref().map(|bucket| Limit {
            bucket: u64::from(bucket.bucket),
            milli_per_s: bucket.per_s.resource(PER_ONE).expect("the configuration has been validated").into(),
        })
    };
    let (requests, resources) = (&config.requests, &config.resources);
    let mut limits = Limits::default();
    for (class, of_requests, of_resources) in [
        (ApiClass::Describe, &requests.describe, &None),
        (ApiClass::DescribeUnpaged, &requests.describe_unpaged, &None),
        (ApiClass::Launch, &requests.launch, &resources.launch),
        (ApiClass::Start, &requests.start, &resources.start),
        (ApiClass::Stop, &requests.stop, &resources.stop),
        (ApiClass::Terminate, &requests.terminate, &resources.terminate),
        (ApiClass::Write, &requests.write, &None),
    ] {
        limits.classes[class] = ClassLimits { requests: limit(of_requests), resources: limit(of_resources) };
    }
    for (word, bucket) in &config.writes {
        let operation = Operation::named(word).expect("the configuration has been validated");
        limits.writes[operation] = limit(&Some(bucket.clone()));
    }
    Throttle::new(limits)
}

impl Plane {
    /// Takes a call of a client.
    #[inline]
    pub fn submit(&mut self, now: Time, call: Call, lifetimes: Box<[Duration]>, profile: Profile) {
        let request = self.add_request(now, call, (lifetimes, true), profile);
        self.attempt(now, request);
    }

    /// Takes a call of a client from outside, which makes one request of it. Returns its number until it is settled.
    pub fn submit_once(&mut self, now: Time, call: Call, profile: Profile) -> RequestId {
        let request = self.add_request(now, call, (Box::default(), false), profile);
        self.attempt(now, request);
        request
    }

    #[inline]
    fn add_request(
        &mut self,
        now: Time,
        call: Call,
        (lifetimes, retries): (Box<[Duration]>, bool),
        profile: Profile,
    ) -> RequestId {
        self.results.counts.calls += 1;
        let sdk = self.clients.sdk.as_mut().filter(|_| retries && !profile.is_of_service);
        let sdk = sdk.map(|sdk| (sdk.next(now, profile.account), None));
        self.requests.add(ClientRequest {
            intended: call.at,
            call: Some(call),
            lifetimes,
            profile,
            attempts: 0,
            page: 0,
            delay: Duration::ZERO,
            sdk,
            was_answered: false,
            attempt: 0,
            client: Client::BacksOff,
            retries,
            is_settled: false,
            jobs: 0,
        })
    }

    /// Makes an attempt of a client, the first or a retry.
    #[inline]
    pub(super) fn attempt(&mut self, now: Time, id: RequestId) {
        if let (Some(sdk), Some((client, _))) = (&mut self.clients.sdk, self.requests[id].sdk)
            && let Err(wait) = sdk.send(now, client)
        {
            // Its own rate limiter holds it back.
            self.results.counts.held_back.0 += wait.0;
            return self.outbox.set_timer(now.after(wait), PlaneTimer::ClientRetry, id.0);
        }
        self.clients.attempts += 1;
        let number = self.clients.attempts;
        let request = &mut self.requests[id];
        request.attempts += 1;
        request.attempt = number;
        self.results.counts.attempts += 1;
        self.results.counts.retries += u64::from(request.attempts > 1);
        let Profile { operation, account, class, resources, path, .. } = request.profile;
        if let Some(throttle) = &mut self.throttle
            && throttle.admit(now, account, (class, operation), u64::from(resources)).is_err()
        {
            self.results.counts.throttled += 1;
            return self.try_again(now, id, Failure::RequestLimitExceeded);
        }
        if self.rules.shed_above.is_some_and(|most| self.in_flight >= most) {
            self.results.counts.shed += 1;
            return self.try_again(now, id, Failure::ServiceUnavailable);
        }
        let job = self.jobs.add(Job::new(Task::Attempt(id), path, Step::Gateway));
        request.client = Client::Waits(job);
        request.jobs += 1;
        self.in_flight += 1;
        self.outbox.resume(job);
        self.watch(now, Attempt { request: id, number });
    }

    /// Watches an attempt for its time-out.
    #[inline]
    fn watch(&mut self, now: Time, attempt: Attempt) {
        let requests = &self.requests;
        self.clients.waiting.push(now, attempt, |attempt| {
            let request = requests.get(attempt.request).filter(|request| request.attempt == attempt.number);
            !request.is_some_and(|request| matches!(request.client, Client::Waits(_)))
        });
        if let Some(due) = self.clients.waiting.wake() {
            self.outbox.set_timer(due, PlaneTimer::ClientTimeout, 0);
        }
    }

    /// Times attempts out: their clients retry or give up.
    pub(super) fn clients_time_out(&mut self, now: Time) {
        while let Some(Attempt { request: id, number }) = self.clients.waiting.due(now) {
            let request = self.requests.get(id).filter(|request| request.attempt == number);
            if request.is_some_and(|request| matches!(request.client, Client::Waits(_))) {
                self.results.counts.timed_out += 1;
                self.try_again(now, id, Failure::RequestTimeout);
            }
        }
        if let Some(due) = self.clients.waiting.wake() {
            self.outbox.set_timer(due, PlaneTimer::ClientTimeout, 0);
        }
    }

    /// Handles a failed attempt: the client retries, or gives up where a retry cannot help.
    fn try_again(&mut self, now: Time, id: RequestId, failure: Failure) {
        if !self.backs_off(now, id, failure) {
            self.requests[id].client = Client::GaveUp;
            self.refuse(id, failure);
        }
    }

    /// Sets the timer of the next attempt after a failed one. Returns false where the client makes none.
    fn backs_off(&mut self, now: Time, id: RequestId, failure: Failure) -> bool {
        let request = &mut self.requests[id];
        let delay = match (&mut self.clients.sdk, request.sdk) {
            (Some(sdk), Some((client, _))) => {
                match sdk.failed(now, request, client, failure, self.clients.stream.bits()) {
                    AfterFailure::Again { delay, cost } => {
                        request.sdk = Some((client, Some(cost)));
                        Some(delay)
                    }
                    AfterFailure::OutOfQuota => {
                        self.results.counts.out_of_quota += 1;
                        None
                    }
                    AfterFailure::GivesUp => None,
                }
            }
            _ if request.retries && is_worth_a_retry(failure) => {
                let draw = self.clients.stream.bits();
                self.clients.backoff.delay(request.attempts, request.delay, draw)
            }
            _ => None,
        };
        let Some(delay) = delay else { return false };
        request.client = Client::BacksOff;
        request.delay = delay;
        self.outbox.set_timer(now.after(delay), PlaneTimer::ClientRetry, id.0);
        true
    }

    /// Takes in that a request of a client of an SDK has succeeded.
    fn succeeded(&mut self, now: Time, id: RequestId) {
        if let (Some(sdk), Some(of_request)) = (&mut self.clients.sdk, self.requests[id].sdk) {
            sdk.succeeded(now, of_request);
        }
    }

    /// Returns whether the client of a request learns of a refusal even where its call was accepted: one of an SDK does of that
    /// of a launch, for EC2 gives it in its answer.
    pub fn learns_of_refusal(&self, id: RequestId) -> bool {
        let request = &self.requests[id];
        request.sdk.is_some() && request.profile.operation == Operation::Launch
    }

    /// Takes in the outcome of a launch of such a client when it takes effect: its failure, or none. Returns whether the
    /// client makes another attempt, for which it is to get its call back by [`Plane::give_back`].
    pub fn launch_took_effect(&mut self, now: Time, id: RequestId, failure: Option<Failure>) -> bool {
        match failure {
            None => {
                self.succeeded(now, id);
                false
            }
            // One that has given up, or makes another attempt already, learns nothing.
            Some(_) if self.requests[id].client != Client::Answered => false,
            Some(failure) => self.backs_off(now, id, failure),
        }
    }

    /// Gives the call of a request back, which has had no effect.
    pub fn give_back(&mut self, id: RequestId, call: Call) {
        let request = &mut self.requests[id];
        request.call = Some(call);
        request.is_settled = false;
    }

    /// Refuses a request for good, unless its outcome is counted.
    pub(super) fn refuse(&mut self, id: RequestId, failure: Failure) {
        let request = &mut self.requests[id];
        if std::mem::replace(&mut request.is_settled, true) {
            return self.forget_if_over(id);
        }
        // The wish needs it.
        request.jobs += 1;
        self.results.counts.refused += 1;
        self.outbox.effect(Effect::Refuse(id, failure));
    }

    /// Forgets a request whose refusal has been reported.
    pub fn refusal_told(&mut self, id: RequestId) {
        self.requests[id].jobs -= 1;
        self.forget_if_over(id);
    }

    /// Answers the client that waits for a job, if any does.
    #[inline]
    pub(super) fn answer(&mut self, now: Time, id: RequestId, job: JobId) {
        let request = &mut self.requests[id];
        if request.client == Client::Waits(job) {
            request.client = Client::Answered;
            if !std::mem::replace(&mut request.was_answered, true) {
                self.results.counts.answered += 1;
                self.results.answers[request.profile.operation].record(now.since(request.intended));
            }
            if self.clients.sdk.is_some() && !self.learns_of_refusal(id) {
                self.succeeded(now, id);
            }
        }
    }

    /// Handles the failure of a job of an attempt.
    pub(super) fn attempt_failed(&mut self, now: Time, job: JobId, id: RequestId, failure: Failure) {
        match self.requests[id].client {
            Client::Waits(for_job) if for_job == job => self.try_again(now, id, failure),
            // The call was accepted, and has no effect.
            Client::Answered => self.refuse(id, failure),
            _ => {}
        }
        self.end_attempt(job, id);
    }

    /// Ends an attempt.
    #[inline]
    pub(super) fn end_attempt(&mut self, job: JobId, id: RequestId) {
        self.in_flight -= 1;
        self.end_job(job, id);
    }

    /// Ends a job that works on a request.
    #[inline]
    pub(super) fn end_job(&mut self, job: JobId, id: RequestId) {
        self.jobs.remove(job);
        self.requests[id].jobs -= 1;
        self.forget_if_over(id);
    }

    #[inline]
    fn forget_if_over(&mut self, id: RequestId) {
        let request = &self.requests[id];
        if request.jobs == 0 && matches!(request.client, Client::Answered | Client::GaveUp) {
            self.requests.remove(id);
        }
    }

    /// Takes the call of a request, to take effect or to be refused, with the lifetimes of its instances.
    #[inline]
    pub fn take_call(&mut self, id: RequestId) -> (Call, Box<[Duration]>) {
        let request = &mut self.requests[id];
        let call = request.call.take().expect("a call is settled once");
        (call, std::mem::take(&mut request.lifetimes))
    }

    /// Returns the number of pages of a listing before the one requested now.
    #[inline]
    pub fn pages_before(&self, id: RequestId) -> u32 {
        self.requests[id].page
    }

    /// Delivers a page that is not the last of its listing. Its client asks for the next one, which is a request
    /// like any other; an attempt that it no longer waits for has no effect.
    pub fn turn_page(&mut self, now: Time, job: JobId, id: RequestId, call: Call) {
        let request = &mut self.requests[id];
        request.call = Some(call);
        request.is_settled = false;
        if request.client != Client::Waits(job) {
            self.results.counts.duplicates += 1;
            return self.end_attempt(job, id);
        }
        request.client = Client::BacksOff;
        request.page += 1;
        request.attempts = 0;
        request.delay = Duration::ZERO;
        request.profile.path.turn_page(request.page);
        if self.clients.sdk.is_some() {
            self.succeeded(now, id);
            let request = &mut self.requests[id];
            request.sdk = request.sdk.map(|(client, _)| (client, None));
        }
        self.end_attempt(job, id);
        self.attempt(now, id);
    }

    /// Postpones a call that a worker has come to too early: its delivery fails, and its message comes back.
    pub fn postpone(&mut self, now: Time, job: JobId, id: RequestId, call: Call) {
        let request = &mut self.requests[id];
        request.call = Some(call);
        request.is_settled = false;
        self.fail(now, job, Failure::ServiceUnavailable);
    }
}

/// Returns true for a failure after which a client retries by itself.
fn is_worth_a_retry(failure: Failure) -> bool {
    failure == Failure::RequestLimitExceeded || failure.is_fault_of_service()
}
