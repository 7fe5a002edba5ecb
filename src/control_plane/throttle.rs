//! Throttling by account: for each class of operations a bucket of requests and a bucket of resources, both of
//! which must hold enough.

use serde::{Deserialize, Serialize};

use super::token_bucket::{Limit, TokenBucket};
use crate::engine::memory::prefetch;
use crate::operation::Operation;
use crate::persist;
use crate::units::{AccountId, Closed, Duration, Each, Time};

/// Operations that share buckets, as EC2 documents them ("Request throttling for the Amazon EC2 API").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Class {
    /// Reads that are filtered or paged.
    Describe,
    /// Reads of everything at once.
    DescribeUnpaged,
    /// Launches.
    Launch,
    /// Starts.
    Start,
    /// Stops and hibernations.
    Stop,
    /// Terminations.
    Terminate,
    /// Every other write.
    Write,
}

impl Closed for Class {
    const ALL: &'static [Class] = &[
        Class::Describe,
        Class::DescribeUnpaged,
        Class::Launch,
        Class::Start,
        Class::Stop,
        Class::Terminate,
        Class::Write,
    ];

    #[inline]
    fn position(self) -> usize {
        self as usize
    }
}

impl Class {
    /// The word of a class in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Describe => "describe",
            Class::DescribeUnpaged => "describe-unpaged",
            Class::Launch => "launch",
            Class::Start => "start",
            Class::Stop => "stop",
            Class::Terminate => "terminate",
            Class::Write => "write",
        }
    }

    /// The class of an operation. `is_paged` matters to reads alone.
    pub const fn of(operation: Operation, is_paged: bool) -> Class {
        match operation {
            Operation::Describe | Operation::Probe if is_paged => Class::Describe,
            Operation::Describe | Operation::Probe => Class::DescribeUnpaged,
            Operation::Launch => Class::Launch,
            Operation::Start => Class::Start,
            Operation::Stop | Operation::Hibernate => Class::Stop,
            Operation::Terminate => Class::Terminate,
            _ => Class::Write,
        }
    }
}

/// The limits of a class; `None` for none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ClassLimits {
    /// Of requests.
    pub requests: Option<Limit>,
    /// Of resources, such as the instances that a launch asks for.
    pub resources: Option<Limit>,
}

/// The buckets of a class.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
struct Buckets {
    requests: TokenBucket,
    resources: TokenBucket,
}

/// The buckets of all accounts that have called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Throttle {
    limits: Each<Class, ClassLimits>,
    /// By account, where its buckets begin: 1 + the position; 0 for an account that has not called.
    places: Vec<u32>,
    /// Those of an account stand together, in the order of the classes.
    buckets: Vec<Buckets>,
    counts: Each<Class, ThrottleCounts>,
}

persist! { Throttle { values: [places, buckets, counts], made: [limits] } }

/// What a throttle did to a class in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ThrottleCounts {
    /// Requests that passed.
    pub passed: u64,
    /// Requests refused for want of request tokens.
    pub by_requests: u64,
    /// Requests refused for want of resource tokens alone.
    pub by_resources: u64,
}

impl Throttle {
    /// Full buckets for everybody.
    pub fn new(limits: Each<Class, ClassLimits>) -> Throttle {
        Throttle { limits, places: Vec::new(), buckets: Vec::new(), counts: Each::default() }
    }

    /// Takes a request and so many resources out of the account's buckets, or nothing at all: then it tells how
    /// long it takes until there are enough of both, if nobody else takes any.
    #[inline]
    pub fn admit(
        &mut self,
        now: Time,
        account: AccountId,
        class: Class,
        resources: u64,
    ) -> Result<(), Duration> {
        let place = self.place(account);
        let limits = self.limits[class];
        let Buckets { requests, resources: of_resources } = &mut self.buckets[place + class.position()];
        let short_requests = limits.requests.and_then(|limit| requests.shortage(limit, now, 1));
        let short_resources = limits.resources.and_then(|limit| of_resources.shortage(limit, now, resources));
        let counts = &mut self.counts[class];
        if let Some(delay) = short_requests.max(short_resources) {
            match short_requests {
                Some(_) => counts.by_requests += 1,
                None => counts.by_resources += 1,
            }
            return Err(delay);
        }
        if limits.requests.is_some() {
            requests.take(1);
        }
        if limits.resources.is_some() {
            of_resources.take(resources);
        }
        counts.passed += 1;
        Ok(())
    }

    /// Where the buckets of an account begin; it gets full ones with its first call.
    #[inline]
    fn place(&mut self, account: AccountId) -> usize {
        self.known_place(account).unwrap_or_else(|| self.add(account))
    }

    /// The same; `None` for an account that has not called.
    #[inline]
    fn known_place(&self, account: AccountId) -> Option<usize> {
        self.places.get(account.index())?.checked_sub(1).map(|place| place as usize)
    }

    #[cold]
    fn add(&mut self, account: AccountId) -> usize {
        if self.places.len() <= account.index() {
            self.places.resize(account.index() + 1, 0);
        }
        let full = |limit: Option<Limit>| limit.map(TokenBucket::full).unwrap_or_default();
        let place = self.buckets.len();
        self.buckets.extend(self.limits.iter().map(|(_, limits)| Buckets {
            requests: full(limits.requests),
            resources: full(limits.resources),
        }));
        self.places[account.index()] = place as u32 + 1;
        place
    }

    /// Loads the buckets that a call will take from. Changes nothing.
    #[inline]
    pub fn prefetch(&self, account: AccountId, class: Class) {
        if let Some(place) = self.known_place(account) {
            prefetch(&self.buckets[place + class.position()]);
        }
    }

    /// Counts begin anew.
    pub fn begin_window(&mut self) {
        self.counts = Each::default();
    }

    /// What it did to each class in the window.
    pub fn counts(&self) -> &Each<Class, ThrottleCounts> {
        &self.counts
    }
}

#[cfg(test)]
mod tests;
