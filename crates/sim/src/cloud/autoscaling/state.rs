//! State of the Auto Scaling groups: members by zone, numbers on their way, and what the group has served.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::cloud::instances::reference::Reference;
use crate::cloud::observe::outcome::GroupFigures;
use plimsoll_base::metrics::TimeWeighted;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, InstanceId, NS_PER_S, Time, ZoneId};
use plimsoll_model::autoscaling::config::{AutoscalingGroup, GroupSizes, ScalingPolicy, TerminationPolicy};
use plimsoll_model::autoscaling::scaler::{GroupMinute, MINUTE, Scaler, ScalingCause};

/// Instance of a group.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GroupMember {
    pub instance: Reference,
    /// Position of its zone in the list of the group.
    pub zone: usize,
    pub is_running: bool,
}

/// Group and its instances.
#[derive(Debug)]
pub struct GroupState {
    pub rule: AutoscalingGroup,
    pub sizes: GroupSizes,
    scaler: Scaler,
    /// Instances that come up or run.
    members: BTreeMap<InstanceId, GroupMember>,
    /// Running instances of each zone, in the order of launch.
    running: Vec<BTreeSet<InstanceId>>,
    /// Instances of each zone that are ordered or come up.
    coming: Vec<u32>,
    /// Instances of each zone that are ordered and not launched yet.
    ordered: Vec<u32>,
    /// Ends of warming up, in order, with the instances.
    warming: VecDeque<(Time, InstanceId)>,
    /// Load of this minute \[milli-units\].
    load_milli: u64,
    served: Served,
    /// Time integral of the capacity in service over this minute \[milli-units · ns\].
    minute_capacity: u128,
    /// Number of running instances.
    in_service: TimeWeighted,
    pub desired: TimeWeighted,
    pub tally: GroupTally,
}

persist! { GroupState {
    values: [
        sizes, scaler, members, running, coming, ordered, warming, load_milli, served, minute_capacity, in_service, desired,
        tally,
    ],
    derived: [rule],
} }

/// Time integrals of what a group is offered and serves.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Served {
    reached: Time,
    /// Load \[milli-units · ns\].
    load: u128,
    /// Capacity in service \[milli-units · ns\].
    capacity: u128,
    /// Load above capacity \[milli-units · ns\].
    unserved: u128,
    /// Time with utilisation above the target.
    above_target: Duration,
    /// Greatest load \[milli-units\].
    peak_load: u64,
}

/// Counts of a group since the end of the warm-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GroupTally {
    /// Changes of the desired number, by cause.
    pub activities: BTreeMap<ScalingCause, u64>,
    /// Instances launched in place of others that were lost \[instances\].
    pub replaced: u64,
    /// Instances whose launch was refused, each time \[instances\].
    pub refused: u64,
    /// Instances launched in a zone with fewer \[instances\].
    pub rebalanced: u64,
}

const MILLI_NS: f64 = 1000.0 * NS_PER_S as f64;

impl GroupState {
    /// Returns a group without instances.
    pub fn new(rule: AutoscalingGroup) -> GroupState {
        let zones = rule.zones.len();
        let mut group = GroupState {
            sizes: rule.sizes,
            scaler: Scaler::new(&rule.policies),
            members: BTreeMap::new(),
            running: vec![BTreeSet::new(); zones],
            coming: vec![0; zones],
            ordered: vec![0; zones],
            warming: VecDeque::new(),
            load_milli: 0,
            served: Served::default(),
            minute_capacity: 0,
            in_service: TimeWeighted::default(),
            desired: TimeWeighted::default(),
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

    /// Returns the number of running instances.
    pub fn in_service(&self) -> u32 {
        self.running.iter().map(BTreeSet::len).sum::<usize>() as u32
    }

    /// Returns the number of instances that are ordered or come up.
    pub fn on_their_way(&self) -> u32 {
        self.coming.iter().sum()
    }

    fn milli_per_instance(&self) -> u64 {
        self.rule.load.as_ref().map_or(0, |load| load.milli_per_instance)
    }

    /// Returns the target of the first policy that has one \[thousandths\].
    fn target_milli(&self) -> Option<u64> {
        self.rule.policies.iter().find_map(|policy| match policy {
            ScalingPolicy::TargetTracking { target_milli, .. }
            | ScalingPolicy::Predictive { target_milli, .. } => Some(*target_milli),
            _ => None,
        })
    }

    /// Integrates up to `now`. Comes before every change of the running instances.
    pub fn advance(&mut self, now: Time) {
        let length = now.since(self.served.reached);
        self.served.reached = now;
        if length == Duration::ZERO {
            return;
        }
        let (load, ns) = (u128::from(self.load_milli), u128::from(length.0));
        let capacity = u128::from(self.in_service()) * u128::from(self.milli_per_instance());
        self.served.load += load * ns;
        self.served.capacity += capacity * ns;
        self.minute_capacity += capacity * ns;
        self.served.unserved += load.saturating_sub(capacity) * ns;
        if self.target_milli().is_some_and(|target| load * 1000 > capacity * u128::from(target)) {
            self.served.above_target.0 += length.0;
        }
    }

    fn begin_minute(&mut self, minute: u64) {
        self.load_milli = self.rule.load.as_ref().map_or(0, |load| load.of_minute(minute));
        self.served.peak_load = self.served.peak_load.max(self.load_milli);
        self.minute_capacity = 0;
    }

    /// Ends a minute: decides on the number of instances, and begins the next one, by its number.
    pub fn turn_minute(&mut self, now: Time, minute: u64) -> Option<ScalingCause> {
        self.advance(now);
        while self.warming.front().is_some_and(|(until, _)| *until <= now) {
            self.warming.pop_front();
        }
        let capacity = self.minute_capacity / u128::from(MINUTE.0);
        let warms =
            |(_, id): &&(Time, InstanceId)| self.members.get(id).is_some_and(|member| member.is_running);
        let view = GroupMinute {
            now,
            load_milli: self.load_milli,
            capacity_milli: capacity as u64,
            milli_per_instance: self.milli_per_instance().max(1),
            coming: self.on_their_way(),
            warming: self.warming.iter().filter(warms).count() as u32,
        };
        let cause = self.scaler.decide(&self.rule.policies, &view, &mut self.sizes);
        self.begin_minute(minute);
        cause
    }

    /// Notes the numbers of this moment.
    pub fn note_levels(&mut self, now: Time) {
        let values = [u64::from(self.in_service()), u64::from(self.sizes.desired)];
        for (level, value) in [&mut self.in_service, &mut self.desired].into_iter().zip(values) {
            level.set(now, value);
        }
    }

    /// Returns the zone with the fewest instances that run or are on their way, the first of these.
    pub fn emptiest_zone(&self) -> usize {
        let count = |zone: &usize| self.running[*zone].len() + self.coming[*zone] as usize;
        (0..self.running.len()).min_by_key(count).expect("a group has a zone")
    }

    /// Returns by how much the running instances of the fullest zone are more than those of the emptiest.
    pub fn imbalance(&self) -> usize {
        let counts = || self.running.iter().map(BTreeSet::len);
        counts().max().unwrap_or(0) - counts().min().unwrap_or(0)
    }

    /// Counts instances that are ordered in a zone.
    pub fn order(&mut self, zone: usize, instances: u32) {
        self.ordered[zone] += instances;
        self.coming[zone] += instances;
    }

    /// Notes the end of an order in a zone, with what was refused of it.
    pub fn settle(&mut self, zone: usize, launched: u32, refused: u32) {
        self.ordered[zone] -= launched + refused;
        self.coming[zone] -= launched + refused;
    }

    /// Adds an instance that was launched.
    pub fn add(&mut self, instance: Reference, zone: usize) {
        self.coming[zone] += 1;
        self.members.insert(instance.id, GroupMember { instance, zone, is_running: false });
    }

    /// Notes that an instance runs.
    pub fn run(&mut self, now: Time, id: InstanceId) {
        self.advance(now);
        let Some(member) = self.members.get_mut(&id).filter(|member| !member.is_running) else { return };
        member.is_running = true;
        self.coming[member.zone] -= 1;
        self.running[member.zone].insert(id);
        if self.rule.warmup > Duration::ZERO {
            self.warming.push_back((now.after(self.rule.warmup), id));
        }
    }

    /// Notes that an instance no longer runs and comes up again. Returns whether it is of the group.
    pub fn restart(&mut self, now: Time, id: InstanceId) {
        self.advance(now);
        let Some(member) = self.members.get_mut(&id).filter(|member| member.is_running) else { return };
        member.is_running = false;
        self.running[member.zone].remove(&id);
        self.coming[member.zone] += 1;
    }

    /// Removes an instance. Returns it where it was of the group still.
    pub fn remove(&mut self, now: Time, id: InstanceId) -> Option<GroupMember> {
        self.advance(now);
        let member = self.members.remove(&id)?;
        if member.is_running {
            self.running[member.zone].remove(&id);
        } else {
            self.coming[member.zone] -= 1;
        }
        Some(member)
    }

    /// Returns the running instance that ends next: of the fullest zone, the first of these, by the termination policy.
    pub fn next_to_end(&self) -> Option<Reference> {
        let fullest = self.running.iter().map(BTreeSet::len).max()?;
        let zone = self.running.iter().find(|zone| zone.len() == fullest)?;
        let id = match self.rule.termination {
            TerminationPolicy::Oldest => zone.first()?,
            TerminationPolicy::Newest => zone.last()?,
        };
        Some(self.members[id].instance)
    }

    /// Begins to count, at the end of the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        self.advance(now);
        self.served = Served { reached: now, peak_load: self.load_milli, ..Served::default() };
        self.in_service.begin_window(now);
        self.desired.begin_window(now);
        self.tally = GroupTally::default();
    }

    /// Returns the figures at a time up to which nothing has changed.
    pub fn figures(&self, now: Time) -> GroupFigures {
        let length = now.since(self.served.reached);
        let ns = u128::from(length.0);
        let capacity = u64::from(self.in_service()) * self.milli_per_instance();
        let unserved = u128::from(self.load_milli.saturating_sub(capacity)) * ns;
        let is_above = self.target_milli().is_some_and(|target| {
            u128::from(self.load_milli) * 1000 > u128::from(capacity) * u128::from(target)
        });
        let above = self.served.above_target.0 + if is_above { length.0 } else { 0 };
        GroupFigures {
            load_milli: self.load_milli,
            capacity_milli: capacity,
            desired: self.sizes.desired,
            in_service: self.in_service(),
            coming: self.on_their_way(),
            unserved_unit_s: (self.served.unserved + unserved) as f64 / MILLI_NS,
            load_unit_s: (self.served.load + u128::from(self.load_milli) * ns) as f64 / MILLI_NS,
            capacity_unit_s: (self.served.capacity + u128::from(capacity) * ns) as f64 / MILLI_NS,
            above_target_s: above as f64 / NS_PER_S as f64,
            peak_load_milli: self.served.peak_load,
            in_service_mean: self.in_service.mean(now),
            in_service_peak: self.in_service.peak(),
            desired_mean: self.desired.mean(now),
            desired_peak: self.desired.peak(),
        }
    }

    /// Panics unless the numbers of the group are those of its members.
    pub fn assert_conserved(&self) {
        for (zone, running) in self.running.iter().enumerate() {
            let of_zone = || self.members.values().filter(|member| member.zone == zone);
            let runs = of_zone().filter(|member| member.is_running).count();
            assert_eq!(runs, running.len(), "running instances of group {}", self.rule.name);
            let comes = of_zone().count() - runs + self.ordered[zone] as usize;
            assert_eq!(
                comes, self.coming[zone] as usize,
                "instances of group {} that come up",
                self.rule.name
            );
        }
    }
}
