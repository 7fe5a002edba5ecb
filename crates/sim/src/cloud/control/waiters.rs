//! State of the waiters of clients: those that wait, and what all have done. `polling` is their flow.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::cloud::instances::reference::Reference;
use crate::scenario::Scenario;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::metrics::Durations;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::clients::waiter::{WaiterRules, WaiterVerdict};
use plimsoll_model::workload::call::{Action, Call, Query, Targets};

/// Waiters of a run, and what they have done.
pub struct Waiters {
    rules: WaiterRules,
    seed: Seed,
    waiting: BTreeMap<u32, Waiter>,
    next_number: u32,
    /// Waiters that poll now.
    due: VecDeque<u32>,
    tally: WaiterTally,
}

persist! { Waiters {
    values: [waiting, next_number, tally],
    derived: [rules, seed, due],
} }

/// Waiter, from the launch to its verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiter {
    account: AccountId,
    instances: Vec<Reference>,
    since: Time,
    polls: u32,
}

/// Counts of the waiters since the end of the warm-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WaiterTally {
    /// Waiters begun.
    pub begun: u64,
    /// Calls of `describe` that they made.
    pub polls: u64,
    /// Waiters that saw all their instances run.
    pub succeeded: u64,
    /// Waiters that saw one end or stop, or whose call was refused for good.
    pub failed: u64,
    /// Waiters that polled as often, or for as long, as they do.
    pub gave_up: u64,
    /// Times from the launch to the answer that showed all instances running.
    pub waits: Durations,
}

impl Waiters {
    /// Returns the waiters of a scenario; `None` where no client waits.
    pub fn new(scenario: &Scenario) -> Option<Waiters> {
        let clients = &scenario.control_plane.clients;
        clients.wait_for?;
        Some(Waiters {
            rules: clients.sdk?.rules().waiter,
            seed: Seed(scenario.seed),
            waiting: BTreeMap::new(),
            next_number: 0,
            due: VecDeque::new(),
            tally: WaiterTally::default(),
        })
    }

    /// Begins to count anew, at the end of the warm-up.
    pub fn begin_window(&mut self) {
        self.tally = WaiterTally::default();
    }

    /// Returns the counts.
    pub fn tally(&self) -> &WaiterTally {
        &self.tally
    }

    /// Returns the number of waiters that have no verdict yet.
    pub fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Returns the instances that a waiter waits for.
    pub fn instances_of(&self, number: u32) -> &[Reference] {
        &self.waiting[&number].instances
    }

    /// Removes and returns the call of the next waiter that polls now.
    pub fn next_poll(&mut self, now: Time) -> Option<Call> {
        let number = self.due.pop_front()?;
        let waiter = self.waiting.get_mut(&number).expect("it has no verdict yet");
        waiter.polls += 1;
        self.tally.polls += 1;
        let query = Query { targets: Some(Targets::Awaited(number)), ..Query::default() };
        Some(Call { at: now, account: waiter.account, action: Action::Describe(query) })
    }

    /// Adds a waiter, which polls now.
    pub fn begin(&mut self, now: Time, account: AccountId, instances: Vec<Reference>) {
        let number = self.next_number;
        self.next_number = number.checked_add(1).expect("fewer than 2³² launches are waited for");
        self.waiting.insert(number, Waiter { account, instances, since: now, polls: 0 });
        self.tally.begun += 1;
        self.due.push_back(number);
    }

    /// Lets a waiter poll now.
    pub fn poll(&mut self, number: u32) {
        self.due.push_back(number);
    }

    /// Takes in what a poll has shown. Returns the time of the next one, unless the waiter is done.
    pub fn decide(&mut self, now: Time, number: u32, verdict: WaiterVerdict) -> Option<Time> {
        let waiter = &self.waiting[&number];
        let elapsed = now.since(waiter.since);
        match verdict {
            WaiterVerdict::Succeeds => {
                self.tally.succeeded += 1;
                self.tally.waits.record(elapsed);
            }
            WaiterVerdict::Fails => self.tally.failed += 1,
            WaiterVerdict::PollsAgain => {
                let stream = self.seed.stream(Purpose::WaiterPoll, number.into());
                let draw = stream.from_draw(u64::from(waiter.polls)).bits();
                match self.rules.delay(waiter.polls, elapsed, draw) {
                    Some(delay) => return Some(now.after(delay)),
                    None => self.tally.gave_up += 1,
                }
            }
        }
        self.waiting.remove(&number);
        None
    }

    /// Panics unless nothing is left to do now.
    pub fn assert_conserved(&self) {
        assert!(self.due.is_empty(), "waiters that are due have not polled");
    }
}
