//! State of the Auto Scaling groups: members by zone, numbers on their way, and what the group has served.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::cloud::autoscaling::service::{GroupService, ServiceFigures, ServiceRule};
use crate::cloud::autoscaling::warm::{WarmInstance, WarmInstances};
use crate::cloud::instances::reference::Reference;
use crate::cloud::observe::outcome::GroupFigures;
use plimsoll_base::metrics::{QueueHistory, TimeWeighted};
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, InstanceId, Time, TypeId, ZoneId};
use plimsoll_model::autoscaling::config::{AutoscalingGroup, GroupSizes};
use plimsoll_model::autoscaling::policy::ScalingPolicy;
use plimsoll_model::autoscaling::scaler::{GroupMinute, MINUTE, Scaler, ScalingCause};

/// Instance of a group.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GroupMember {
    pub instance: Reference,
    /// Position of its zone in the list of the group.
    pub zone: usize,
    pub kind: TypeId,
    pub is_spot: bool,
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
    /// Instances of each zone that are ordered and not launched yet, on demand and on the spot market.
    ordered: Vec<[u32; 2]>,
    /// Members on the spot market, and those of them that run.
    spot: SpotCounts,
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
        sizes, scaler, members, running, coming, ordered, spot, warming, service, backlog, warm, in_service, desired,
        spot_in_service, tally,
    ],
    derived: [rule],
} }

/// Numbers of spot instances of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct SpotCounts {
    members: u32,
    running: u32,
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
            members: BTreeMap::new(),
            running: vec![BTreeSet::new(); zones],
            coming: vec![0; zones],
            ordered: vec![[0; 2]; zones],
            spot: SpotCounts::default(),
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
            capacity_milli: u64::from(self.in_service()) * self.milli_per_instance(),
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
        let warms =
            |(_, id): &&(Time, InstanceId)| self.members.get(id).is_some_and(|member| member.is_running);
        let view = GroupMinute {
            now,
            load_milli: self.service.asked_milli(self.drain()),
            capacity_milli: self.service.end_minute(MINUTE),
            milli_per_instance: self.milli_per_instance().max(1),
            coming: self.on_their_way(),
            warming: self.warming.iter().filter(warms).count() as u32,
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
        self.in_service.set(now, u64::from(self.in_service()));
        self.desired.set(now, u64::from(self.sizes.desired));
        self.spot_in_service.set(now, u64::from(self.spot.running));
        if self.rule.warm_pool.is_some() {
            self.warm.note_level(now);
        }
    }

    fn count_in(&self, zone: usize) -> usize {
        self.running[zone].len() + self.coming[zone] as usize
    }

    /// Returns the zone with the fewest instances that run or are on their way, the first of these.
    pub fn emptiest_zone(&self) -> usize {
        (0..self.running.len()).min_by_key(|zone| self.count_in(*zone)).expect("a group has a zone")
    }

    /// Returns the zones, that with the fewest instances first.
    pub fn zones_by_count(&self) -> Vec<usize> {
        let mut zones: Vec<usize> = (0..self.running.len()).collect();
        zones.sort_by_key(|zone| self.count_in(*zone));
        zones
    }

    /// Returns the zone with the most running instances, the first of these; `None` where none run.
    pub fn fullest_zone(&self) -> Option<usize> {
        let fullest = self.running.iter().map(BTreeSet::len).max().filter(|most| *most > 0)?;
        self.running.iter().position(|zone| zone.len() == fullest)
    }

    /// Returns by how much the running instances of the fullest zone are more than those of the emptiest.
    pub fn imbalance(&self) -> usize {
        let counts = || self.running.iter().map(BTreeSet::len);
        counts().max().unwrap_or(0) - counts().min().unwrap_or(0)
    }

    /// Returns how many of so many further instances are to be on demand.
    pub fn on_demand_missing(&self, instances: u32) -> u32 {
        if self.rule.mix.spot_share_milli == 0 {
            return instances;
        }
        let [on_demand, _] = self.ordered.iter().fold([0, 0], |sum, [a, b]| [sum[0] + a, sum[1] + b]);
        let there = self.members.len() as u32 - self.spot.members + on_demand;
        let all = self.in_service() + self.on_their_way() + instances;
        self.rule.mix.on_demand_of(all).saturating_sub(there).min(instances)
    }

    /// Returns whether a spot instance is to end when one does, by the shares of the number that the group is to have; `None` where
    /// all are of one sort.
    pub fn ends_spot(&self) -> Option<bool> {
        if self.spot.running == 0 {
            return None;
        }
        let on_demand = self.in_service() - self.spot.running;
        Some(on_demand <= self.rule.mix.on_demand_of(self.sizes.desired))
    }

    /// Counts instances that are ordered in a zone.
    pub fn order(&mut self, zone: usize, is_spot: bool, instances: u32) {
        self.ordered[zone][usize::from(is_spot)] += instances;
        self.coming[zone] += instances;
    }

    /// Notes the end of an order in a zone, with what was refused of it.
    pub fn settle(&mut self, (zone, is_spot): (usize, bool), launched: u32, refused: u32) {
        self.ordered[zone][usize::from(is_spot)] -= launched + refused;
        self.coming[zone] -= launched + refused;
    }

    /// Adds an instance that was launched.
    pub fn add(&mut self, member: GroupMember) {
        self.coming[member.zone] += 1;
        self.spot.members += u32::from(member.is_spot);
        self.members.insert(member.instance.id, member);
    }

    /// Adds an instance of the warm pool, which runs already or comes up.
    pub fn adopt(&mut self, now: Time, warm: WarmInstance, is_running: bool) {
        let WarmInstance { instance, zone, kind, .. } = warm;
        self.add(GroupMember { instance, zone, kind, is_spot: false, is_running: false });
        if is_running {
            self.run(now, instance.id);
        }
    }

    /// Notes that an instance runs.
    pub fn run(&mut self, now: Time, id: InstanceId) {
        self.advance(now);
        let Some(member) = self.members.get_mut(&id).filter(|member| !member.is_running) else { return };
        member.is_running = true;
        self.coming[member.zone] -= 1;
        self.running[member.zone].insert(id);
        self.spot.running += u32::from(member.is_spot);
        if self.rule.warmup > Duration::ZERO {
            self.warming.push_back((now.after(self.rule.warmup), id));
        }
    }

    /// Notes that an instance no longer runs and comes up again.
    pub fn restart(&mut self, now: Time, id: InstanceId) {
        self.advance(now);
        let Some(member) = self.members.get_mut(&id).filter(|member| member.is_running) else { return };
        member.is_running = false;
        self.running[member.zone].remove(&id);
        self.spot.running -= u32::from(member.is_spot);
        self.coming[member.zone] += 1;
    }

    /// Removes an instance. Returns it where it was of the group still.
    pub fn remove(&mut self, now: Time, id: InstanceId) -> Option<GroupMember> {
        self.advance(now);
        let member = self.members.remove(&id)?;
        self.spot.members -= u32::from(member.is_spot);
        if member.is_running {
            self.running[member.zone].remove(&id);
            self.spot.running -= u32::from(member.is_spot);
        } else {
            self.coming[member.zone] -= 1;
        }
        Some(member)
    }

    /// Returns the running instance of a zone that ends next: of a purchase option where there are any, of the type that is last in
    /// `order`, and the one launched last or first.
    pub fn next_to_end(
        &self,
        zone: usize,
        is_spot: Option<bool>,
        newest: bool,
        order: Option<&[TypeId]>,
    ) -> Option<GroupMember> {
        let zone = &self.running[zone];
        let is_plain = is_spot.is_none() && order.is_none();
        if is_plain {
            let id = if newest { zone.last() } else { zone.first() };
            return id.map(|id| self.members[id]);
        }
        let of = |is_spot: Option<bool>| {
            let members = zone.iter().map(|id| &self.members[id]);
            members.filter(move |member| is_spot.is_none_or(|is_spot| is_spot == member.is_spot))
        };
        let is_spot = is_spot.filter(|is_spot| of(Some(*is_spot)).next().is_some());
        let rank = |member: &&GroupMember| {
            order.and_then(|order| order.iter().position(|kind| *kind == member.kind)).unwrap_or(0)
        };
        let last = of(is_spot).map(|member| rank(&member)).max()?;
        let mut candidates = of(is_spot).filter(|member| rank(member) == last);
        if newest { candidates.last().copied() } else { candidates.next().copied() }
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
        let ServiceFigures {
            unserved_unit_s,
            load_unit_s,
            capacity_unit_s,
            above_target_s,
            waiting_unit_s,
            waiting_unit_s_peak,
            wait_s_mean,
        } = service.figures();
        GroupFigures {
            load_milli: service.load_milli,
            capacity_milli: self.service_rule().capacity_milli,
            desired: self.sizes.desired,
            in_service: self.in_service(),
            coming: self.on_their_way(),
            unserved_unit_s,
            load_unit_s,
            capacity_unit_s,
            above_target_s,
            waiting_unit_s,
            waiting_unit_s_peak,
            wait_s_mean,
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
        for (zone, running) in self.running.iter().enumerate() {
            let of_zone = || self.members.values().filter(|member| member.zone == zone);
            let runs = of_zone().filter(|member| member.is_running).count();
            assert_eq!(runs, running.len(), "running instances of group {}", self.rule.name);
            let ordered: u32 = self.ordered[zone].iter().sum();
            let comes = of_zone().count() - runs + ordered as usize;
            assert_eq!(
                comes, self.coming[zone] as usize,
                "instances of group {} that come up",
                self.rule.name
            );
        }
        let spot = || self.members.values().filter(|member| member.is_spot);
        let counts = SpotCounts {
            members: spot().count() as u32,
            running: spot().filter(|member| member.is_running).count() as u32,
        };
        assert_eq!(counts, self.spot, "spot instances of group {}", self.rule.name);
        assert!(
            self.members.keys().all(|id| !self.warm.has(*id)),
            "an instance is in a group and its warm pool"
        );
    }
}
