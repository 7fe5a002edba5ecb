//! Security groups: their rules, the interfaces in them, and decisions on traffic.
//!
//! Names are unique per account and VPC, ids are numbers in order. A refused call changes nothing.

mod cell;
mod config;
mod direction;
mod group;
mod member;
mod packet;
mod probe;
mod rule;
#[cfg(test)]
mod tests;
mod tracking;

pub use cell::{PeerName, Ports, Protocol, parse_peer, parse_ports, parse_protocol};
pub use config::{
    EgressRuleConfig, IngressRuleConfig, SecurityConfig, SecurityGroupConfig, SecurityGroupLimits,
};
pub use direction::{Direction, Malformed};
pub use group::{Owner, SecurityGroup, Vpc};
pub use member::{Endpoint, Member, MemberId};
pub use packet::Packet;
pub use probe::{By, Decisions, Probe, ProbeOutcome};
pub use rule::{Peer, Permission, Rule, Traffic};
pub use tracking::TrackingIdle;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use config::Template;
use member::Members;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::input::InputError;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, RuleId, SecurityGroupId};
use tracking::Tracking;

/// The name of the group every account has in every VPC it uses.
pub const DEFAULT_GROUP: &str = "default";

/// The longest name \[characters\] (`CreateSecurityGroup`, "GroupName").
const NAME_MOST: usize = 255;

/// Returns the owners that are VPCs of an account.
fn owned_by(account: AccountId) -> RangeInclusive<Owner> {
    Owner { account, vpc: Vpc(0) }..=Owner { account, vpc: Vpc(u32::MAX) }
}

/// All security groups of a run.
#[derive(Clone, Debug)]
pub struct SecurityGroups {
    limits: SecurityGroupLimits,
    templates: Vec<Template>,
    /// By id; `None` for a deleted one.
    groups: Vec<Option<SecurityGroup>>,
    /// The groups of each account and VPC by name.
    names: BTreeMap<Owner, BTreeMap<String, SecurityGroupId>>,
    members: Members,
    tracking: Tracking,
    decisions: Decisions,
    next_rule: RuleId,
}

persist! { SecurityGroups {
    values: [groups, names, members, decisions, next_rule],
    nested: [tracking],
    derived: [limits, templates],
} }

impl SecurityGroups {
    /// Returns what a scenario describes, given the names of its VPCs.
    pub fn new(config: SecurityConfig, vpcs: &[&str]) -> Result<SecurityGroups, InputError> {
        Ok(SecurityGroups {
            templates: config.resolve(vpcs).map_err(InputError)?,
            limits: *config.limits,
            groups: Vec::new(),
            names: BTreeMap::new(),
            members: Members::default(),
            tracking: Tracking::new(*config.tracking_idle),
            decisions: Decisions::default(),
            next_rule: RuleId::default(),
        })
    }

    /// Makes the groups of an account that begins to use a VPC: its `default` group is made and those of the scenario.
    /// Called before any other call about the owner. A default group lets in what its members send, and out everything
    /// (VPC user guide, "Default security groups").
    pub fn open(&mut self, owner: Owner, account: &str, vpc: &str) {
        if self.names.contains_key(&owner) {
            return;
        }
        let default = self.add(owner, DEFAULT_GROUP);
        let from_itself = Permission { traffic: Traffic::All, peer: Peer::Group(default) };
        self.add_rule(default, Direction::Ingress, from_itself);
        self.add_rule(default, Direction::Egress, Permission::EVERYTHING);
        let templates: Vec<Template> =
            self.templates.iter().filter(|template| template.is_for(account, vpc)).cloned().collect();
        // All of them first: a rule may refer to a later one.
        for template in &templates {
            self.add(owner, &template.name);
        }
        for template in &templates {
            let group = self.find(owner, &template.name).expect("it was just made");
            for (direction, traffic, peer) in &template.rules {
                let peer = Peer::named(peer, group, |name| self.find(owner, name));
                let peer = peer.expect("a scenario's rule refers to a group of its account and VPC");
                self.add_rule(group, *direction, Permission { traffic: *traffic, peer });
            }
        }
    }

    /// Makes a group that allows no traffic in and all traffic out (`CreateSecurityGroup`).
    pub fn create(&mut self, owner: Owner, name: &str) -> Result<SecurityGroupId, FailureReason> {
        if name.is_empty() || name.chars().count() > NAME_MOST || name.starts_with("sg-") {
            return Err(Failure::InvalidParameterValue.into());
        }
        if self.of_owner(owner).contains_key(name) {
            return Err(Failure::InvalidGroupDuplicate.into());
        }
        let (most, has) = (u64::from(self.limits.groups_per_account), self.count(owner.account));
        if has >= most {
            return Err(Failure::SecurityGroupLimitExceeded.because(LimitKind::QuotaSecurityGroups, 1, 0));
        }
        let id = self.add(owner, name);
        self.add_rule(id, Direction::Egress, Permission::EVERYTHING);
        Ok(id)
    }

    /// Deletes a group that no interface is in and no other group refers to (`DeleteSecurityGroup`). The default group
    /// cannot be deleted.
    pub fn delete(&mut self, id: SecurityGroupId) -> Result<(), FailureReason> {
        let group = self.group(id)?;
        if group.name == DEFAULT_GROUP {
            return Err(Failure::InvalidParameterValue.into());
        }
        if group.members > 0 || group.referrers > 0 {
            return Err(Failure::DependencyViolation.into());
        }
        let group = self.groups[id.index()].take().expect("it is there");
        self.names.get_mut(&group.owner).expect("it has an owner").remove(&group.name);
        for other in group.references() {
            self.existing(other).referrers -= 1;
        }
        Ok(())
    }

    /// Adds a rule and returns its id (`AuthorizeSecurityGroupIngress`, `AuthorizeSecurityGroupEgress`). A group it
    /// refers to must be of the same VPC.
    pub fn authorize(
        &mut self,
        id: SecurityGroupId,
        direction: Direction,
        permission: Permission,
    ) -> Result<RuleId, FailureReason> {
        let group = self.group(id)?;
        if let Peer::Group(peer) = permission.peer
            && self.group(peer)?.owner.vpc != group.owner.vpc
        {
            return Err(Failure::InvalidGroupNotFound.into());
        }
        let rules = group.rules(direction);
        if rules.iter().any(|rule| rule.permission == permission) {
            return Err(Failure::InvalidPermissionDuplicate.into());
        }
        if rules.len() >= self.limits.rules_per_direction as usize {
            return Err(Failure::RulesPerSecurityGroupLimitExceeded.because(LimitKind::RulesPerGroup, 1, 0));
        }
        Ok(self.add_rule(id, direction, permission))
    }

    /// Takes a rule out by what it says and returns its id (`RevokeSecurityGroupIngress`,
    /// `RevokeSecurityGroupEgress`). Tracked connections go on.
    pub fn revoke(
        &mut self,
        id: SecurityGroupId,
        direction: Direction,
        permission: Permission,
    ) -> Result<RuleId, FailureReason> {
        let rules = self.group(id)?.rules(direction);
        let rule = rules.iter().find(|rule| rule.permission == permission).map(|rule| rule.id);
        let rule = rule.ok_or(Failure::InvalidPermissionNotFound)?;
        self.revoke_rule(id, direction, rule).map(|()| rule)
    }

    /// Takes a rule out by its id.
    pub fn revoke_rule(
        &mut self,
        id: SecurityGroupId,
        direction: Direction,
        rule: RuleId,
    ) -> Result<(), FailureReason> {
        let position = self.group(id)?.rules(direction).binary_search_by_key(&rule, |rule| rule.id);
        let position = position.map_err(|_| Failure::InvalidPermissionNotFound)?;
        let removed = self.existing(id).rules_mut(direction).remove(position);
        if let Peer::Group(peer) = removed.permission.peer
            && peer != id
        {
            self.existing(peer).referrers -= 1;
        }
        Ok(())
    }

    /// Returns the groups an interface gets that asks for these, in the order of their numbers: asking for none, the default
    /// group. They must be the owner's, each named once, and not too many.
    pub fn chosen(
        &self,
        owner: Owner,
        groups: &[SecurityGroupId],
    ) -> Result<Vec<SecurityGroupId>, FailureReason> {
        if groups.is_empty() {
            return Ok(vec![self.find(owner, DEFAULT_GROUP).expect("the owner's VPC is open")]);
        }
        for &id in groups {
            let of = self.group(id)?.owner;
            if of.account != owner.account {
                return Err(Failure::InvalidGroupNotFound.into());
            }
            // EC2's own words: "Security group and subnet belong to different networks".
            if of.vpc != owner.vpc {
                return Err(Failure::InvalidParameterCombination.into());
            }
        }
        let mut sorted = groups.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Failure::InvalidParameterValue.into());
        }
        let most = self.limits.groups_per_interface;
        if groups.len() > most as usize {
            let (failure, bound) =
                (Failure::SecurityGroupsPerInstanceLimitExceeded, LimitKind::GroupsPerInterface);
            return Err(failure.because(bound, groups.len() as u64, most.into()));
        }
        Ok(sorted)
    }

    /// Adds an interface with these groups or the default one. Its addresses follow with [`SecurityGroups::assign`].
    pub fn join(
        &mut self,
        member: MemberId,
        owner: Owner,
        groups: &[SecurityGroupId],
    ) -> Result<(), FailureReason> {
        let groups = self.chosen(owner, groups)?;
        for &id in &groups {
            self.existing(id).members += 1;
        }
        self.members.insert(member, owner, groups);
        Ok(())
    }

    /// Removes an interface with its addresses and its tracked connections.
    pub fn leave(&mut self, member: MemberId) {
        for id in self.members.remove(member).groups {
            self.existing(id).members -= 1;
        }
        self.tracking.forget(member);
    }

    /// Gives an interface that joined other groups (`ModifyInstanceAttribute`, `ModifyNetworkInterfaceAttribute`), at
    /// least one. Tracked connections go on.
    pub fn change_groups(
        &mut self,
        member: MemberId,
        groups: &[SecurityGroupId],
    ) -> Result<(), FailureReason> {
        let owner = self.members.get(member).expect("the interface has joined").owner;
        if groups.is_empty() {
            return Err(Failure::MissingParameter.into());
        }
        let groups = self.chosen(owner, groups)?;
        for &id in &groups {
            self.existing(id).members += 1;
        }
        for id in self.members.replace_groups(member, groups) {
            self.existing(id).members -= 1;
        }
        Ok(())
    }

    /// Adds a private address to an interface, which no other of its VPC has. It sends from its first address.
    pub fn assign(&mut self, member: MemberId, address: Ipv4Addr) {
        self.members.assign(member, address);
    }

    /// Removes a private address from an interface.
    pub fn unassign(&mut self, member: MemberId, address: Ipv4Addr) {
        self.members.unassign(member, address);
    }

    /// Returns the group of a name.
    pub fn find(&self, owner: Owner, name: &str) -> Result<SecurityGroupId, FailureReason> {
        let found = self.names.get(&owner).and_then(|names| names.get(name));
        found.copied().ok_or_else(|| Failure::InvalidGroupNotFound.into())
    }

    /// Returns the groups of an account that have a name, one in each VPC at most.
    pub fn named(&self, account: AccountId, name: &str) -> impl Iterator<Item = &SecurityGroup> {
        let of_vpc = self.names.range(owned_by(account)).filter_map(move |(_, names)| names.get(name));
        of_vpc.filter_map(|id| self.group(*id).ok())
    }

    /// Returns the groups of an account, in all its VPCs, in the order of their numbers.
    pub fn of_account(&self, account: AccountId) -> Vec<&SecurityGroup> {
        let ids = self.names.range(owned_by(account)).flat_map(|(_, names)| names.values());
        let mut groups: Vec<&SecurityGroup> = ids.filter_map(|id| self.group(*id).ok()).collect();
        groups.sort_by_key(|group| group.id);
        groups
    }

    /// Returns the peer of a name in a rule of a group.
    pub fn peer(&self, id: SecurityGroupId, name: &PeerName) -> Result<Peer, FailureReason> {
        let owner = self.group(id)?.owner;
        Peer::named(name, id, |name| self.find(owner, name))
    }

    /// Returns a group by its id.
    pub fn group(&self, id: SecurityGroupId) -> Result<&SecurityGroup, FailureReason> {
        let group = self.groups.get(id.index()).and_then(Option::as_ref);
        group.ok_or_else(|| Failure::InvalidGroupNotFound.into())
    }

    /// Returns the groups of an interface; `None` where it has not joined any yet and is in the default one.
    pub fn joined(&self, member: MemberId) -> Option<&[SecurityGroupId]> {
        self.members.get(member).map(|member| member.groups.as_slice())
    }

    /// Returns the groups there are, in the order of their numbers.
    pub fn groups(&self) -> impl Iterator<Item = &SecurityGroup> {
        self.groups.iter().flatten()
    }

    /// Returns true if no group has a member: every member that joined has left.
    pub fn is_without_members(&self) -> bool {
        self.groups().all(|group| group.members == 0)
    }

    fn of_owner(&self, owner: Owner) -> &BTreeMap<String, SecurityGroupId> {
        self.names.get(&owner).expect("an account's VPC is opened before it is used")
    }

    /// Returns how many groups an account has, in all its VPCs (VPC user guide, "Amazon VPC quotas").
    pub fn count(&self, account: AccountId) -> u64 {
        self.names.range(owned_by(account)).map(|(_, names)| names.len() as u64).sum()
    }

    fn add(&mut self, owner: Owner, name: &str) -> SecurityGroupId {
        let id = SecurityGroupId(u32::try_from(self.groups.len()).expect("fewer than 2³² groups"));
        self.groups.push(Some(SecurityGroup::new(id, owner, name)));
        let before = self.names.entry(owner).or_default().insert(name.to_string(), id);
        assert!(before.is_none(), "a group's name twice");
        id
    }

    fn add_rule(&mut self, id: SecurityGroupId, direction: Direction, permission: Permission) -> RuleId {
        let rule = self.next_rule;
        self.next_rule = RuleId(rule.0.checked_add(1).expect("fewer than 2³² rules"));
        if let Peer::Group(peer) = permission.peer
            && peer != id
        {
            self.existing(peer).referrers += 1;
        }
        self.existing(id).rules_mut(direction).push(Rule { id: rule, permission });
        rule
    }

    fn existing(&mut self, id: SecurityGroupId) -> &mut SecurityGroup {
        self.groups[id.index()].as_mut().expect("a group in use is not deleted")
    }
}
