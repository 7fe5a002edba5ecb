//! Placement groups: their rules, and the hosts of their members. A member counts from its placement until
//! it gives its host back: while it is pending, running or stopping.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, PlacementGroupId, RackId, ZoneId};

/// Running instances a spread group may have in a zone (EC2 user guide, "Placement strategies": "a maximum
/// of seven running instances per Availability Zone per group").
pub const DEFAULT_MAX_PER_ZONE: u32 = 7;

/// Partitions a group may have in a zone (EC2 user guide, "Placement strategies": "a maximum of seven
/// partitions per Availability Zone").
pub const MAX_PARTITIONS: u16 = 7;

/// Rule of a group for the hosts of its members.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum GroupRule {
    /// Each member on a rack of its own.
    Spread {
        /// The most members in a zone \[instances\].
        max_per_zone: u32,
    },
    /// In partitions that share no rack: partition *p* has the racks whose number modulo the number of
    /// partitions is *p*.
    Partition {
        /// Number of partitions in a zone.
        partitions: u16,
    },
    /// In one zone, together: on the racks that hold members already, most members first.
    Cluster {
        /// Nowhere else while there are members; otherwise anywhere in the zone as a last resort.
        strict: bool,
    },
}

/// All placement groups of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Groups {
    groups: Vec<Group>,
    names: BTreeMap<AccountId, BTreeMap<String, PlacementGroupId>>,
    /// Groups that each account has of its own from its first use of the name on.
    of_everyone: BTreeMap<String, GroupRule>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Group {
    rule: GroupRule,
    /// Zones without members are left out.
    zones: BTreeMap<ZoneId, Members>,
    /// Instances that were launched into it and have not ended, stopped ones among them.
    enlisted: u32,
}

/// The members of a group in one zone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Members {
    /// Number of members \[instances\].
    pub count: u32,
    /// Number of members on each rack that has any \[instances\].
    pub by_rack: BTreeMap<RackId, u32>,
}

/// Members of a group in a zone without any.
static NO_MEMBERS: Members = Members { count: 0, by_rack: BTreeMap::new() };

impl Groups {
    /// Creates a group (`CreatePlacementGroup`). Names are unique in an account.
    pub fn create(
        &mut self,
        account: AccountId,
        name: &str,
        rule: GroupRule,
    ) -> Result<PlacementGroupId, FailureReason> {
        let names = self.names.entry(account).or_default();
        if names.contains_key(name) || self.of_everyone.contains_key(name) {
            return Err(Failure::InvalidPlacementGroupDuplicate.into());
        }
        let id = PlacementGroupId(self.groups.len() as u32);
        names.insert(name.to_string(), id);
        self.groups.push(Group { rule, zones: BTreeMap::new(), enlisted: 0 });
        Ok(id)
    }

    /// Gives every account a group of this name, at its first use of it.
    pub fn create_for_everyone(&mut self, name: &str, rule: GroupRule) {
        self.of_everyone.insert(name.to_string(), rule);
    }

    /// Returns the group that an account knows by a name.
    pub fn named(&mut self, account: AccountId, name: &str) -> Result<PlacementGroupId, FailureReason> {
        if let Some(id) = self.names.get(&account).and_then(|names| names.get(name)) {
            return Ok(*id);
        }
        let rule = *self.of_everyone.get(name).ok_or(Failure::InvalidPlacementGroupUnknown)?;
        let id = PlacementGroupId(self.groups.len() as u32);
        self.names.entry(account).or_default().insert(name.to_string(), id);
        self.groups.push(Group { rule, zones: BTreeMap::new(), enlisted: 0 });
        Ok(id)
    }

    /// Returns the groups of an account by name, those that it has not used yet left out.
    pub fn of_account(&self, account: AccountId) -> impl Iterator<Item = (&str, PlacementGroupId)> {
        let names = self.names.get(&account).into_iter().flatten();
        names.map(|(name, id)| (name.as_str(), *id))
    }

    /// Counts an instance that was launched into a group.
    pub fn enlist(&mut self, group: PlacementGroupId) {
        self.groups[group.index()].enlisted += 1;
    }

    /// Removes an instance of a group that has ended.
    pub fn dismiss(&mut self, group: PlacementGroupId) {
        self.groups[group.index()].enlisted -= 1;
    }

    /// Deletes a group by its name (`DeletePlacementGroup`: "You must terminate all instances in the placement group
    /// before you can delete the placement group").
    pub fn delete(&mut self, account: AccountId, name: &str) -> Result<(), FailureReason> {
        let id = self.named(account, name)?;
        if self.groups[id.index()].enlisted > 0 {
            return Err(Failure::InvalidPlacementGroupInUse.into());
        }
        self.names.entry(account).or_default().remove(name);
        Ok(())
    }

    /// Returns the rule of a group.
    pub fn rule(&self, group: PlacementGroupId) -> GroupRule {
        self.groups[group.index()].rule
    }

    /// Returns the members of a group in a zone.
    pub fn members(&self, group: PlacementGroupId, zone: ZoneId) -> &Members {
        self.groups[group.index()].zones.get(&zone).unwrap_or(&NO_MEMBERS)
    }

    /// Returns the zone that a cluster group is bound to, while it has members.
    pub fn bound_to(&self, group: PlacementGroupId) -> Option<ZoneId> {
        let Group { rule, zones, .. } = &self.groups[group.index()];
        let is_cluster = matches!(rule, GroupRule::Cluster { .. });
        zones.first_key_value().map(|(zone, _)| *zone).filter(|_| is_cluster)
    }

    /// Returns true if no group has members.
    pub fn are_without_members(&self) -> bool {
        self.groups.iter().all(|group| group.zones.is_empty() && group.enlisted == 0)
    }

    /// Panics unless these are all members, by group and zone, and on hosts that the rules allow.
    pub fn assert_conserved(&self, members: &BTreeMap<(PlacementGroupId, ZoneId), Members>) {
        let known = (0..)
            .map(PlacementGroupId)
            .zip(&self.groups)
            .flat_map(|(id, group)| group.zones.iter().map(move |(zone, members)| ((id, *zone), members)));
        assert!(known.eq(members.iter().map(|(key, members)| (*key, members))), "members were lost");
        for group in &self.groups {
            match group.rule {
                GroupRule::Spread { max_per_zone } => group.zones.values().for_each(|members| {
                    assert!(members.count <= max_per_zone, "too many members of a spread group");
                    assert!(members.by_rack.values().all(|count| *count == 1), "members share a rack");
                }),
                GroupRule::Cluster { .. } => assert!(group.zones.len() <= 1, "a cluster in two zones"),
                GroupRule::Partition { .. } => {}
            }
        }
    }

    /// Notes a member on a rack.
    pub(super) fn joined(&mut self, group: PlacementGroupId, zone: ZoneId, rack: RackId) {
        self.groups[group.index()].zones.entry(zone).or_default().join(rack);
    }

    /// Forgets a member on a rack.
    pub(super) fn left(&mut self, group: PlacementGroupId, zone: ZoneId, rack: RackId) {
        let zones = &mut self.groups[group.index()].zones;
        let members = zones.get_mut(&zone).expect("an instance that leaves a group was a member");
        let on_rack = members.by_rack.get_mut(&rack).expect("a member stood on the rack");
        *on_rack -= 1;
        if *on_rack == 0 {
            members.by_rack.remove(&rack);
        }
        members.count -= 1;
        if members.count == 0 {
            zones.remove(&zone);
        }
    }
}

impl Members {
    /// Counts one more on a rack.
    pub fn join(&mut self, rack: RackId) {
        self.count += 1;
        *self.by_rack.entry(rack).or_default() += 1;
    }

    /// Returns the partitions, that with fewest members first, then by number.
    pub fn partitions_emptiest_first(&self, partitions: u16) -> Vec<u16> {
        let mut counts = vec![0; usize::from(partitions)];
        for (rack, count) in &self.by_rack {
            counts[(rack.0 % u32::from(partitions)) as usize] += count;
        }
        let mut order: Vec<u16> = (0..partitions).collect();
        order.sort_by_key(|partition| counts[usize::from(*partition)]);
        order
    }

    /// Returns the racks that hold members, that with most first, then by number.
    pub fn racks_fullest_first(&self) -> Vec<RackId> {
        let mut racks: Vec<RackId> = self.by_rack.keys().copied().collect();
        racks.sort_by_key(|rack| Reverse(self.by_rack[rack]));
        racks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPREAD: GroupRule = GroupRule::Spread { max_per_zone: DEFAULT_MAX_PER_ZONE };

    #[test]
    fn a_name_belongs_to_an_account() {
        let mut groups = Groups::default();
        let (one, other) = (AccountId(1), AccountId(2));
        let id = groups.create(one, "db", SPREAD).unwrap();
        assert_eq!(groups.create(one, "db", SPREAD), Err(Failure::InvalidPlacementGroupDuplicate.into()));
        assert_ne!(groups.create(other, "db", SPREAD), Ok(id));
        assert_eq!(groups.named(one, "db"), Ok(id));
        assert_eq!(groups.named(one, "web"), Err(Failure::InvalidPlacementGroupUnknown.into()));
    }

    #[test]
    fn a_group_of_everyone_is_each_accounts_own() {
        let mut groups = Groups::default();
        groups.create_for_everyone("ring", GroupRule::Partition { partitions: 3 });
        let one = groups.named(AccountId(1), "ring").unwrap();
        assert_ne!(groups.named(AccountId(2), "ring"), Ok(one));
        assert_eq!(groups.named(AccountId(1), "ring"), Ok(one));
        assert_eq!(groups.rule(one), GroupRule::Partition { partitions: 3 });
    }

    #[test]
    fn a_group_with_members_is_not_deleted() {
        let mut groups = Groups::default();
        let id = groups.create(AccountId(0), "db", SPREAD).unwrap();
        groups.enlist(id);
        groups.joined(id, ZoneId(0), RackId(3));
        assert_eq!(groups.delete(AccountId(0), "db"), Err(Failure::InvalidPlacementGroupInUse.into()));
        // A stopped member has no host.
        groups.left(id, ZoneId(0), RackId(3));
        assert_eq!(groups.delete(AccountId(0), "db"), Err(Failure::InvalidPlacementGroupInUse.into()));
        groups.dismiss(id);
        assert_eq!(groups.delete(AccountId(0), "db"), Ok(()));
        assert_eq!(groups.named(AccountId(0), "db"), Err(Failure::InvalidPlacementGroupUnknown.into()));
    }

    #[test]
    fn partitions_and_racks_come_in_the_order_of_their_members() {
        let mut groups = Groups::default();
        let id = groups.create(AccountId(0), "g", GroupRule::Cluster { strict: true }).unwrap();
        for rack in [4, 7, 7, 2, 5] {
            groups.joined(id, ZoneId(1), RackId(rack));
        }
        let members = groups.members(id, ZoneId(1));
        assert_eq!(members.racks_fullest_first(), [7, 2, 4, 5].map(RackId));
        // Racks 4, 7, 7 are of partition 1 of 3, racks 2, 5 of partition 2.
        assert_eq!(members.partitions_emptiest_first(3), [0, 2, 1]);
        assert_eq!(groups.bound_to(id), Some(ZoneId(1)));
        assert_eq!(groups.members(id, ZoneId(0)), &Members::default());
    }
}
