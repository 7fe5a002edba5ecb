//! Throttling by account and API: for each a bucket of requests and, for some, one of resources; both must hold
//! enough (EC2 Developer Guide, "Request throttling for the Amazon EC2 API": "each API is evaluated individually").

use serde::{Deserialize, Serialize};

use super::token_bucket::{Limit, TokenBucket};
use crate::operation::Operation;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::names;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, Enum, EnumMap, Time};

/// Kinds of API with buckets of their own. Only [`ApiClass::Write`] is several APIs, each with its own bucket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ApiClass {
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
    /// Every other write: one bucket for each operation.
    Write,
}

names! { ApiClass {
    Describe = "describe",
    DescribeUnpaged = "describe-unpaged",
    Launch = "launch",
    Start = "start",
    Stop = "stop",
    Terminate = "terminate",
    Write = "write",
} }

impl Enum for ApiClass {
    const ALL: &'static [ApiClass] = &ApiClass::ALL;

    #[inline]
    fn position(self) -> usize {
        self as usize
    }
}

impl ApiClass {
    /// Returns the class of an operation of the API. `is_paged` matters to reads alone.
    pub const fn of(operation: Operation, is_paged: bool) -> ApiClass {
        match operation {
            Operation::Describe if is_paged => ApiClass::Describe,
            Operation::Describe => ApiClass::DescribeUnpaged,
            Operation::Launch => ApiClass::Launch,
            Operation::Start => ApiClass::Start,
            Operation::Stop | Operation::Hibernate => ApiClass::Stop,
            Operation::Terminate => ApiClass::Terminate,
            _ => ApiClass::Write,
        }
    }
}

/// The limits of a class; `None` for none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ClassLimits {
    /// Of requests; of [`ApiClass::Write`] the limit of each operation that has none of its own.
    pub requests: Option<Limit>,
    /// Of resources, such as the instances that a launch asks for.
    pub resources: Option<Limit>,
}

/// Limits of an account.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Limits {
    /// By class.
    pub classes: EnumMap<ApiClass, ClassLimits>,
    /// Requests of single operations of [`ApiClass::Write`], in place of the limit of the class.
    pub writes: EnumMap<Operation, Option<Limit>>,
}

impl Limits {
    /// Returns the limit of requests of an operation of [`ApiClass::Write`].
    fn of_write(&self, operation: Operation) -> Option<Limit> {
        self.writes[operation].or(self.classes[ApiClass::Write].requests)
    }
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
    limits: EnumMap<ApiClass, ClassLimits>,
    writes: EnumMap<Operation, Option<Limit>>,
    buckets: Shelf<Buckets>,
    /// Buckets of [`ApiClass::Write`], by operation; most accounts call few of them or none.
    of_writes: Shelf<TokenBucket>,
    counts: EnumMap<ApiClass, ThrottleCounts>,
}

persist! { Throttle { values: [buckets, of_writes, counts], derived: [limits, writes] } }

/// A row of things for each account that has needed one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Shelf<T> {
    /// By account, where its row begins: 1 + the position; 0 for an account without one.
    places: Vec<u32>,
    /// Rows, each of one account and unbroken.
    things: Vec<T>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { places: Vec::new(), things: Vec::new() }
    }
}

impl<T> Shelf<T> {
    /// Returns where the row of an account begins; `None` for an account without one.
    #[inline]
    fn place(&self, account: AccountId) -> Option<usize> {
        self.places.get(account.index())?.checked_sub(1).map(|place| place as usize)
    }

    /// Adds the row of an account.
    #[cold]
    fn add(&mut self, account: AccountId, row: impl Iterator<Item = T>) -> usize {
        if self.places.len() <= account.index() {
            self.places.resize(account.index() + 1, 0);
        }
        let place = self.things.len();
        self.things.extend(row);
        self.places[account.index()] = u32::try_from(place + 1).expect("fewer buckets than 2³²");
        place
    }
}

/// Counts of a throttle for a class in the window.
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
    /// Returns full buckets for every account.
    pub fn new(limits: Limits) -> Throttle {
        let mut writes = EnumMap::default();
        for operation in Operation::ALL {
            writes[operation] = limits.of_write(operation);
        }
        Throttle {
            limits: limits.classes,
            writes,
            buckets: Shelf::default(),
            of_writes: Shelf::default(),
            counts: EnumMap::default(),
        }
    }

    /// Takes a request and so many resources out of the account's buckets, or nothing at all: then it returns the
    /// time until there are enough of both, if no other request takes any. `class` is that of the operation.
    #[inline]
    pub fn admit(
        &mut self,
        now: Time,
        account: AccountId,
        (class, operation): (ApiClass, Operation),
        resources: u64,
    ) -> Result<(), Duration> {
        if class == ApiClass::Write {
            return self.admit_write(now, account, operation);
        }
        let place = self.place(account);
        let limits = &self.limits[class];
        let Buckets { requests, resources: of_resources } =
            &mut self.buckets.things[place + class.position()];
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

    /// Does the same for an operation of [`ApiClass::Write`], which takes a request alone.
    #[inline]
    fn admit_write(&mut self, now: Time, account: AccountId, operation: Operation) -> Result<(), Duration> {
        if let Some(limit) = self.writes[operation] {
            let place = self.of_writes.place(account).unwrap_or_else(|| {
                let full = |(_, limit): (_, &Option<Limit>)| limit.map(TokenBucket::full).unwrap_or_default();
                self.of_writes.add(account, self.writes.iter().map(full))
            });
            let bucket = &mut self.of_writes.things[place + operation.position()];
            if let Err(delay) = bucket.try_take(limit, now, 1) {
                self.counts[ApiClass::Write].by_requests += 1;
                return Err(delay);
            }
        }
        self.counts[ApiClass::Write].passed += 1;
        Ok(())
    }

    /// Returns where the buckets of an account begin; it gets full ones with its first call.
    #[inline]
    fn place(&mut self, account: AccountId) -> usize {
        self.buckets.place(account).unwrap_or_else(|| {
            let full = |limit: Option<Limit>| limit.map(TokenBucket::full).unwrap_or_default();
            let full = |(_, limits): (_, &ClassLimits)| Buckets {
                requests: full(limits.requests),
                resources: full(limits.resources),
            };
            self.buckets.add(account, self.limits.iter().map(full))
        })
    }

    /// Loads the buckets that a call will take from. Changes nothing.
    #[inline]
    pub fn prefetch(&self, account: AccountId, class: ApiClass) {
        if let Some(place) = self.buckets.place(account) {
            prefetch(&self.buckets.things[place + class.position()]);
        }
    }

    /// Counts begin anew.
    pub fn begin_window(&mut self) {
        self.counts = EnumMap::default();
    }

    /// Returns what it did to each class in the window.
    pub fn counts(&self) -> &EnumMap<ApiClass, ThrottleCounts> {
        &self.counts
    }
}

#[cfg(test)]
mod tests;
