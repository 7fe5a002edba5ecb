//! State of the Auto Scaling groups: their members, what they have served, and what is counted of them.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

use crate::cloud::autoscaling::members::{GroupMember, GroupMembers};
use crate::cloud::autoscaling::service::{GroupService, ServiceRule};
use crate::cloud::autoscaling::warm::{WarmInstance, WarmInstances};
use crate::cloud::observe::outcome::GroupFigures;
use plimsoll_base::metrics::{QueueHistory, TimeWeighted};
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, InstanceId, Time, ZoneId};
use plimsoll_model::autoscaling::config::{AutoscalingGroup, TerminationPolicy};
use plimsoll_model::autoscaling::policy::ScalingPolicy;
use plimsoll_model::autoscaling::scaler::{GroupMinute, MINUTE, Scaler, ScalingCause};
use plimsoll_model::autoscaling::sizes::GroupSizes;

/// Group and its instances.
#[derive(Debug)]
pub struct GroupState {
    pub rule: AutoscalingGroup,
    pub sizes: GroupSizes,
    scaler: Scaler,
    pub members: GroupMembers,
    /// Ends of warming up, in order, with the instances.
    warming: VecDeque<(Time, InstanceId)>,
    service: GroupService,
    /// History of the load that waits.
    backlog: QueueHistory,
    pub warm: WarmInstances,
    /// Number of running instances.
    in_service: TimeWeighted,
    pub desired: TimeWeighted,
    /// Number of running instances on the spot market.
    spot_in_service: TimeWeighted,
    pub tally: GroupTally,
}

persist! { GroupState {
    values: [
        sizes, scaler, members, warming, service, backlog, warm, in_service, desired, spot_in_service, tally,
    ],
    derived: [rule],
} }

/// Counts of a group since the end of the warm-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GroupTally {
    /// Changes of the desired number, by cause.
    pub activities: BTreeMap<ScalingCause, u64>,
    /// Instances launched in place of others that were lost \[instances\].
    pub replaced: u64,
    /// Instances whose launch was refused, each time \[instances\].
    pub refused: u64,
    /// Instances ended once others ran in their place, ahead of an interruption \[instances\].
    pub replaced_ahead: u64,
    /// Instances moved to a zone with fewer \[instances\].
    pub rebalanced: u64,
    /// Instances taken from the warm pool \[instances\].
    pub warm_starts: u64,
    /// Instances given back to it \[instances\].
    pub reused: u64,
}

impl GroupState {
    /// Returns a group without instances.
    pub fn new(rule: AutoscalingGroup) -> GroupState {
        let zones = rule.zones.len();
        let mut group = GroupState {
            sizes: rule.sizes,
            scaler: Scaler::new(&rule.policies),
            members: GroupMembers::new(zones, rule.termination == TerminationPolicy::ClosestToNextHour),
            warming: VecDeque::new(),
            service: GroupService::default(),
            backlog: QueueHistory::default(),
            warm: WarmInstances::new(zones),
            in_service: TimeWeighted::default(),
            desired: TimeWeighted::default(),
            spot_in_service: TimeWeighted::default(),
            tally: GroupTally::default(),
            rule,
        };
        group.begin_minute(0);
        group
    }

    /// Returns the position of a zone in the list of the group.
    pub fn zone_number(&self, zone: ZoneId) -> usize {
        self.rule.zones.iter().position(|of| *of == zone).expect("a group launches in its zones")
    }

    fn milli_per_instance(&self) -> u64 {
        self.rule.load.as_ref().map_or(0, |load| load.milli_per_instance)
    }

    fn drain(&self) -> Option<Duration> {
        self.rule.load.as_ref().and_then(|load| load.drain)
    }

    /// Returns the target of the first policy that has one \[thousandths\].
    fn target_milli(&self) -> Option<u64> {
        self.rule.policies.iter().find_map(|policy| match policy {
            ScalingPolicy::TargetTracking { target_milli, .. }
            | ScalingPolicy::Predictive { target_milli, .. } => Some(*target_milli),
            _ => None,
        })
    }

    fn service_rule(&self) -> ServiceRule {
        ServiceRule {
            capacity_milli: u64::from(self.members.in_service()) * self.milli_per_instance(),
            queues: self.drain().is_some(),
            target_milli: self.target_milli(),
        }
    }

    /// Integrates up to `now`. Comes before every change of the running instances.
    pub fn advance(&mut self, now: Time) {
        let rule = self.service_rule();
        self.service.advance(now, rule);
    }

    fn begin_minute(&mut self, minute: u64) {
        let load = self.rule.load.as_ref().map_or(0, |load| load.of_minute(minute));
        self.service.begin_minute(load);
    }

    /// Ends a minute: decides on the number of instances, and begins the next one, by its number.
    pub fn turn_minute(&mut self, now: Time, minute: u64) -> Option<ScalingCause> {
        self.advance(now);
        while self.warming.front().is_some_and(|(until, _)| *until <= now) {
            self.warming.pop_front();
        }
        let runs = |id| self.members.get(id).filter(|member| member.running.is_some());
        let view = GroupMinute {
            now,
            load_milli: self.service.asked_milli(self.drain()),
            capacity_milli: self.service.end_minute(MINUTE),
            milli_per_instance: self.milli_per_instance().max(1),
            coming: self.members.on_their_way(),
            warming: self.warming.iter().filter_map(|(_, id)| runs(*id)).map(|member| member.weight).sum(),
        };
        let cause = self.scaler.decide(&self.rule.policies, self.rule.cooldown, &view, &mut self.sizes);
        if self.drain().is_some() {
            let (integral, _) = self.service.queue();
            self.backlog.note(now, || vec![integral]);
        }
        self.begin_minute(minute);
        cause
    }

    /// Notes the numbers of this moment.
    pub fn note_levels(&mut self, now: Time) {
        self.in_service.set(now, u64::from(self.members.in_service()));
        self.desired.set(now, u64::from(self.sizes.desired));
        self.spot_in_service.set(now, u64::from(self.members.spot_in_service()));
        if self.rule.warm_pool.is_some() {
            self.warm.note_level(now);
        }
    }

    /// Returns how many of so many further instances are to be on demand.
    pub fn on_demand_missing(&self, instances: u32) -> u32 {
        if self.rule.mix.spot_share_milli == 0 {
            return instances;
        }
        let all = self.members.in_service() + self.members.on_their_way() + instances;
        self.rule.mix.on_demand_of(all).saturating_sub(self.members.on_demand()).min(instances)
    }

    /// Returns whether a spot instance is to end when one does, by the shares of the number that the group is to have; `None` where
    /// all are of one sort.
    pub fn ends_spot(&self) -> Option<bool> {
        if self.members.spot_in_service() == 0 {
            return None;
        }
        let on_demand = self.members.in_service() - self.members.spot_in_service();
        Some(on_demand <= self.rule.mix.on_demand_of(self.sizes.desired))
    }

    /// Adds an instance of the warm pool, which runs already or comes up.
    pub fn adopt(&mut self, now: Time, warm: WarmInstance, is_running: bool) {
        let WarmInstance { instance, zone, kind, weight, .. } = warm;
        self.members.add(GroupMember { instance, zone, kind, weight, is_spot: false, running: None });
        if is_running {
            self.run(now, instance.id);
        }
    }

    /// Notes that an instance runs.
    pub fn run(&mut self, now: Time, id: InstanceId) {
        self.advance(now);
        if self.members.run(now, id) && self.rule.warmup > Duration::ZERO {
            self.warming.push_back((now.after(self.rule.warmup), id));
        }
    }

    /// Notes that an instance no longer runs and comes up again.
    pub fn restart(&mut self, now: Time, id: InstanceId) {
        self.advance(now);
        self.members.restart(id);
    }

    /// Removes an instance. Returns it where it was of the group still.
    pub fn remove(&mut self, now: Time, id: InstanceId) -> Option<GroupMember> {
        self.advance(now);
        self.members.remove(id)
    }

    /// Begins to count, at the end of the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        self.advance(now);
        self.service.begin_window();
        self.in_service.begin_window(now);
        self.desired.begin_window(now);
        self.spot_in_service.begin_window(now);
        self.warm.ready.begin_window(now);
        self.tally = GroupTally::default();
    }

    /// Returns the figures at a time up to which nothing has changed.
    pub fn figures(&self, now: Time) -> GroupFigures {
        let mut service = self.service;
        service.advance(now, self.service_rule());
        GroupFigures {
            load_milli: service.load_milli,
            capacity_milli: self.service_rule().capacity_milli,
            desired: self.sizes.desired,
            in_service: self.members.in_service(),
            coming: self.members.on_their_way(),
            service: service.figures(),
            peak_load_milli: service.peak_load,
            in_service_mean: self.in_service.mean(now),
            in_service_peak: self.in_service.peak(),
            desired_mean: self.desired.mean(now),
            desired_peak: self.desired.peak(),
            spot_in_service_mean: self.spot_in_service.mean(now),
            warm_ready_mean: self.warm.ready.mean(now),
        }
    }

    /// Returns whether the load that waits grew through the second half of the run.
    pub fn is_unstable(&self, now: Time) -> bool {
        let mut service = self.service;
        service.advance(now, self.service_rule());
        let (integral, waiting) = service.queue();
        self.drain().is_some() && self.backlog.grew(0, now, integral, waiting)
    }

    /// Panics unless the numbers of the group are those of its members.
    pub fn assert_conserved(&self) {
        self.members.assert_conserved(&self.rule.name);
        self.warm.assert_conserved(&self.rule.name);
        assert!(
            self.members.ids().all(|id| !self.warm.has(id)),
            "an instance is in a group and its warm pool"
        );
    }
}
