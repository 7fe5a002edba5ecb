//! A rule of a security group: the traffic that it allows, and the peer. Every rule is valid by its type;
//! [`Traffic::new`] refuses invalid ones.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::cell::{PeerName, Ports, Protocol};
use super::direction::Malformed;
use super::packet::Packet;
use plimsoll_base::units::{RuleId, SecurityGroupId};

/// The traffic a rule lets pass, in EC2's form: a protocol given by the number 1, 6 or 17 is `icmp`, `tcp` or `udp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Traffic {
    /// All protocols, all ports.
    All,
    /// TCP to the ports from the first to the second, both included.
    Tcp(u16, u16),
    /// UDP to the ports from the first to the second, both included.
    Udp(u16, u16),
    /// ICMP of a type and code; `None` is any. A code needs its type.
    Icmp(Option<u8>, Option<u8>),
    /// Another protocol by its number (IANA, "Assigned Internet Protocol Numbers"), all ports.
    Other(u8),
}

impl Traffic {
    /// Returns what a protocol and ports stand for. TCP and UDP need ports, ICMP needs a type
    /// (`AuthorizeSecurityGroupIngress`, "IpPermissions"). Where EC2 covers all ports whatever ports are named,
    /// naming some is refused: it cannot be meant.
    pub fn new(protocol: Protocol, ports: Option<Ports>) -> Result<Traffic, Malformed> {
        match protocol {
            Protocol::Tcp => port_range(ports).map(|(first, last)| Traffic::Tcp(first, last)),
            Protocol::Udp => port_range(ports).map(|(first, last)| Traffic::Udp(first, last)),
            Protocol::Icmp => type_and_code(ports).map(|(kind, code)| Traffic::Icmp(kind, code)),
            Protocol::All | Protocol::Other(_) if !matches!(ports, None | Some(Ports::Any)) => {
                Err(Malformed("the protocol covers all ports, so none may be named"))
            }
            Protocol::All => Ok(Traffic::All),
            Protocol::Other(number) => Ok(Traffic::Other(number)),
        }
    }

    /// Returns true if `packet` is such traffic.
    pub fn covers(self, packet: &Packet) -> bool {
        match (self, *packet) {
            (Traffic::All, _) => true,
            (Traffic::Tcp(first, last), Packet::Tcp { to, .. })
            | (Traffic::Udp(first, last), Packet::Udp { to, .. }) => (first..=last).contains(&to),
            (Traffic::Icmp(kind, code), Packet::Icmp { kind: sent_kind, code: sent_code, .. }) => {
                kind.is_none_or(|kind| kind == sent_kind) && code.is_none_or(|code| code == sent_code)
            }
            (Traffic::Other(number), Packet::Other(sent)) => number == sent,
            _ => false,
        }
    }

    /// Returns true if it is all there can be of the protocol of `packet`, on any port.
    pub fn covers_protocol(self, packet: &Packet) -> bool {
        match (self, packet) {
            (Traffic::All, _) => true,
            (Traffic::Tcp(first, last), Packet::Tcp { .. })
            | (Traffic::Udp(first, last), Packet::Udp { .. }) => (first, last) == (0, u16::MAX),
            (Traffic::Icmp(kind, _), Packet::Icmp { .. }) => kind.is_none(),
            (Traffic::Other(number), Packet::Other(sent)) => number == *sent,
            _ => false,
        }
    }

    /// Returns its protocol.
    pub fn protocol(self) -> Protocol {
        match self {
            Traffic::All => Protocol::All,
            Traffic::Tcp(..) => Protocol::Tcp,
            Traffic::Udp(..) => Protocol::Udp,
            Traffic::Icmp(..) => Protocol::Icmp,
            Traffic::Other(number) => Protocol::Other(number),
        }
    }

    /// Returns its ports, or ICMP type and code; `None` where the protocol covers them all.
    pub fn ports(self) -> Option<Ports> {
        match self {
            Traffic::All | Traffic::Other(_) => None,
            Traffic::Tcp(first, last) | Traffic::Udp(first, last) if first == last => Some(Ports::One(first)),
            Traffic::Tcp(first, last) | Traffic::Udp(first, last) => Some(Ports::Range(first, last)),
            Traffic::Icmp(None, _) => Some(Ports::Any),
            Traffic::Icmp(Some(kind), None) => Some(Ports::One(kind.into())),
            Traffic::Icmp(Some(kind), Some(code)) => Some(Ports::TypeAndCode(kind, code)),
        }
    }
}

fn port_range(ports: Option<Ports>) -> Result<(u16, u16), Malformed> {
    match ports {
        Some(Ports::One(port)) => Ok((port, port)),
        Some(Ports::Range(first, last)) if first <= last => Ok((first, last)),
        Some(Ports::Range(..)) => Err(Malformed("the first port is above the last")),
        Some(Ports::TypeAndCode(..)) => Err(Malformed("a type and code belong to `icmp` only")),
        None | Some(Ports::Any) => {
            Err(Malformed("`tcp` and `udp` need a port or a range; all ports are `0-65535`"))
        }
    }
}

fn type_and_code(ports: Option<Ports>) -> Result<(Option<u8>, Option<u8>), Malformed> {
    match ports {
        Some(Ports::Any) => Ok((None, None)),
        Some(Ports::One(kind)) => {
            let kind = u8::try_from(kind).map_err(|_| Malformed("an ICMP type is from 0 to 255"))?;
            Ok((Some(kind), None))
        }
        Some(Ports::TypeAndCode(kind, code)) => Ok((Some(kind), Some(code))),
        Some(Ports::Range(..)) => Err(Malformed("`icmp` takes a type, or type and code as in `8/0`")),
        None => Err(Malformed("`icmp` needs a type, or type and code as in `8/0`; any type is `-1`")),
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.protocol().fmt(out)?;
        self.ports().map_or(Ok(()), |ports| write!(out, " {ports}"))
    }
}

/// Source or destination of a rule: the peers that it lets in, or lets the interface reach.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Peer {
    /// The addresses of a network, its first address in front.
    Cidr(Ipv4Net),
    /// The private addresses of the members of a group, which may be the rule's own.
    Group(SecurityGroupId),
}

impl Peer {
    /// Every address.
    pub const ANYWHERE: Peer = Peer::Cidr(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));

    /// Returns the peer of a name, given the rule's own group and what a group's name stands for.
    pub fn named<E>(
        name: &PeerName,
        own: SecurityGroupId,
        group: impl FnOnce(&str) -> Result<SecurityGroupId, E>,
    ) -> Result<Peer, E> {
        match name {
            PeerName::Cidr(net) => Ok(Peer::Cidr(*net)),
            PeerName::Itself => Ok(Peer::Group(own)),
            PeerName::Group(name) => group(name).map(Peer::Group),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Cidr(net) => net.fmt(out),
            Peer::Group(group) => write!(out, "sg-{group}"),
        }
    }
}

/// Traffic and peer of a rule. EC2's `IpPermission`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Permission {
    /// Traffic that may pass.
    pub traffic: Traffic,
    /// Source of an ingress rule, destination of an egress rule.
    pub peer: Peer,
}

impl Permission {
    /// Everything to or from everywhere: the egress rule a new group begins with (`CreateSecurityGroup`).
    pub const EVERYTHING: Permission = Permission { traffic: Traffic::All, peer: Peer::ANYWHERE };
}

/// A rule of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Its own id.
    pub id: RuleId,
    /// Traffic and peer.
    pub permission: Permission,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn malformed(protocol: Protocol, ports: Option<Ports>) -> &'static str {
        Traffic::new(protocol, ports).unwrap_err().0
    }

    #[test]
    fn port_0_is_a_port() {
        let zero = Traffic::new(Protocol::Tcp, Some(Ports::One(0))).unwrap();
        assert_eq!(zero, Traffic::Tcp(0, 0));
        assert!(zero.covers(&Packet::Tcp { from: None, to: 0 }));
        assert!(!zero.covers(&Packet::Tcp { from: None, to: 1 }));
        let low = Traffic::new(Protocol::Udp, Some(Ports::Range(0, 1023))).unwrap();
        assert!(
            low.covers(&Packet::Udp { from: Some(0), to: 0 })
                && !low.covers(&Packet::Tcp { from: None, to: 0 })
        );
    }

    #[test]
    fn protocol_and_ports_go_together_or_are_malformed() {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            assert!(malformed(protocol, None).contains("need a port"));
            assert!(malformed(protocol, Some(Ports::Any)).contains("`0-65535`"));
            assert!(malformed(protocol, Some(Ports::Range(2, 1))).contains("above the last"));
            assert!(malformed(protocol, Some(Ports::TypeAndCode(8, 0))).contains("`icmp` only"));
        }
        assert!(malformed(Protocol::All, Some(Ports::One(0))).contains("covers all ports"));
        assert!(malformed(Protocol::Other(50), Some(Ports::Range(1, 2))).contains("covers all ports"));
        assert!(malformed(Protocol::Icmp, None).contains("needs a type"));
        assert!(malformed(Protocol::Icmp, Some(Ports::One(256))).contains("0 to 255"));
        assert!(malformed(Protocol::Icmp, Some(Ports::Range(8, 9))).contains("type and code"));
        assert_eq!(Traffic::new(Protocol::All, Some(Ports::Any)), Ok(Traffic::All));
        assert_eq!(Traffic::new(Protocol::Other(50), None), Ok(Traffic::Other(50)));
    }

    #[test]
    fn icmp_goes_by_type_and_code() {
        let sent = |kind, code| Packet::Icmp { kind, code, id: None };
        let covers =
            |ports, packet: Packet| Traffic::new(Protocol::Icmp, Some(ports)).unwrap().covers(&packet);
        assert!(covers(Ports::Any, sent(3, 4)));
        assert!(covers(Ports::One(3), sent(3, 4)) && !covers(Ports::One(8), sent(3, 4)));
        assert!(
            covers(Ports::TypeAndCode(3, 4), sent(3, 4)) && !covers(Ports::TypeAndCode(3, 0), sent(3, 4))
        );
    }
}
