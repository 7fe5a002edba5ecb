//! Clients: what they send, how long they wait, when they try again, and when they give up.
//!
//! An attempt that a client no longer waits for goes on inside: its work is wasted, unless it takes effect before the
//! client has given up. A call takes effect once at the most, whatever its attempts.

use serde::{Deserialize, Serialize};

use super::deadlines::Deadlines;
use super::jobs::{Job, Task};
use super::path::Step;
use super::requests::{Client, Profile, Request, RequestId};
use super::{Effect, Plane, PlaneTimer};
use crate::control_plane::checks::PER_ONE;
use crate::control_plane::config::{BucketConfig, ClientConfig, ThrottleConfig};
use crate::control_plane::job::JobId;
use crate::control_plane::retry::Backoff;
use crate::control_plane::throttle::{Class, ClassLimits, Limits, Throttle};
use crate::control_plane::token_bucket::Limit;
use crate::operation::Operation;
use crate::workload::call::Call;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::failure::Failure;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// How all clients behave, and whom they wait for.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    backoff: Backoff,
    /// Attempts that may take too long, each by the number it has over all requests.
    waiting: Deadlines<Attempt>,
    /// Attempts so far.
    attempts: u64,
    /// What delays are drawn from.
    stream: Stream,
}

persist! { Clients {
    values: [waiting, attempts],
    nested: [stream],
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
        Clients {
            backoff: Backoff {
                attempts: config.attempts,
                first: config.first_delay,
                longest: config.longest_delay,
                multiplier_milli: multiplier,
                jitter: config.jitter,
            },
            waiting: Deadlines::new(config.timeout),
            attempts: 0,
            stream: seed.stream(Purpose::Retry, 0),
        }
    }
}

/// The buckets of a configuration that has been validated.
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
        (Class::Describe, &requests.describe, &None),
        (Class::DescribeUnpaged, &requests.describe_unpaged, &None),
        (Class::Launch, &requests.launch, &resources.launch),
        (Class::Start, &requests.start, &resources.start),
        (Class::Stop, &requests.stop, &resources.stop),
        (Class::Terminate, &requests.terminate, &resources.terminate),
        (Class::Write, &requests.write, &None),
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
    /// A client makes a call.
    #[inline]
    pub fn submit(&mut self, now: Time, call: Call, lifetimes: Box<[Duration]>, profile: Profile) {
        self.counts.calls += 1;
        let request = self.requests.add(Request {
            intended: call.at,
            call: Some(call),
            lifetimes,
            profile,
            attempts: 0,
            page: 0,
            delay: Duration::ZERO,
            attempt: 0,
            client: Client::BacksOff,
            is_settled: false,
            jobs: 0,
        });
        self.attempt(now, request);
    }

    /// A client tries, for the first time or again.
    #[inline]
    pub(super) fn attempt(&mut self, now: Time, id: RequestId) {
        self.clients.attempts += 1;
        let number = self.clients.attempts;
        let request = &mut self.requests[id];
        request.attempts += 1;
        request.attempt = number;
        self.counts.attempts += 1;
        self.counts.retries += u64::from(request.attempts > 1);
        let Profile { operation, account, class, resources, path } = request.profile;
        if let Some(throttle) = &mut self.throttle
            && throttle.admit(now, account, (class, operation), u64::from(resources)).is_err()
        {
            self.counts.throttled += 1;
            return self.try_again(now, id, Failure::RequestLimitExceeded);
        }
        if self.rules.shed_above.is_some_and(|most| self.in_flight >= most) {
            self.counts.shed += 1;
            return self.try_again(now, id, Failure::ServiceUnavailable);
        }
        let job = self.jobs.add(Job::new(Task::Attempt(id), path, Step::Gateway));
        request.client = Client::Waits(job);
        request.jobs += 1;
        self.in_flight += 1;
        self.run_queue.push(job);
        self.watch(now, Attempt { request: id, number });
    }

    /// An attempt may take too long.
    #[inline]
    fn watch(&mut self, now: Time, attempt: Attempt) {
        let requests = &self.requests;
        self.clients.waiting.push(now, attempt, |attempt| {
            let request = requests.get(attempt.request).filter(|request| request.attempt == attempt.number);
            !request.is_some_and(|request| matches!(request.client, Client::Waits(_)))
        });
        if let Some(due) = self.clients.waiting.wake() {
            self.set_timer(due, PlaneTimer::ClientTimeout, 0);
        }
    }

    /// Those who have waited for too long try again, or give up.
    pub(super) fn clients_time_out(&mut self, now: Time) {
        while let Some(Attempt { request: id, number }) = self.clients.waiting.due(now) {
            let request = self.requests.get(id).filter(|request| request.attempt == number);
            if request.is_some_and(|request| matches!(request.client, Client::Waits(_))) {
                self.counts.timed_out += 1;
                self.try_again(now, id, Failure::RequestTimeout);
            }
        }
        if let Some(due) = self.clients.waiting.wake() {
            self.set_timer(due, PlaneTimer::ClientTimeout, 0);
        }
    }

    /// The attempt of a client has failed: it tries again, or gives up where that is not worth it.
    fn try_again(&mut self, now: Time, id: RequestId, failure: Failure) {
        let request = &mut self.requests[id];
        let delay = match is_worth_a_retry(failure) {
            true => {
                let draw = self.clients.stream.bits();
                self.clients.backoff.delay(request.attempts, request.delay, draw)
            }
            false => None,
        };
        match delay {
            Some(delay) => {
                request.client = Client::BacksOff;
                request.delay = delay;
                self.set_timer(now.after(delay), PlaneTimer::ClientRetry, id.0);
            }
            None => {
                request.client = Client::GaveUp;
                self.refuse(id, failure);
            }
        }
    }

    /// A request is refused for good, unless its outcome is counted.
    pub(super) fn refuse(&mut self, id: RequestId, failure: Failure) {
        let request = &mut self.requests[id];
        if std::mem::replace(&mut request.is_settled, true) {
            return self.forget_if_over(id);
        }
        // The wish needs it.
        request.jobs += 1;
        self.counts.refused += 1;
        self.effects.push_back(Effect::Refuse(id, failure));
    }

    /// A refusal has been told.
    pub fn refusal_told(&mut self, id: RequestId) {
        self.requests[id].jobs -= 1;
        self.forget_if_over(id);
    }

    /// The client that waits for a job has its answer.
    #[inline]
    pub(super) fn answer(&mut self, now: Time, id: RequestId, job: JobId) {
        let request = &mut self.requests[id];
        if request.client == Client::Waits(job) {
            request.client = Client::Answered;
            self.counts.answered += 1;
            self.answers[request.profile.operation].record(now.since(request.intended));
        }
    }

    /// A job of a client's attempt could not go on.
    pub(super) fn attempt_failed(&mut self, now: Time, job: JobId, id: RequestId, failure: Failure) {
        match self.requests[id].client {
            Client::Waits(for_job) if for_job == job => self.try_again(now, id, failure),
            // The call was accepted, and comes to nothing.
            Client::Answered => self.refuse(id, failure),
            _ => {}
        }
        self.end_attempt(job, id);
    }

    /// A client's attempt is over, whoever still cares.
    #[inline]
    pub(super) fn end_attempt(&mut self, job: JobId, id: RequestId) {
        self.in_flight -= 1;
        self.end_job(job, id);
    }

    /// A job that works on a request is over.
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

    /// The call of a request, to take effect or to be refused.
    pub fn take_call(&mut self, id: RequestId) -> (Call, Box<[Duration]>) {
        let request = &mut self.requests[id];
        let call = request.call.take().expect("a call is settled once");
        (call, std::mem::take(&mut request.lifetimes))
    }

    /// Number of pages that the client has of a listing, before the one that a request asks for now.
    #[inline]
    pub fn pages_before(&self, id: RequestId) -> u32 {
        self.requests[id].page
    }

    /// The page that a job brings is not the last of its listing. Its client asks for the next one, which is a request
    /// like any other; an attempt that it no longer waits for comes to nothing.
    pub fn turn_page(&mut self, now: Time, job: JobId, id: RequestId, call: Call) {
        let request = &mut self.requests[id];
        request.call = Some(call);
        request.is_settled = false;
        if request.client != Client::Waits(job) {
            self.counts.duplicates += 1;
            return self.end_attempt(job, id);
        }
        request.client = Client::BacksOff;
        request.page += 1;
        request.attempts = 0;
        request.delay = Duration::ZERO;
        request.profile.path.turn_page(request.page);
        self.end_attempt(job, id);
        self.attempt(now, id);
    }

    /// A worker has come to a call too early: it fails with it, and tries again when its message comes back.
    pub fn postpone(&mut self, now: Time, job: JobId, id: RequestId, call: Call) {
        let request = &mut self.requests[id];
        request.call = Some(call);
        request.is_settled = false;
        self.fail(now, job, Failure::ServiceUnavailable);
    }
}

/// Returns whether a client that hears of a failure tries again by itself.
fn is_worth_a_retry(failure: Failure) -> bool {
    failure == Failure::RequestLimitExceeded || failure.is_fault_of_service()
}
