//! Instances by their id, kept only where clients name them: those alive, and for an hour those that have ended.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::cloud::instances::instance::Instance;
use crate::cloud::instances::reference::Slot;
use plimsoll_base::units::{AccountId, Duration, InstanceId, Time};

/// Time for which an instance is shown after its end (EC2 user guide, "Terminate Amazon EC2 instances": "it remains visible in
/// the console for a short period of time", read 2026-11; `DescribeInstances` of botocore 1.44.8: "usually less than one hour").
const SHOWN: Duration = Duration::from_seconds(3600);

/// Tags of a resource, by key.
pub type Tags = BTreeMap<String, String>;

/// Instances by id, and the ids of each account in order.
#[derive(Clone, Debug, Default)]
pub struct InstancesById {
    /// Slot and time of launch of each instance ever launched, by id; the slot may be another's by now.
    launched: Vec<(Slot, Time)>,
    of_account: BTreeSet<(AccountId, InstanceId)>,
    ended: BTreeMap<InstanceId, Ended>,
    /// Ended instances in the order of their ends.
    in_order: VecDeque<InstanceId>,
    /// Tags of the instance that is about to end.
    parting: Option<(InstanceId, Tags)>,
}

/// Record of an ended instance.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Record at its end, whose `since` is the time of that.
    pub instance: Instance,
    /// Tags at its end.
    pub tags: Tags,
}

impl InstancesById {
    /// Adds a new instance, whose `since` is the time of its launch.
    pub fn add(&mut self, slot: Slot, instance: &Instance) {
        assert_eq!(
            instance.id.0,
            self.launched.len() as u64,
            "instances are numbered in the order of launch"
        );
        self.launched.push((slot, instance.since));
        self.of_account.insert((instance.account, instance.id));
    }

    /// Keeps the record of an instance that has ended, and drops those that have ended long ago.
    pub fn ended(&mut self, instance: &Instance) {
        let (id, now) = (instance.id, instance.since);
        let parting = self.parting.take().filter(|(of, _)| *of == id);
        let tags = parting.map(|(_, tags)| tags).unwrap_or_default();
        self.ended.insert(id, Ended { instance: instance.clone(), tags });
        self.in_order.push_back(id);
        while let Some(first) = self.in_order.front()
            && !is_shown(&self.ended[first], now)
        {
            let id = self.in_order.pop_front().expect("it has a first");
            let gone = self.ended.remove(&id).expect("it is shown until now");
            self.of_account.remove(&(gone.instance.account, id));
        }
    }

    /// Keeps the tags of an instance that is about to end.
    pub fn keep_tags(&mut self, id: InstanceId, tags: Tags) {
        self.parting = Some((id, tags));
    }

    /// Returns the slot that an instance was launched in and the time of that; `None` where there never was one of this id.
    pub fn launched(&self, id: InstanceId) -> Option<(Slot, Time)> {
        self.launched.get(usize::try_from(id.0).ok()?).copied()
    }

    /// Returns the record of an instance that has ended within the hour before.
    pub fn find_ended(&self, id: InstanceId, now: Time) -> Option<&Ended> {
        self.ended.get(&id).filter(|ended| is_shown(ended, now))
    }

    /// Returns the ids of an account, alive or ended, from one on, in order.
    pub fn of_account(&self, account: AccountId, from: InstanceId) -> impl Iterator<Item = InstanceId> {
        let last = InstanceId(u64::MAX);
        self.of_account.range((account, from)..=(account, last)).map(|(_, id)| *id)
    }
}

/// Returns whether an instance that has ended is still shown.
fn is_shown(ended: &Ended, now: Time) -> bool {
    now.since(ended.instance.since) < SHOWN
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::{HostId, SubnetId, TypeId, ZoneId};
    use plimsoll_model::lifecycle::State;

    fn instance(id: u64, account: u32, state: State, since: Time) -> Instance {
        Instance {
            id: InstanceId(id),
            since,
            number: id,
            host: HostId(0),
            kind: TypeId(0),
            account: AccountId(account),
            subnet: SubnetId(0),
            address: 0,
            cycle: 0,
            zone: ZoneId(0),
            stops: None,
            timers: 0,
            stamp: 0,
            state,
            has_host: false,
            has_public_address: false,
            wants_public_address: false,
            past_minimum: false,
            has_extras: false,
        }
    }

    #[test]
    fn it_shows_what_a_plain_list_shows() {
        let mut random = Seed(3).stream(Purpose::Mix, 0);
        let mut by_id = InstancesById::default();
        // Account, time of launch, and of the end.
        let mut plain: Vec<(u32, Time, Option<Time>)> = Vec::new();
        for step in 0..4_000_u64 {
            let now = Time::ZERO.after(Duration::from_seconds(step * 7));
            let alive: Vec<usize> = (0..plain.len()).filter(|id| plain[*id].2.is_none()).collect();
            if alive.len() > 20 || (!alive.is_empty() && random.below(2) == 0) {
                let id = alive[random.below(alive.len() as u64) as usize];
                plain[id].2 = Some(now);
                let tag = ("id".to_string(), id.to_string());
                by_id.keep_tags(InstanceId(id as u64), Tags::from([tag]));
                by_id.ended(&instance(id as u64, plain[id].0, State::Terminated, now));
            } else {
                let account = random.below(3) as u32;
                let id = plain.len() as u64;
                by_id.add(Slot(id as u32), &instance(id, account, State::Pending, now));
                plain.push((account, now, None));
            }
            let account = random.below(3) as u32;
            let from = random.below(plain.len() as u64 + 1);
            let is_shown = |id: &u64| {
                let (of, _, end) = plain[*id as usize];
                of == account && end.is_none_or(|end| now.since(end) < SHOWN)
            };
            let expected: Vec<u64> = (from..plain.len() as u64).filter(is_shown).collect();
            let is_found =
                |id: &InstanceId| plain[id.0 as usize].2.is_none() || by_id.find_ended(*id, now).is_some();
            let found = by_id.of_account(AccountId(account), InstanceId(from)).filter(is_found);
            assert_eq!(found.map(|id| id.0).collect::<Vec<_>>(), expected);
            for id in expected.into_iter().map(InstanceId) {
                let (slot, launched) = by_id.launched(id).unwrap();
                assert_eq!((u64::from(slot.0), launched), (id.0, plain[id.0 as usize].1));
                if let Some(ended) = by_id.find_ended(id, now) {
                    assert_eq!(ended.tags["id"], id.0.to_string());
                }
            }
        }
        assert!(by_id.ended.len() < 600, "those that ended long ago are dropped: {}", by_id.ended.len());
        assert_eq!(by_id.launched(InstanceId(u64::MAX)), None);
    }
}
