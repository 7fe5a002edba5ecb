//! State of the reactions: open launches, the line, and what is known of instances beside their records.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::autoscaling::state::{GroupState, GroupTally};
use crate::cloud::instances::reference::{Reference, Slot};
use crate::cloud::pools::state::{InstancePool, JobTally};
use crate::cloud::reaction::open_launch::{LineTurn, OpenLaunch};
use crate::cloud::reaction::policies::Policies;
use crate::cloud::reaction::tally::LaunchTally;
use crate::scenario::Scenario;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, HostId, InstanceId, Time, TypeId, ZoneId};
use plimsoll_model::autoscaling::config::AutoscalingGroup;
use plimsoll_model::lifecycle::State;
use plimsoll_model::pools::JobPool;
use plimsoll_model::waiting::config::{Preempted, WhenFull};
use plimsoll_model::waiting::line::{LinePlace, WaitingLine};
use plimsoll_model::workload::call::{Launch, Sender};
use plimsoll_model::workload::demand::Demand;

/// Rules of the scenario for launches that find no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitingRules {
    pub when_full: WhenFull,
    pub longest_wait: Option<Duration>,
    pub preempted: Preempted,
    /// True if some launches preempt others.
    pub has_preemption: bool,
    /// True if launches on demand take the room of spot instances.
    pub reclaims_spot: bool,
}

/// Event of an instance that its owner is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Notice {
    /// Launch, on the spot market or not.
    Launched(Reference, bool),
    /// Entry into a state.
    Entered(Reference, State),
    /// Rebalance recommendation: a running spot instance is at risk of an interruption.
    AtRisk(Reference),
    /// End of a launch that asked for so many instances of a type in a zone first, of which so many were refused for good.
    Settled { zone: Option<ZoneId>, kind: TypeId, is_spot: bool, asked: u32, refused: u32 },
}

/// Knowledge of an instance beside its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceFacts {
    /// End of its lifetime, as far as it is known; else [`Time::NEVER`].
    pub end: Time,
    pub priority: i32,
    pub sender: Sender,
}

/// Room on a host that comes free for a launch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpotClaim {
    /// Number of the first instance of the launch.
    pub launch: u64,
    pub host: HostId,
    pub kind: TypeId,
    /// Time at which it is free.
    pub due: Time,
}

/// Returns the number of the pool of each source of jobs.
fn pool_of_jobs(scenario: &Scenario) -> Vec<usize> {
    let pools = || scenario.pools.iter().map(|pool| &pool.name);
    let of = |name| pools().position(|pool| pool == name).expect("the scenario has been checked");
    scenario.workload.jobs.iter().map(|jobs| of(&jobs.pool)).collect()
}

/// Open launches, and what else follows from answers.
#[derive(Debug)]
pub struct Reactions {
    pub rules: WaitingRules,
    pub policies: Policies,
    /// Seed of the delays.
    pub seed: Seed,
    /// Open launches, by number.
    pub open: BTreeMap<u32, OpenLaunch>,
    next_number: u32,
    /// Open launches that wait for room.
    pub line: WaitingLine,
    /// True if a launch in line may be served: room has come free, or one has joined.
    pub may_serve: bool,
    /// Place of the launch that found no room in each zone when the line was last served, by zone.
    pub heads: Vec<Option<LinePlace>>,
    /// Open launches whose next request goes out now.
    pub due: Vec<u32>,
    /// Facts of the instances, by slot.
    facts: Vec<InstanceFacts>,
    /// Latest end of a lifetime.
    last_end: Time,
    /// Instances that have the notice of a preemption.
    pub noticed: BTreeSet<InstanceId>,
    /// Room of spot instances that comes free for launches on demand, in the order of the notices.
    pub claims: Vec<SpotClaim>,
    /// Notices that are not delivered yet.
    pub notices: Vec<(Sender, Notice)>,
    /// Instances of the launch that takes place now, where clients wait for them.
    pub launched: Option<Vec<Reference>>,
    /// Instances numbered so far that no demand asks for.
    own: u64,
    pub pools: Vec<InstancePool>,
    pub groups: Vec<GroupState>,
    /// Number of the pool of each source of jobs, by its number in the scenario.
    pub pool_of_jobs: Vec<usize>,
    /// Names of the sources of jobs, likewise.
    pub job_names: Vec<String>,
    /// Counts of the jobs of each source, likewise.
    pub jobs: Vec<JobTally>,
    pub tally: LaunchTally,
    in_window: bool,
}

persist! { Reactions {
    values: [open, next_number, may_serve, heads, due, facts, last_end, noticed, claims, own, jobs, tally, in_window],
    nested: [line, pools, groups],
    derived: [rules, policies, seed, notices, launched, pool_of_jobs, job_names],
} }

impl Reactions {
    /// Returns the reactions of a scenario; `None` where a launch that is refused has come to its end.
    pub fn new(
        scenario: &Scenario,
        demand: &Demand,
        pools: Vec<JobPool>,
        groups: Vec<AutoscalingGroup>,
    ) -> Option<Box<Reactions>> {
        let placement = &scenario.placement;
        let policies = Policies::new(demand, &pools, &groups);
        let rules = WaitingRules {
            when_full: placement.when_full,
            longest_wait: placement.longest_wait,
            preempted: placement.preempted,
            has_preemption: policies.all().any(|policy| policy.preemption_notice.is_some()),
            reclaims_spot: placement.reclaims_spot,
        };
        let is_needed = !rules.when_full.is_refuse()
            || rules.reclaims_spot
            || scenario.control_plane.clients.sdk.is_some()
            || !pools.is_empty()
            || !groups.is_empty()
            || policies.all().any(|policy| !policy.is_plain());
        is_needed.then(|| {
            Box::new(Reactions {
                rules,
                policies,
                seed: Seed(scenario.seed),
                open: BTreeMap::new(),
                next_number: 0,
                line: WaitingLine::new(scenario.zones.len()),
                may_serve: false,
                heads: vec![None; scenario.zones.len()],
                due: Vec::new(),
                facts: Vec::new(),
                last_end: Time::ZERO,
                noticed: BTreeSet::new(),
                claims: Vec::new(),
                notices: Vec::new(),
                launched: scenario.control_plane.clients.wait_for.map(|_| Vec::new()),
                own: 0,
                pool_of_jobs: pool_of_jobs(scenario),
                job_names: (0..)
                    .zip(&scenario.workload.jobs)
                    .map(|(i, jobs)| jobs.name_or_number(i))
                    .collect(),
                jobs: vec![JobTally::default(); scenario.workload.jobs.len()],
                pools: pools.into_iter().map(InstancePool::new).collect(),
                groups: groups.into_iter().map(GroupState::new).collect(),
                tally: LaunchTally::default(),
                in_window: false,
            })
        })
    }

    /// Returns whether a flow asks for the instances on a host.
    pub fn asks_for_hosts(&self) -> bool {
        self.rules.when_full == WhenFull::WaitBackfill
            || self.rules.has_preemption
            || self.rules.reclaims_spot
    }

    /// Ends the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        self.tally.begin_window(now);
        self.jobs.fill(JobTally::default());
        self.pools.iter_mut().for_each(|pool| pool.begin_window(now));
        self.groups.iter_mut().for_each(|group| group.begin_window(now));
        self.in_window = true;
    }

    /// Counts something, unless the run still warms up.
    pub fn count(&mut self, count: impl FnOnce(&mut LaunchTally)) {
        if self.in_window {
            count(&mut self.tally);
        }
    }

    /// Counts something of the jobs of a source, unless the run still warms up.
    pub fn count_jobs(&mut self, source: u16, count: impl FnOnce(&mut JobTally)) {
        if self.in_window {
            count(&mut self.jobs[usize::from(source)]);
        }
    }

    /// Counts something of a group, unless the run still warms up.
    pub fn count_group(&mut self, number: usize, count: impl FnOnce(&mut GroupTally)) {
        if self.in_window {
            count(&mut self.groups[number].tally);
        }
    }

    /// Returns the number of the first of some instances that a pool or group asks for.
    pub fn next_own(&mut self, sender: Sender, count: u32) -> u64 {
        let first = sender.first_number() + self.own;
        self.own += u64::from(count);
        first
    }

    /// Notes an event of an instance for its owner, if it has one beside the demand.
    #[cold]
    pub fn note_state(&mut self, instance: Reference, state: State) {
        let sender = self.facts(instance.slot).sender;
        if sender.has_owner() {
            self.notices.push((sender, Notice::Entered(instance, state)));
        }
    }

    /// Returns whether the owner of an instance replaces it ahead of an interruption.
    pub fn heeds_recommendations(&self, slot: Slot) -> bool {
        match self.facts.get(slot.0 as usize).map(|facts| facts.sender) {
            Some(Sender::Group(number)) => self.groups[usize::from(number)].rule.capacity_rebalance,
            _ => false,
        }
    }

    /// Notes a rebalance recommendation for the owner of an instance.
    pub fn note_risk(&mut self, instance: Reference) {
        let sender = self.facts(instance.slot).sender;
        self.notices.push((sender, Notice::AtRisk(instance)));
    }

    /// Adds an open launch. Returns its number, which is never used again.
    pub fn add(&mut self, launch: OpenLaunch) -> u32 {
        let number = self.next_number;
        self.next_number =
            number.checked_add(1).expect("a run opens fewer than 2³² launches that wait or are tried again");
        self.open.insert(number, launch);
        number
    }

    /// Opens a launch that no demand asks for, whose first request goes out now.
    pub fn request(&mut self, now: Time, account: AccountId, launch: Launch) {
        self.count(|tally| tally.attempts += 1);
        let number = self.add(OpenLaunch::new(now, now, account, launch, Box::default()));
        self.due.push(number);
    }

    /// Ends the claims of a launch or start, by the number of its first instance.
    pub fn end_claims(&mut self, launch: u64) {
        self.claims.retain(|claim| claim.launch != launch);
    }

    /// Ends an open launch, which has succeeded or is refused for good.
    pub fn close(&mut self, now: Time, number: u32) -> OpenLaunch {
        if self.open[&number].turn.is_some() {
            self.leave_line(now, number);
        }
        let open = self.open.remove(&number).expect("the launch is open");
        for victim in &open.victims {
            self.noticed.remove(&victim.id);
        }
        open
    }

    /// Lets an open launch wait for room in a zone, or in any; behind all others of its priority, or before them.
    pub fn join_line(&mut self, now: Time, number: u32, zone: Option<ZoneId>, reason: FailureReason) {
        let open = self.open.get_mut(&number).expect("the launch is open");
        let priority = self.policies.of(open.first.sender).priority;
        let place = match open.is_requeued {
            true => self.line.rejoin(priority, zone, number),
            false => self.line.join(priority, zone, number),
        };
        open.turn = Some(LineTurn { place, zone, since: now, reason });
        self.tally.joined(now, open.first.max_count);
        self.may_serve |= self.may_be_served(place, zone);
    }

    /// Takes an open launch out of the line.
    pub fn leave_line(&mut self, now: Time, number: u32) {
        let open = self.open.get_mut(&number).expect("the launch is open");
        let turn = open.turn.take().expect("it is in line");
        open.waited.0 += now.since(turn.since).0;
        self.line.leave(turn.place, turn.zone);
        self.tally.left(now, open.first.max_count);
        self.may_serve = true;
    }

    /// Returns whether a launch that joins the line might be served at once: in strict order not behind one that found no
    /// room in its zones.
    fn may_be_served(&self, place: LinePlace, zone: Option<ZoneId>) -> bool {
        let is_behind = |head: &Option<LinePlace>| head.is_some_and(|head| head < place);
        self.rules.when_full == WhenFull::WaitBackfill
            || match zone {
                Some(zone) => !is_behind(&self.heads[zone.index()]),
                None => !self.heads.iter().all(is_behind),
            }
    }

    /// Panics unless the line and the open launches agree, and nothing is left to do.
    pub fn assert_conserved(&self) {
        assert!(self.notices.is_empty(), "owners were not told of their instances");
        self.pools.iter().for_each(InstancePool::assert_conserved);
        self.groups.iter().for_each(GroupState::assert_conserved);
        assert!(self.due.is_empty() && !self.may_serve, "work of open launches is left");
        let instances: u64 = self.waiting_instances();
        assert_eq!(self.tally.line_length.value(), instances, "instances in line");
        let in_line = self.open.values().filter(|open| open.turn.is_some()).count();
        assert_eq!(in_line, self.line.len(), "launches in line");
        for number in self.line.numbers() {
            assert!(self.open[&number].turn.is_some(), "a launch in line does not know it");
        }
        let victims: BTreeSet<InstanceId> =
            self.open.values().flat_map(|open| &open.victims).map(|victim| victim.id).collect();
        assert!(self.noticed.is_subset(&victims), "an instance has the notice of no launch");
    }

    /// Notes an instance that is launched.
    #[cold]
    pub fn note_launched(&mut self, instance: Reference, launch: &Launch) {
        let sender = launch.sender;
        if sender.has_owner() {
            self.notices.push((sender, Notice::Launched(instance, launch.is_spot())));
        }
        if let Some(launched) = &mut self.launched {
            launched.push(instance);
        }
        let priority = self.policies.of(sender).priority;
        let slot = instance.slot.0 as usize;
        if self.facts.len() <= slot {
            self.facts.resize(slot + 1, InstanceFacts { end: Time::NEVER, priority: 0, sender });
        }
        self.facts[slot] = InstanceFacts { end: Time::NEVER, priority, sender };
    }

    /// Notes the end of the lifetime of an instance.
    #[cold]
    pub fn note_end(&mut self, slot: Slot, end: Time) {
        self.facts[slot.0 as usize].end = end;
        if end < Time::NEVER {
            self.last_end = self.last_end.max(end);
        }
    }

    /// Returns the latest end of a lifetime of any instance so far.
    pub fn last_end(&self) -> Time {
        self.last_end
    }

    /// Returns what is known of an instance.
    pub fn facts(&self, slot: Slot) -> InstanceFacts {
        self.facts[slot.0 as usize]
    }

    /// Returns the number of instances that open launches ask for, those apart that are counted already \[instances\].
    pub fn open_instances(&self) -> u64 {
        let uncounted = self.open.values().filter(|open| !open.is_requeued);
        uncounted.map(|open| u64::from(open.first.max_count)).sum()
    }

    /// Returns the number of instances that launches ask for which make another attempt later \[instances\].
    pub fn retrying_instances(&self) -> u64 {
        let retrying = self.open.values().filter(|open| open.turn.is_none());
        retrying.map(|open| u64::from(open.first.max_count)).sum()
    }

    /// Returns the number of instances that launches in line ask for \[instances\].
    pub fn waiting_instances(&self) -> u64 {
        let waiting = self.open.values().filter(|open| open.turn.is_some());
        waiting.map(|open| u64::from(open.first.max_count)).sum()
    }
}
