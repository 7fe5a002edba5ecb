//! Probes: the path of a packet from one end to the other, and the rule or connection that decides.
//!
//! The source's egress rules and the destination's ingress rules both have to let it pass; an end outside has no
//! rules. Each interface remembers the conversations it let pass ([`super::tracking`]) and lets their packets pass
//! both ways, also once the rule is revoked. It does not remember TCP and UDP that one of its rules lets pass for
//! 0.0.0.0/0 while another lets everything of the protocol pass the other way for 0.0.0.0/0: those replies pass by
//! that rule, and the conversation ends at once when a rule goes (EC2 user guide, "Untracked connections").

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::SecurityGroups;
use super::direction::Direction;
use super::group::{OtherEnd, SecurityGroup};
use super::member::{Endpoint, Member, MemberId};
use super::packet::Packet;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{RuleId, SecurityGroupId, Time};

/// A packet from one end to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    /// Sender.
    pub from: Endpoint,
    /// Receiver.
    pub to: Endpoint,
    /// Packet that is sent.
    pub packet: Packet,
}

/// Reason that a packet passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// A rule; of several, the one with the lowest number.
    Rule(RuleId),
    /// A tracked connection.
    Flow,
}

/// Outcome of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProbeOutcome {
    /// Arrival. The reason is that of the last interface on its way.
    Allowed {
        /// Reason that it passed there.
        by: By,
    },
    /// No rule lets it pass.
    Refused {
        /// Egress at the source, or ingress at the destination.
        side: Direction,
    },
    /// The ends are in different VPCs, between which private addresses have no route.
    Unreachable,
}

impl ProbeOutcome {
    /// Returns the reason that it does not arrive; `None` if it does.
    pub fn reason(self) -> Option<FailureReason> {
        match self {
            ProbeOutcome::Allowed { .. } => None,
            ProbeOutcome::Refused { .. } => Some(Failure::EniSgRulesMismatch.into()),
            ProbeOutcome::Unreachable => Some(Failure::NoRouteToDestination.into()),
        }
    }
}

/// Number of probes by the reason that decided, each probe once.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Decisions {
    /// Allowed by a rule, which may be revoked by now.
    pub by_rule: BTreeMap<RuleId, u64>,
    /// Allowed by a tracked connection.
    pub by_flow: u64,
    /// Refused, by side and the groups of the interface there in the order of their numbers.
    pub refused: BTreeMap<(Direction, Vec<SecurityGroupId>), u64>,
    /// Without a route.
    pub unreachable: u64,
}

/// An interface on the way of a packet.
#[derive(Clone, Copy)]
struct Side {
    direction: Direction,
    id: MemberId,
    /// Other end of the conversation; a private address of an interface is that interface.
    other: Endpoint,
    /// Its address; `None` for an interface without one in particular.
    other_address: Option<Ipv4Addr>,
}

impl Side {
    /// Returns the endpoint that a tracked connection is stored with: EC2 tracks addresses, not their holders.
    fn with(&self) -> Endpoint {
        self.other_address.map_or(self.other, Endpoint::Address)
    }
}

impl SecurityGroups {
    /// Sends a packet and counts the decision. Refused as a request if an end is no existing interface, or
    /// if no interface is between the ends: two addresses, or one interface twice.
    pub fn probe(&mut self, now: Time, probe: Probe) -> Result<ProbeOutcome, FailureReason> {
        let verdict = match self.way(&probe)? {
            Some(sides) => self.pass(now, &probe.packet, sides),
            None => ProbeOutcome::Unreachable,
        };
        match verdict {
            ProbeOutcome::Allowed { by: By::Rule(rule) } => {
                *self.decisions.by_rule.entry(rule).or_default() += 1
            }
            ProbeOutcome::Allowed { by: By::Flow } => self.decisions.by_flow += 1,
            ProbeOutcome::Refused { .. } => {}
            ProbeOutcome::Unreachable => self.decisions.unreachable += 1,
        }
        Ok(verdict)
    }

    /// Returns what decided the probes so far.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Counts of decisions begin anew: the warm-up is over.
    pub fn begin_window(&mut self) {
        self.decisions = Decisions::default();
    }

    /// Returns the interfaces a packet passes, or `None` where there is no route.
    fn way(&self, probe: &Probe) -> Result<Option<[Option<Side>; 2]>, FailureReason> {
        let from = self.located(probe.from, probe.to)?;
        let to = self.located(probe.to, probe.from)?;
        if from == to || !matches!((from, to), (Endpoint::Member(_), _) | (_, Endpoint::Member(_))) {
            return Err(Failure::InvalidParameterValue.into());
        }
        if let (Endpoint::Member(a), Endpoint::Member(b)) = (from, to)
            && self.member(a)?.owner.vpc != self.member(b)?.owner.vpc
        {
            return Ok(None);
        }
        let side = |direction, end, other, named| match end {
            Endpoint::Address(_) => None,
            Endpoint::Member(id) => Some(Side { direction, id, other, other_address: self.address(named) }),
        };
        Ok(Some([
            side(Direction::Egress, from, to, probe.to),
            side(Direction::Ingress, to, from, probe.from),
        ]))
    }

    /// Resolves an end: an address may be that of an interface in the VPC of the `other` end.
    fn located(&self, end: Endpoint, other: Endpoint) -> Result<Endpoint, FailureReason> {
        match (end, other) {
            (Endpoint::Member(id), _) => self.member(id).map(|_| end),
            (Endpoint::Address(_), Endpoint::Address(_)) => Ok(end),
            (Endpoint::Address(address), Endpoint::Member(other)) => {
                let at = self.members.at(self.member(other)?.owner.vpc, address);
                Ok(at.map_or(end, Endpoint::Member))
            }
        }
    }

    /// Returns the address an end is seen under: the one named, or the interface's first.
    fn address(&self, named: Endpoint) -> Option<Ipv4Addr> {
        match named {
            Endpoint::Address(address) => Some(address),
            Endpoint::Member(id) => self.members.get(id)?.addresses.first().copied(),
        }
    }

    fn member(&self, id: MemberId) -> Result<&Member, FailureReason> {
        self.members.get(id).ok_or_else(|| {
            match id {
                MemberId::Instance(_) => Failure::InvalidInstanceIdNotFound,
                MemberId::Interface(_) => Failure::InvalidNetworkInterfaceIdNotFound,
            }
            .into()
        })
    }

    fn pass(&mut self, now: Time, packet: &Packet, sides: [Option<Side>; 2]) -> ProbeOutcome {
        let mut passed = None;
        for side in sides.iter().flatten() {
            let Some(by) = self.deciding(now, packet, side) else {
                let groups = self.members.get(side.id).map_or_else(Vec::new, |member| member.groups.clone());
                *self.decisions.refused.entry((side.direction, groups)).or_default() += 1;
                return ProbeOutcome::Refused { side: side.direction };
            };
            passed = Some(by);
        }
        // Only what arrives begins a conversation, so nothing is remembered before both sides have agreed.
        for side in sides.iter().flatten() {
            self.track(now, packet, side);
        }
        ProbeOutcome::Allowed { by: passed.expect("an interface is on every way") }
    }

    /// Returns what lets the packet pass at one interface.
    fn deciding(&self, now: Time, packet: &Packet, side: &Side) -> Option<By> {
        let about = packet.conversation(side.direction);
        if about.is_some_and(|about| self.tracking.knows(now, side.id, side.with(), about)) {
            return Some(By::Flow);
        }
        let groups = match side.other {
            Endpoint::Member(other) => self.members.get(other).map_or(&[][..], |member| &member.groups),
            Endpoint::Address(_) => &[],
        };
        let other = OtherEnd { address: side.other_address, groups };
        let rules = self.groups_of(side.id).filter_map(|group| group.passing(side.direction, packet, other));
        rules.min().map(By::Rule)
    }

    /// Remembers the conversation of a packet that passed.
    fn track(&mut self, now: Time, packet: &Packet, side: &Side) {
        let Some(about) = packet.conversation(side.direction) else { return };
        let (id, with) = (side.id, side.with());
        if self.tracking.knows(now, id, with, about) {
            self.tracking.carry(now, id, with, about, side.direction);
        } else if packet.opens() && !self.is_untracked(packet, side) {
            self.tracking.open(now, id, with, about, side.direction);
        }
    }

    /// Returns true if the conversation passes by rules alone, so that nothing needs to be remembered. The packet may as well
    /// be a reply in it, which must not make it a tracked one.
    fn is_untracked(&self, packet: &Packet, side: &Side) -> bool {
        let begun_by = |packet: &Packet, direction: Direction| {
            self.groups_of(side.id).any(|group| group.passes_anyone(direction, packet))
                && self.groups_of(side.id).any(|group| group.passes_any_port(direction.reverse(), packet))
        };
        matches!(packet, Packet::Tcp { .. } | Packet::Udp { .. })
            && (begun_by(packet, side.direction)
                || packet.replied_to().is_some_and(|first| begun_by(&first, side.direction.reverse())))
    }

    fn groups_of(&self, id: MemberId) -> impl Iterator<Item = &SecurityGroup> {
        let ids = self.members.get(id).map_or(&[][..], |member| &member.groups);
        ids.iter().map(|&id| self.group(id).expect("a group with members is not deleted"))
    }
}
