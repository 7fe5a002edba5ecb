//! The cells a rule is written in, in traces and scenarios: protocol, ports, peer. One function reads each, and its
//! result is shown in the same words.

use serde::{Deserialize, Serialize};
use std::fmt;

use ipnet::Ipv4Net;

use plimsoll_base::input::{Place, Problem};

/// A protocol, or all of them. 1, 6 and 17 are always [`Protocol::Icmp`], [`Protocol::Tcp`] and [`Protocol::Udp`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Protocol {
    /// `all` or `-1`.
    All,
    /// `tcp` or `6`.
    Tcp,
    /// `udp` or `17`.
    Udp,
    /// `icmp` or `1`.
    Icmp,
    /// The number of another protocol.
    Other(u8),
}

impl Protocol {
    /// Returns the protocol of a number (IANA, "Assigned Internet Protocol Numbers").
    pub const fn numbered(number: u8) -> Protocol {
        match number {
            1 => Protocol::Icmp,
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            other => Protocol::Other(other),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Protocol::All => out.write_str("all"),
            Protocol::Tcp => out.write_str("tcp"),
            Protocol::Udp => out.write_str("udp"),
            Protocol::Icmp => out.write_str("icmp"),
            Protocol::Other(number) => number.fmt(out),
        }
    }
}

/// Contents of a cell of ports, before its protocol gives it a meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Ports {
    /// `-1`: any.
    Any,
    /// `22`: one port, or an ICMP type with any code.
    One(u16),
    /// `8000-8080`: from the first to the second, both included.
    Range(u16, u16),
    /// `8/0`: an ICMP type and its code.
    TypeAndCode(u8, u8),
}

impl fmt::Display for Ports {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ports::Any => out.write_str("-1"),
            Ports::One(port) => port.fmt(out),
            Ports::Range(first, last) => write!(out, "{first}-{last}"),
            Ports::TypeAndCode(kind, code) => write!(out, "{kind}/{code}"),
        }
    }
}

/// A source or destination as it is written: a group by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PeerName {
    /// `10.0.0.0/8`, its first address in front.
    Cidr(Ipv4Net),
    /// `sg:web`.
    Group(String),
    /// `self`: the rule's own group.
    Itself,
}

impl fmt::Display for PeerName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerName::Cidr(net) => net.fmt(out),
            PeerName::Group(name) => write!(out, "sg:{name}"),
            PeerName::Itself => out.write_str("self"),
        }
    }
}

/// Reads `tcp`, `udp`, `icmp`, `all`, `-1`, or a number from 0 to 255.
pub fn parse_protocol(text: &str, place: impl FnOnce() -> Place) -> Result<Protocol, Problem> {
    let named = match text {
        "all" | "-1" => Some(Protocol::All),
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "icmp" => Some(Protocol::Icmp),
        _ => number::<u8>(text).map(Protocol::numbered),
    };
    named.ok_or_else(|| {
        let expected = "expected `tcp`, `udp`, `icmp`, `all` or a protocol number from 0 to 255";
        Problem::new(place(), format!("found `{text}`, {expected}"))
    })
}

/// Reads `22`, `8000-8080`, an ICMP type and code `8/0`, or `-1` for any.
pub fn parse_ports(text: &str, place: impl FnOnce() -> Place) -> Result<Ports, Problem> {
    let pair = |separator| text.split_once(separator).map(|(a, b): (&str, &str)| (a.trim(), b.trim()));
    let ports = if text == "-1" {
        Some(Ports::Any)
    } else if let Some((kind, code)) = pair('/') {
        number(kind).zip(number(code)).map(|(kind, code)| Ports::TypeAndCode(kind, code))
    } else if let Some((first, last)) = pair('-') {
        let range = number(first).zip(number(last));
        range.filter(|(first, last)| first <= last).map(|(first, last)| Ports::Range(first, last))
    } else {
        number(text).map(Ports::One)
    };
    ports.ok_or_else(|| {
        let expected = "expected a port from 0 to 65535 or a range of them, the lower one first";
        Problem::new(place(), format!("found `{text}`, {expected}"))
            .with_help("write `22`, `8000-8080`, or an ICMP type and code as `8/0`")
    })
}

/// Reads `10.0.0.0/8`, `sg:web`, or `self` for the rule's own group. A network takes EC2's canonical form: 100.68.0.18/18
/// is 100.68.0.0/18 (`AuthorizeSecurityGroupIngress`, "CidrIp").
pub fn parse_peer(text: &str, place: impl FnOnce() -> Place) -> Result<PeerName, Problem> {
    if text == "self" {
        return Ok(PeerName::Itself);
    }
    if let Some(name) = text.strip_prefix("sg:").filter(|name| !name.is_empty()) {
        return Ok(PeerName::Group(name.to_string()));
    }
    text.parse().map(|net: Ipv4Net| PeerName::Cidr(net.trunc())).map_err(|_| {
        let expected = "expected an IPv4 network, a security group or `self`";
        let help = match text.parse::<std::net::Ipv4Addr>() {
            Ok(address) => format!("one address is the network \"{address}/32\""),
            Err(_) => "write it as \"10.0.0.0/8\" or \"sg:web\"".to_string(),
        };
        Problem::new(place(), format!("found `{text}`, {expected}")).with_help(help)
    })
}

/// Reads digits alone, without the `+` that Rust's parser allows.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::key("cell")
    }

    #[test]
    fn cells_read_and_show_the_same() {
        for text in ["tcp", "udp", "icmp", "all", "0", "50", "255"] {
            assert_eq!(parse_protocol(text, place).unwrap().to_string(), text);
        }
        for text in ["0", "22", "65535", "0-65535", "8000-8080", "8/0", "-1"] {
            assert_eq!(parse_ports(text, place).unwrap().to_string(), text);
        }
        for text in ["10.0.0.0/8", "0.0.0.0/0", "sg:web", "self", "sg:self"] {
            assert_eq!(parse_peer(text, place).unwrap().to_string(), text);
        }
    }

    #[test]
    fn numbers_of_known_protocols_are_their_names() {
        let names = ["-1", "1", "6", "17"].map(|text| parse_protocol(text, place).unwrap().to_string());
        assert_eq!(names, ["all", "icmp", "tcp", "udp"]);
    }

    #[test]
    fn host_bits_of_a_network_are_masked() {
        assert_eq!(parse_peer("100.68.0.18/18", place).unwrap().to_string(), "100.68.0.0/18");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_is_expected() {
        let wrong = |result: Result<(), Problem>| result.unwrap_err().to_string();
        for text in ["", "TCP", "256", "-2", "+6", "tcp "] {
            let told = wrong(parse_protocol(text, place).map(|_| ()));
            assert!(told.starts_with(&format!("`cell`: found `{text}`, expected `tcp`")), "{told}");
        }
        for text in ["", "65536", "http", "-2", "8080-8000", "1-2-3", "1-", "-5-7", "256/0", "8/256", "+1"] {
            let told = wrong(parse_ports(text, place).map(|_| ()));
            assert!(told.starts_with(&format!("`cell`: found `{text}`, expected a port from 0")), "{told}");
        }
        for text in ["", "sg:", "web", "10.0.0.0/33", "10.0.0/8", "::/0"] {
            let told = wrong(parse_peer(text, place).map(|_| ()));
            assert!(told.contains("write it as \"10.0.0.0/8\""), "{told}");
        }
        let told = wrong(parse_peer("10.0.0.7", place).map(|_| ()));
        assert!(told.ends_with("one address is the network \"10.0.0.7/32\""), "{told}");
    }
}
