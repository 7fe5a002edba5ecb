//! Members of a group: its instances by zone, and those on their way. All numbers count an instance by its weight.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::cloud::instances::reference::Reference;
use plimsoll_base::units::{Duration, InstanceId, NS_PER_S, Time, TypeId};

/// Instance of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupMember {
    pub instance: Reference,
    /// Position of its zone in the list of the group.
    pub zone: usize,
    pub kind: TypeId,
    pub weight: u32,
    pub is_spot: bool,
    /// Time since when it runs; `None` while it comes up.
    pub running: Option<Time>,
}

/// Running instances of one purchase option and type in a zone, each with the place of the start of its run in the hour that is paid for;
/// zero where that does not matter, so that they are in the order of launch.
type Running = BTreeSet<(Duration, InstanceId)>;

/// Members in a zone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ZoneMembers {
    /// Running instances, by whether they are on the spot market, and type.
    running: BTreeMap<(bool, TypeId), Running>,
    in_service: u32,
    /// Instances that are ordered or come up.
    coming: u32,
    /// Instances that are ordered and not launched yet, on demand and on the spot market.
    ordered: [u32; 2],
    /// Running instances at risk of an interruption.
    at_risk: u32,
}

/// Members of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupMembers {
    /// Instances that come up or run.
    members: BTreeMap<InstanceId, GroupMember>,
    zones: Vec<ZoneMembers>,
    /// Members on the spot market, and those of them that run.
    spot: SpotCounts,
    /// Running instances for which a rebalance recommendation has come.
    at_risk: BTreeSet<InstanceId>,
    ends_by_hour: bool,
}

/// Numbers of spot instances of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct SpotCounts {
    members: u32,
    running: u32,
}

/// Running instance that ends first of those of the same sort.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndsFirst {
    /// The one launched first.
    Oldest,
    /// The one launched last.
    Newest,
    /// The one that has run for the greatest part of an hour at this time; of several the one launched first.
    ClosestToNextHour(Time),
}

/// Hour that is paid for.
const HOUR: Duration = Duration(3600 * NS_PER_S);

/// Returns the place of a time in an hour.
fn place_in_hour(time: Time) -> Duration {
    Duration(time.0 % HOUR.0)
}

impl EndsFirst {
    /// Returns the first of some running instances, with its rank among the firsts of others: the least ends first.
    fn of(self, running: &Running) -> Option<((Duration, u64), InstanceId)> {
        match self {
            EndsFirst::Oldest => running.first().map(|(_, id)| ((Duration::ZERO, id.0), *id)),
            EndsFirst::Newest => running.last().map(|(_, id)| ((Duration::ZERO, u64::MAX - id.0), *id)),
            EndsFirst::ClosestToNextHour(now) => {
                let now = place_in_hour(now);
                // Whose hour ends next began it just after this place in the hour before.
                let later = running.range((Bound::Excluded((now, InstanceId(u64::MAX))), Bound::Unbounded));
                let (place, id) = later.chain(running).next().copied()?;
                let left = Duration((place.0 + HOUR.0 - now.0 - 1) % HOUR.0);
                Some(((left, id.0), id))
            }
        }
    }
}

impl ZoneMembers {
    fn count(&self) -> u32 {
        self.in_service + self.coming
    }
}

impl GroupMembers {
    /// Returns no members, of so many zones. `ends_by_hour` is true where instances end by [`EndsFirst::ClosestToNextHour`].
    pub fn new(zones: usize, ends_by_hour: bool) -> GroupMembers {
        GroupMembers {
            members: BTreeMap::new(),
            zones: vec![ZoneMembers::default(); zones],
            spot: SpotCounts::default(),
            at_risk: BTreeSet::new(),
            ends_by_hour,
        }
    }

    /// Returns a member.
    pub fn get(&self, id: InstanceId) -> Option<&GroupMember> {
        self.members.get(&id)
    }

    /// Returns the identities of the members.
    pub fn ids(&self) -> impl Iterator<Item = InstanceId> {
        self.members.keys().copied()
    }

    /// Returns the number of running instances.
    pub fn in_service(&self) -> u32 {
        self.zones.iter().map(|zone| zone.in_service).sum()
    }

    /// Returns the number of instances that are ordered or come up.
    pub fn on_their_way(&self) -> u32 {
        self.zones.iter().map(|zone| zone.coming).sum()
    }

    /// Returns the number of running instances on the spot market.
    pub fn spot_in_service(&self) -> u32 {
        self.spot.running
    }

    /// Returns the number of on-demand instances, those that are ordered among them.
    pub fn on_demand(&self) -> u32 {
        let all = self.in_service() + self.on_their_way();
        let spot_ordered: u32 = self.zones.iter().map(|zone| zone.ordered[1]).sum();
        all - self.spot.members - spot_ordered
    }

    /// Returns the zone with the fewest instances that run or are on their way, the first of these.
    pub fn emptiest_zone(&self) -> usize {
        (0..self.zones.len()).min_by_key(|zone| self.zones[*zone].count()).expect("a group has a zone")
    }

    /// Returns the emptiest of the zones in which no instance is at risk; of all where there is none.
    pub fn emptiest_safe_zone(&self) -> usize {
        let is_at_risk = |zone: &usize| self.zones[*zone].at_risk > 0;
        let zones = 0..self.zones.len();
        zones.min_by_key(|zone| (is_at_risk(zone), self.zones[*zone].count())).expect("a group has a zone")
    }

    /// Returns the number of running instances at risk of an interruption.
    pub fn at_risk(&self) -> u32 {
        self.zones.iter().map(|zone| zone.at_risk).sum()
    }

    /// Returns whether an instance is at risk of an interruption.
    pub fn is_at_risk(&self, id: InstanceId) -> bool {
        self.at_risk.contains(&id)
    }

    /// Notes that a running instance is at risk of an interruption.
    pub fn note_risk(&mut self, id: InstanceId) {
        let Some(member) = self.members.get(&id).filter(|member| member.running.is_some()) else { return };
        if self.at_risk.insert(id) {
            self.zones[member.zone].at_risk += member.weight;
        }
    }

    /// Returns the zones, that with the fewest instances first.
    pub fn zones_by_count(&self) -> Vec<usize> {
        let mut zones: Vec<usize> = (0..self.zones.len()).collect();
        zones.sort_by_key(|zone| self.zones[*zone].count());
        zones
    }

    /// Returns by how much the running instances of the fullest zone are more than those of the emptiest.
    pub fn imbalance(&self) -> u32 {
        let counts = || self.zones.iter().map(|zone| zone.in_service);
        counts().max().unwrap_or(0) - counts().min().unwrap_or(0)
    }

    /// Counts instances that are ordered in a zone.
    pub fn order(&mut self, zone: usize, is_spot: bool, instances: u32) {
        self.zones[zone].ordered[usize::from(is_spot)] += instances;
        self.zones[zone].coming += instances;
    }

    /// Notes the end of an order of so many instances in a zone.
    pub fn settle(&mut self, zone: usize, is_spot: bool, instances: u32) {
        self.zones[zone].ordered[usize::from(is_spot)] -= instances;
        self.zones[zone].coming -= instances;
    }

    /// Adds an instance that was launched.
    pub fn add(&mut self, member: GroupMember) {
        assert!(member.running.is_none(), "an instance comes up before it runs");
        self.zones[member.zone].coming += member.weight;
        self.spot.members += if member.is_spot { member.weight } else { 0 };
        self.members.insert(member.instance.id, member);
    }

    /// Notes that an instance runs. Returns whether it came up until now.
    pub fn run(&mut self, now: Time, id: InstanceId) -> bool {
        let Some(member) = self.members.get_mut(&id).filter(|member| member.running.is_none()) else {
            return false;
        };
        member.running = Some(now);
        let member = *member;
        self.zones[member.zone].coming -= member.weight;
        self.count_running(&member, now);
        true
    }

    /// Notes that an instance no longer runs and comes up again.
    pub fn restart(&mut self, id: InstanceId) {
        let Some(member) = self.members.get_mut(&id) else { return };
        let Some(since) = member.running.take() else { return };
        let member = *member;
        self.uncount_running(&member, since);
        self.zones[member.zone].coming += member.weight;
    }

    /// Removes an instance. Returns it where it was of the group still.
    pub fn remove(&mut self, id: InstanceId) -> Option<GroupMember> {
        let member = self.members.remove(&id)?;
        self.spot.members -= if member.is_spot { member.weight } else { 0 };
        match member.running {
            Some(since) => self.uncount_running(&member, since),
            None => self.zones[member.zone].coming -= member.weight,
        }
        Some(member)
    }

    fn count_running(&mut self, member: &GroupMember, since: Time) {
        let (key, place) = self.place_of(member, since);
        let zone = &mut self.zones[member.zone];
        zone.in_service += member.weight;
        zone.running.entry(key).or_default().insert(place);
        self.spot.running += if member.is_spot { member.weight } else { 0 };
    }

    fn uncount_running(&mut self, member: &GroupMember, since: Time) {
        let (key, place) = self.place_of(member, since);
        let zone = &mut self.zones[member.zone];
        zone.in_service -= member.weight;
        zone.running.entry(key).or_default().remove(&place);
        zone.at_risk -= if self.at_risk.remove(&member.instance.id) { member.weight } else { 0 };
        self.spot.running -= if member.is_spot { member.weight } else { 0 };
    }

    fn place_of(&self, member: &GroupMember, since: Time) -> ((bool, TypeId), (Duration, InstanceId)) {
        let place = if self.ends_by_hour { place_in_hour(since) } else { Duration::ZERO };
        ((member.is_spot, member.kind), (place, member.instance.id))
    }

    /// Returns the running instance that ends next: one at risk of an interruption, the one launched first of these; else of a purchase
    /// option, if one is given; of the zones with most running instances that have any of it; of the types of the highest rank in
    /// their zones; and of these the one that ends first.
    pub fn next_to_end(
        &self,
        is_spot: Option<bool>,
        rank: impl Fn(usize, TypeId) -> usize,
        ends_first: EndsFirst,
    ) -> Option<GroupMember> {
        if let Some(id) = self.at_risk.first() {
            return Some(self.members[id]);
        }
        let of_option: Vec<(usize, TypeId, &Running)> = (0..)
            .zip(&self.zones)
            .flat_map(|(zone, of)| of.running.iter().map(move |((spot, kind), of)| (zone, *spot, *kind, of)))
            .filter(|(_, spot, _, running)| is_spot.is_none_or(|of| of == *spot) && !running.is_empty())
            .map(|(zone, _, kind, running)| (zone, kind, running))
            .collect();
        let in_service = |zone: usize| self.zones[zone].in_service;
        let fullest = of_option.iter().map(|(zone, _, _)| in_service(*zone)).max()?;
        let eligible = || of_option.iter().filter(|(zone, _, _)| in_service(*zone) == fullest);
        let last = eligible().map(|(zone, kind, _)| rank(*zone, *kind)).max()?;
        let last = eligible().filter(|(zone, kind, _)| rank(*zone, *kind) == last);
        last.filter_map(|(_, _, running)| ends_first.of(running)).min().map(|(_, id)| self.members[&id])
    }

    /// Panics unless the numbers are those of the members.
    pub fn assert_conserved(&self, name: &str) {
        for (number, zone) in self.zones.iter().enumerate() {
            let of_zone = || self.members.values().filter(|member| member.zone == number);
            let running = || of_zone().filter(|member| member.running.is_some());
            let runs: u32 = running().map(|member| member.weight).sum();
            assert_eq!(runs, zone.in_service, "running instances of group {name}");
            let listed: usize = zone.running.values().map(BTreeSet::len).sum();
            assert_eq!(running().count(), listed, "running instances of group {name}, in order");
            let at_risk: u32 = running()
                .filter(|member| self.is_at_risk(member.instance.id))
                .map(|member| member.weight)
                .sum();
            assert_eq!(at_risk, zone.at_risk, "instances at risk of group {name}");
            let ordered: u32 = zone.ordered.iter().sum();
            let all: u32 = of_zone().map(|member| member.weight).sum();
            assert_eq!(all - runs + ordered, zone.coming, "instances of group {name} that come up");
        }
        let spot = || self.members.values().filter(|member| member.is_spot);
        let counts = SpotCounts {
            members: spot().map(|member| member.weight).sum(),
            running: spot().filter(|member| member.running.is_some()).map(|member| member.weight).sum(),
        };
        assert_eq!(counts, self.spot, "spot instances of group {name}");
    }
}

#[cfg(test)]
mod tests;
