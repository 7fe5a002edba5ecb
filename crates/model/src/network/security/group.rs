//! A security group: its rules, and the one that allows a packet.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

use super::direction::Direction;
use super::packet::Packet;
use super::rule::{Peer, Rule};
use plimsoll_base::units::{AccountId, RuleId, SecurityGroupId};

/// A VPC, numbered by the caller; each copy of a VPC has a number of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Vpc(pub u32);

/// Owner of a group or interface: an account, in a VPC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// The VPC.
    pub vpc: Vpc,
}

/// The other end of traffic as rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtherEnd<'a> {
    /// Its address; `None` for an interface without one in particular.
    pub address: Option<Ipv4Addr>,
    /// The groups it is in, if it is an interface of the same VPC.
    pub groups: &'a [SecurityGroupId],
}

/// A security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Account and VPC that it belongs to.
    pub owner: Owner,
    /// Its name, unique in account and VPC.
    pub name: String,
    /// Rules for incoming traffic, in the order of their numbers.
    ingress: Vec<Rule>,
    /// Rules for outgoing traffic, in the order of their numbers.
    egress: Vec<Rule>,
    /// Number of interfaces in it.
    pub(super) members: u64,
    /// Number of rules of other groups that refer to it.
    pub(super) referrers: u64,
}

impl SecurityGroup {
    /// Returns a group without rules.
    pub(super) fn new(id: SecurityGroupId, owner: Owner, name: &str) -> SecurityGroup {
        SecurityGroup {
            id,
            owner,
            name: name.to_string(),
            ingress: Vec::new(),
            egress: Vec::new(),
            members: 0,
            referrers: 0,
        }
    }

    /// Returns its rules of a direction, in the order of their numbers.
    pub fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    pub(super) fn rules_mut(&mut self, direction: Direction) -> &mut Vec<Rule> {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }

    /// Returns how many interfaces are in it.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// Returns the other groups its rules refer to, one for each rule.
    pub(super) fn references(&self) -> impl Iterator<Item = SecurityGroupId> {
        let peers = self.ingress.iter().chain(&self.egress).map(|rule| rule.permission.peer);
        peers
            .filter_map(|peer| if let Peer::Group(group) = peer { Some(group) } else { None })
            .filter(|group| *group != self.id)
    }

    /// Returns the first of its rules that lets the packet pass to or from the other end.
    pub(super) fn passing(&self, direction: Direction, packet: &Packet, other: OtherEnd) -> Option<RuleId> {
        let lets_pass =
            |rule: &&Rule| rule.permission.traffic.covers(packet) && is_peer(rule.permission.peer, other);
        self.rules(direction).iter().find(lets_pass).map(|rule| rule.id)
    }

    /// Returns true if one of its rules lets the packet pass whatever the other end.
    pub(super) fn passes_anyone(&self, direction: Direction, packet: &Packet) -> bool {
        self.open_rules(direction).any(|rule| rule.permission.traffic.covers(packet))
    }

    /// Returns true if one of its rules lets everything of the packet's protocol pass whatever the other end.
    pub(super) fn passes_any_port(&self, direction: Direction, packet: &Packet) -> bool {
        self.open_rules(direction).any(|rule| rule.permission.traffic.covers_protocol(packet))
    }

    fn open_rules(&self, direction: Direction) -> impl Iterator<Item = &Rule> {
        self.rules(direction).iter().filter(|rule| rule.permission.peer == Peer::ANYWHERE)
    }
}

/// Returns true if a rule means the other end. An end without an address is only in the network of all addresses.
fn is_peer(peer: Peer, other: OtherEnd) -> bool {
    match peer {
        Peer::Cidr(net) => other.address.map_or(net.prefix_len() == 0, |address| net.contains(&address)),
        Peer::Group(group) => other.groups.contains(&group),
    }
}
