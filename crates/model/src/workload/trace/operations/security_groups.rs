//! Calls about security groups, and probes of traffic.

use std::net::Ipv4Addr;

use super::super::columns::Column;
use super::super::row::{TraceRow, whole_number};
use crate::network::security::{
    Direction, Packet, PeerName, Ports, Protocol, parse_peer, parse_ports, parse_protocol,
};
use crate::workload::handles::HandleBook;
use crate::workload::handles::SecurityGroupHandle;
use crate::workload::resource_call::{PeerRequest, ProbeEnd, ResourceCall, RuleRequest};
use plimsoll_base::input::{Place, Problem};

/// The VPC of a subnet or security group that names none, as in `[[network.subnets]]`.
const DEFAULT_VPC: &str = "default";

/// Reads `create-security-group`.
pub fn create(row: &mut TraceRow) -> Option<ResourceCall> {
    let (group, vpc) = (group(row), row.name(Column::Vpc).unwrap_or(DEFAULT_VPC));
    Some(ResourceCall::CreateSecurityGroup(group?, vpc.to_string()))
}

/// Reads `delete-security-group`.
pub fn delete(row: &mut TraceRow) -> Option<ResourceCall> {
    group(row).map(ResourceCall::DeleteSecurityGroup)
}

/// Reads `authorize-ingress`.
pub fn authorize_ingress(row: &mut TraceRow) -> Option<ResourceCall> {
    rule(row, Direction::Ingress).map(|(group, rule)| ResourceCall::Authorize(group, rule))
}

/// Reads `authorize-egress`.
pub fn authorize_egress(row: &mut TraceRow) -> Option<ResourceCall> {
    rule(row, Direction::Egress).map(|(group, rule)| ResourceCall::Authorize(group, rule))
}

/// Reads `revoke-ingress`.
pub fn revoke_ingress(row: &mut TraceRow) -> Option<ResourceCall> {
    rule(row, Direction::Ingress).map(|(group, rule)| ResourceCall::Revoke(group, rule))
}

/// Reads `revoke-egress`.
pub fn revoke_egress(row: &mut TraceRow) -> Option<ResourceCall> {
    rule(row, Direction::Egress).map(|(group, rule)| ResourceCall::Revoke(group, rule))
}

/// Reads `probe`. It is no call of EC2's, so an impossible packet is wrong input and no refusal.
pub fn probe(row: &mut TraceRow) -> Option<ResourceCall> {
    let (from, to) = (endpoint(row, Column::From), endpoint(row, Column::To));
    let (protocol, ports) = (protocol(row), ports(row));
    let source_port = row.parse(Column::SourcePort, whole_number);
    let packet = match Packet::new(protocol?, ports, source_port) {
        Ok(packet) => packet,
        Err(reason) => {
            row.add_to_row(format!("found a packet that cannot be: {}", reason.0));
            return None;
        }
    };
    Some(ResourceCall::Probe { from: from?, to: to?, packet })
}

fn group(row: &mut TraceRow) -> Option<SecurityGroupHandle> {
    row.handle(Column::SecurityGroup, HandleBook::security_group)
}

fn rule(row: &mut TraceRow, direction: Direction) -> Option<(SecurityGroupHandle, RuleRequest)> {
    let group = group(row);
    let (protocol, ports) = (protocol(row), ports(row));
    let peer = located(
        row,
        match direction {
            Direction::Ingress => Column::Source,
            Direction::Egress => Column::Destination,
        },
        |text, place| parse_peer(text, place),
    );
    let peer = match peer? {
        PeerName::Cidr(net) => PeerRequest::Network(net),
        PeerName::Itself => PeerRequest::Group(group?),
        PeerName::Group(name) => PeerRequest::Group(row.directory().handles.security_group(&name)),
    };
    Some((group?, RuleRequest { direction, protocol: protocol?, ports, peer }))
}

fn protocol(row: &mut TraceRow) -> Option<Protocol> {
    located(row, Column::Protocol, |text, place| parse_protocol(text, place))
}

fn ports(row: &mut TraceRow) -> Option<Ports> {
    located(row, Column::Ports, |text, place| parse_ports(text, place))
}

/// Reads a cell by a function that names the place itself.
fn located<T>(
    row: &mut TraceRow,
    column: Column,
    parse: impl FnOnce(&str, &dyn Fn() -> Place) -> Result<T, Problem>,
) -> Option<T> {
    let text = row.text(column)?;
    let (table, cell) = (row.table, row.position(column)?);
    row.take(parse(text, &|| table.place(cell)).map(Some))
}

/// Reads an address, or else the name of a launch.
fn endpoint(row: &mut TraceRow, column: Column) -> Option<ProbeEnd> {
    let name = row.name(column)?;
    Some(match name.parse::<Ipv4Addr>() {
        Ok(address) => ProbeEnd::Address(address),
        Err(_) => ProbeEnd::Instance(row.directory().handles.instance(name)),
    })
}
