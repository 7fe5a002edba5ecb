//! Packets of probes: the protocol with its ports, and the key of the conversation that a packet belongs to.

use serde::{Deserialize, Serialize};

use super::cell::{Ports, Protocol};
use super::direction::{Direction, Malformed};

/// A packet.
///
/// Its source port, or identifier of an ICMP query, names the conversation it is part of. A packet without one begins
/// a conversation of its own that no later packet belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Packet {
    /// TCP.
    Tcp {
        /// Source port.
        from: Option<u16>,
        /// Destination port.
        to: u16,
    },
    /// UDP.
    Udp {
        /// Source port.
        from: Option<u16>,
        /// Destination port.
        to: u16,
    },
    /// ICMP.
    Icmp {
        /// Type (IANA, "ICMP Type Numbers").
        kind: u8,
        /// Code of the type.
        code: u8,
        /// Identifier of a query or reply.
        id: Option<u16>,
    },
    /// Another protocol by its number. Of these EC2 tracks addresses and number alone.
    Other(u8),
}

impl Packet {
    /// Returns a packet of a protocol to a port, or of an ICMP type (code 0 where none is named); `from` is the source port or
    /// the ICMP identifier.
    pub fn new(protocol: Protocol, ports: Option<Ports>, from: Option<u16>) -> Result<Packet, Malformed> {
        match (protocol, ports) {
            (Protocol::Tcp, Some(Ports::One(to))) => Ok(Packet::Tcp { from, to }),
            (Protocol::Udp, Some(Ports::One(to))) => Ok(Packet::Udp { from, to }),
            (Protocol::Tcp | Protocol::Udp, _) => Err(Malformed("a packet goes to one port")),
            (Protocol::Icmp, Some(Ports::TypeAndCode(kind, code))) => {
                Ok(Packet::Icmp { kind, code, id: from })
            }
            (Protocol::Icmp, Some(Ports::One(kind))) => {
                let kind = u8::try_from(kind).map_err(|_| Malformed("an ICMP type is from 0 to 255"))?;
                Ok(Packet::Icmp { kind, code: 0, id: from })
            }
            (Protocol::Icmp, _) => Err(Malformed("a packet of `icmp` has one type")),
            (Protocol::All, _) => Err(Malformed("a packet has one protocol")),
            (Protocol::Other(number), None) if from.is_none() => Ok(Packet::Other(number)),
            (Protocol::Other(_), _) => Err(Malformed("packets of the protocol have no ports")),
        }
    }

    /// Returns the conversation it is part of as the interface sees it that it leaves (egress) or enters (ingress); `None` when
    /// it is part of none that could be named.
    pub(super) fn conversation(&self, direction: Direction) -> Option<Conversation> {
        let ends = |from: Option<u16>, to: u16| {
            from.map(|from| if direction == Direction::Egress { (from, to) } else { (to, from) })
        };
        match *self {
            Packet::Tcp { from, to } => {
                ends(from, to).map(|(local, remote)| Conversation::Tcp { local, remote })
            }
            Packet::Udp { from, to } => {
                ends(from, to).map(|(local, remote)| Conversation::Udp { local, remote })
            }
            Packet::Icmp { kind, id, .. } => {
                let (query, asking) = match QUERIES.into_iter().find(|pair| pair.1 == kind) {
                    Some((query, _)) => (query, direction.reverse()),
                    None => (QUERIES.into_iter().find(|pair| pair.0 == kind)?.0, direction),
                };
                id.map(|id| Conversation::Icmp { query, id, asked: asking })
            }
            Packet::Other(number) => Some(Conversation::Other(number)),
        }
    }

    /// Returns the packet of TCP or UDP that it may be the reply to.
    pub(super) fn replied_to(&self) -> Option<Packet> {
        match *self {
            Packet::Tcp { from, to } => from.map(|from| Packet::Tcp { from: Some(to), to: from }),
            Packet::Udp { from, to } => from.map(|from| Packet::Udp { from: Some(to), to: from }),
            Packet::Icmp { .. } | Packet::Other(_) => None,
        }
    }

    /// Returns true if it may be the first of a conversation: a reply to an ICMP query is not.
    pub(super) fn opens(&self) -> bool {
        !matches!(*self, Packet::Icmp { kind, .. } if QUERIES.iter().any(|pair| pair.1 == kind))
    }
}

/// ICMP queries, each with the type of its reply: echo, timestamp, information, address mask (RFC 792, RFC 950).
const QUERIES: [(u8, u8); 4] = [(8, 0), (13, 14), (15, 16), (17, 18)];

/// Key that packets of a conversation share beside the two ends, in either direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) enum Conversation {
    /// Port of the interface and of the other end.
    Tcp { local: u16, remote: u16 },
    /// Port of the interface and of the other end.
    Udp { local: u16, remote: u16 },
    /// Type and identifier of the query, and which way queries go.
    Icmp { query: u8, id: u16, asked: Direction },
    /// Number of the protocol.
    Other(u8),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_a_conversation_are_one() {
        let there = Packet::Tcp { from: Some(40_000), to: 443 };
        let back = Packet::Tcp { from: Some(443), to: 40_000 };
        assert_eq!(there.conversation(Direction::Egress), back.conversation(Direction::Ingress));
        assert_ne!(there.conversation(Direction::Egress), there.conversation(Direction::Ingress));
        let ask = Packet::Icmp { kind: 8, code: 0, id: Some(7) };
        let answer = Packet::Icmp { kind: 0, code: 0, id: Some(7) };
        assert_eq!(ask.conversation(Direction::Egress), answer.conversation(Direction::Ingress));
        assert_ne!(ask.conversation(Direction::Egress), ask.conversation(Direction::Ingress));
        assert!(ask.opens() && !answer.opens());
    }

    #[test]
    fn a_packet_without_a_source_port_is_part_of_nothing_else() {
        assert_eq!(Packet::Udp { from: None, to: 53 }.conversation(Direction::Egress), None);
        let unreachable = Packet::Icmp { kind: 3, code: 1, id: Some(7) };
        assert_eq!(unreachable.conversation(Direction::Egress), None);
    }

    #[test]
    fn a_packet_has_one_protocol_and_one_port() {
        let packet = |protocol, ports| Packet::new(protocol, ports, None);
        assert_eq!(packet(Protocol::Tcp, Some(Ports::One(0))), Ok(Packet::Tcp { from: None, to: 0 }));
        assert_eq!(
            packet(Protocol::Icmp, Some(Ports::One(8))),
            Ok(Packet::Icmp { kind: 8, code: 0, id: None })
        );
        assert_eq!(packet(Protocol::Other(50), None), Ok(Packet::Other(50)));
        for (protocol, ports) in [
            (Protocol::All, None),
            (Protocol::Tcp, None),
            (Protocol::Udp, Some(Ports::Range(1, 2))),
            (Protocol::Icmp, Some(Ports::Any)),
            (Protocol::Other(50), Some(Ports::One(1))),
        ] {
            assert!(packet(protocol, ports).is_err(), "{protocol} {ports:?}");
        }
    }
}
