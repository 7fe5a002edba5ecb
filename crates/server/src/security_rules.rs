//! Rules of security groups as clients write them, in whichever protocol.

use ipnet::Ipv4Net;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{RuleId, SecurityGroupId};
use plimsoll_model::network::security::{Direction, Owner, Peer, Permission, Ports, Protocol, Traffic, Vpc};
use plimsoll_model::workload::resource_call::{PeerRequest, RuleRequest};

use crate::api_error::ApiError;
use crate::ids::IdKind;
use crate::model::{Caller, CloudModel};

/// Rule that a client asks for.
#[derive(Clone, Debug)]
pub struct RuleWish {
    /// Permission that it is; `None` for a malformed one, which the model refuses.
    pub permission: Option<Permission>,
    /// Request of the model.
    pub request: RuleRequest,
}

/// Other end of a rule, as the rule has it and as a call names it.
pub type RulePeer = (Peer, PeerRequest);

/// Returns a rule.
pub fn rule(
    direction: Direction,
    (protocol, ports): (Protocol, Option<Ports>),
    (peer, request): RulePeer,
) -> RuleWish {
    let permission = Traffic::new(protocol, ports).ok().map(|traffic| Permission { traffic, peer });
    RuleWish { permission, request: RuleRequest { direction, protocol, ports, peer: request } }
}

/// Reads protocol and ports (`IpPermission`: a protocol of `-1` covers all ports; for ICMP the ports are type and code, and `-1`
/// is any).
pub fn traffic(
    parameter: &str,
    word: &str,
    from: Option<i32>,
    to: Option<i32>,
) -> Result<(Protocol, Option<Ports>), ApiError> {
    let protocol = match word {
        "-1" | "all" => return Ok((Protocol::All, None)),
        "tcp" | "6" => Protocol::Tcp,
        "udp" | "17" => Protocol::Udp,
        "icmp" | "1" => Protocol::Icmp,
        number => match number.parse() {
            Ok(number) => return Ok((Protocol::Other(number), None)),
            Err(_) => return Err(ApiError::invalid(parameter, word, "tcp, udp, icmp, -1 or a number")),
        },
    };
    let port = |port: i32| {
        u16::try_from(port)
            .map_err(|_| ApiError::invalid(parameter, &port.to_string(), "ports from 0 to 65535"))
    };
    let small = |value: i32| {
        u8::try_from(value)
            .map_err(|_| ApiError::invalid(parameter, &value.to_string(), "an ICMP type and code"))
    };
    let ports = match (protocol, from, to) {
        (Protocol::Icmp, None | Some(-1), _) => Some(Ports::Any),
        (Protocol::Icmp, Some(kind), None | Some(-1)) => Some(Ports::One(small(kind)?.into())),
        (Protocol::Icmp, Some(kind), Some(code)) => Some(Ports::TypeAndCode(small(kind)?, small(code)?)),
        (_, Some(-1), Some(-1)) => Some(Ports::Range(0, u16::MAX)),
        (_, Some(from), Some(to)) => Some(Ports::Range(port(from)?, port(to)?)),
        _ => None,
    };
    Ok((protocol, ports))
}

/// Reads a range of addresses.
pub fn range_peer(parameter: &str, text: &str) -> Result<RulePeer, ApiError> {
    let net: Ipv4Net =
        text.parse().map_err(|_| ApiError::invalid(parameter, text, "an IPv4 range such as 10.0.0.0/16"))?;
    Ok((Peer::Cidr(net.trunc()), PeerRequest::Network(net.trunc())))
}

/// Reads the id of a security group.
pub fn group_peer(model: &mut CloudModel<'_>, caller: Caller, id: &str) -> Result<RulePeer, ApiError> {
    let handle = model.security_group_handle(caller.account, id)?;
    let number = SecurityGroupId(model.read_id(IdKind::SecurityGroup, id)?);
    Ok((Peer::Group(number), PeerRequest::Group(handle)))
}

/// Returns the id of a rule.
pub fn rule_id(model: &CloudModel<'_>, rule: RuleId) -> String {
    model.ids.show(IdKind::SecurityGroupRule, u64::from(rule.0))
}

/// Returns name and number of a VPC, by its id or its name in the scenario; the account's default one where none is named.
pub fn vpc_named(
    model: &CloudModel<'_>,
    caller: Caller,
    named: Option<&str>,
) -> Result<(String, u32), ApiError> {
    let vpcs = model.session.network().vpcs(caller.account);
    let vpcs: Vec<(String, u32)> = vpcs.map(|(name, number)| (name.to_string(), number)).collect();
    let found = match named {
        Some(id) => vpcs.iter().find(|(name, number)| model.vpc_id(*number) == id || name == id),
        None => vpcs.iter().find(|(name, _)| name == "default").or(vpcs.first()),
    };
    let unknown = || ApiError::not_found(Failure::InvalidVpcIdNotFound, "vpc ID", named.unwrap_or_default());
    found.cloned().ok_or_else(unknown)
}

/// Returns the group of a name that has just been made.
pub fn id_of(
    model: &CloudModel<'_>,
    caller: Caller,
    vpc: Vpc,
    name: &str,
) -> Result<SecurityGroupId, ApiError> {
    let owner = Owner { account: caller.account, vpc };
    model.session.security().find(owner, name).map_err(|_| ApiError::gone("security group"))
}
