//! Security groups and their rules.

use ipnet::Ipv4Net;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{RuleId, SecurityGroupId};
use plimsoll_model::network::security::{
    Direction, Peer, Permission, Ports, Protocol, Rule, SecurityGroup, Traffic, Vpc,
};
use plimsoll_model::workload::call::Action;
use plimsoll_model::workload::resource_call::{PeerRequest, ResourceCall, RuleRequest};

use super::{ActionEntry, XmlBody, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Parameters of a change of rules.
const RULES: &[&str] = &[
    "GroupId",
    "GroupName",
    "IpPermissions.N.IpProtocol",
    "IpPermissions.N.FromPort",
    "IpPermissions.N.ToPort",
    "IpPermissions.N.IpRanges.N.CidrIp",
    "IpPermissions.N.Groups.N.GroupId",
];

/// Descriptions of rules, which are not kept.
const DESCRIPTIONS: &[&str] = &[
    "IpPermissions.N.IpRanges.N.Description",
    "IpPermissions.N.Groups.N.Description",
    "IpPermissions.N.Groups.N.UserId",
];

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 8] = [
    ActionEntry {
        name: "CreateSecurityGroup",
        honoured: &[
            "GroupName",
            "GroupDescription",
            "VpcId",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &[],
        begin: create,
    },
    ActionEntry {
        name: "DeleteSecurityGroup",
        honoured: &["GroupId", "GroupName"],
        without_effect: &[],
        begin: delete,
    },
    ActionEntry {
        name: "DescribeSecurityGroups",
        honoured: &[
            "GroupId.N",
            "GroupName.N",
            "Filter.N.Name",
            "Filter.N.Value.N",
            "MaxResults",
            "NextToken",
        ],
        without_effect: &[],
        begin: describe,
    },
    ActionEntry {
        name: "DescribeSecurityGroupRules",
        honoured: &["SecurityGroupRuleId.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &["MaxResults"],
        begin: describe_rules,
    },
    ActionEntry {
        name: "AuthorizeSecurityGroupIngress",
        honoured: RULES,
        without_effect: DESCRIPTIONS,
        begin: |model, caller, params| change(model, caller, params, Direction::Ingress, true),
    },
    ActionEntry {
        name: "AuthorizeSecurityGroupEgress",
        honoured: RULES,
        without_effect: DESCRIPTIONS,
        begin: |model, caller, params| change(model, caller, params, Direction::Egress, true),
    },
    ActionEntry {
        name: "RevokeSecurityGroupIngress",
        honoured: RULES,
        without_effect: DESCRIPTIONS,
        begin: |model, caller, params| change(model, caller, params, Direction::Ingress, false),
    },
    ActionEntry {
        name: "RevokeSecurityGroupEgress",
        honoured: RULES,
        without_effect: DESCRIPTIONS,
        begin: |model, caller, params| change(model, caller, params, Direction::Egress, false),
    },
];

fn call(call: ResourceCall) -> Action {
    Action::Resource(Box::new(call))
}

fn create(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let name = params.required("GroupName")?.to_string();
    let description = params.required("GroupDescription")?.to_string();
    let tags = super::launch::tags_of(params, "security-group")?;
    let vpcs: Vec<(String, u32)> = (model.session.network().vpcs(caller.account))
        .map(|(name, number)| (name.to_string(), number))
        .collect();
    let vpc = match params.get("VpcId").filter(|id| !id.is_empty()) {
        Some(id) => vpcs.iter().find(|(name, number)| model.vpc_id(*number) == id || name == id),
        None => vpcs.iter().find(|(name, _)| name == "default").or(vpcs.first()),
    };
    let Some((vpc_name, vpc)) = vpc.cloned() else {
        return Err(ApiError::not_found(
            Failure::InvalidVpcIdNotFound,
            "vpc ID",
            params.get("VpcId").unwrap_or(""),
        ));
    };
    let handle = model.session.directory_mut().handles.security_group(&name);
    Ok(ActionStep::call(call(ResourceCall::CreateSecurityGroup(handle, vpc_name)), move |model, outcome| {
        outcome?;
        let is_new = |group: &&SecurityGroup| {
            group.owner.account == caller.account && group.owner.vpc == Vpc(vpc) && group.name == name
        };
        let id = model.session.security().groups().find(is_new).map(|group| group.id);
        let id = id.ok_or_else(|| ApiError::gone("security group"))?;
        let shown = model.id(IdKind::SecurityGroup, id.0);
        let labels = model.labels.of_mut(caller.account, &shown);
        labels.description = description;
        labels.tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(Xml::fragment(|xml| {
            xml.text("return", true);
            xml.text("groupId", shown);
        }))
    }))
}

/// Returns the group that a request names by its id, or by its name.
fn named_group(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> Result<String, ApiError> {
    if let Some(id) = params.get("GroupId").filter(|id| !id.is_empty()) {
        return Ok(id.to_string());
    }
    let name = params.required("GroupName")?;
    model.session.open_security_groups(caller.account);
    let is_meant = |group: &&SecurityGroup| group.owner.account == caller.account && group.name == name;
    let found = model.session.security().groups().find(is_meant).map(|group| group.id.0);
    let unknown = || ApiError::not_found(Failure::InvalidGroupNotFound, "security group", name);
    found.map(|id| model.id(IdKind::SecurityGroup, id)).ok_or_else(unknown)
}

fn delete(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = named_group(model, caller, params)?;
    let handle = model.security_group_handle(caller.account, &id)?;
    Ok(ActionStep::call(call(ResourceCall::DeleteSecurityGroup(handle)), move |model, outcome| {
        outcome?;
        model.labels.forget(caller.account, &id);
        Ok(Xml::fragment(|xml| {
            xml.text("return", true);
            xml.text("groupId", id);
        }))
    }))
}

/// Adds or removes the rules of a request, all of them or none. That one is there already, or is not, is found before the first
/// change; a limit that a later one meets leaves the earlier ones.
fn change(
    model: &mut CloudModel<'_>,
    caller: Caller,
    params: &Params,
    direction: Direction,
    adds: bool,
) -> XmlStep {
    let id = named_group(model, caller, params)?;
    let group = model.security_group_handle(caller.account, &id)?;
    let number = SecurityGroupId(model.read_id(IdKind::SecurityGroup, &id)?);
    let rules = read_rules(model, caller, params, direction)?;
    let has = |permission: &Permission| {
        let group = model.session.security().group(number);
        group.is_ok_and(|group| group.rules(direction).iter().any(|rule| rule.permission == *permission))
    };
    // The one that decides is asked for alone.
    let deciding = rules
        .iter()
        .position(|(permission, _)| permission.is_some_and(|permission| has(&permission) == adds));
    let wanted = match deciding {
        Some(position) => &rules[position..=position],
        None => &rules[..],
    };
    let request = |(_, rule): &(Option<Permission>, RuleRequest)| {
        call(if adds {
            ResourceCall::Authorize(group, rule.clone())
        } else {
            ResourceCall::Revoke(group, rule.clone())
        })
    };
    let calls = wanted.iter().map(request).collect();
    let permissions: Vec<Permission> = rules.iter().filter_map(|(permission, _)| *permission).collect();
    Ok(ActionStep::Calls(
        calls,
        Box::new(move |model, outcome| {
            outcome?;
            Ok(if adds { added(model, number, direction, &permissions) } else { success() })
        }),
    ))
}

/// Returns the elements of rules that were added.
fn added(
    model: &CloudModel<'_>,
    group: SecurityGroupId,
    direction: Direction,
    added: &[Permission],
) -> XmlBody {
    let group = model.session.security().group(group).ok();
    let rules =
        group.into_iter().flat_map(|group| group.rules(direction).iter().map(move |rule| (group, rule)));
    let new = rules.filter(|(_, rule)| added.contains(&rule.permission));
    Xml::fragment(|xml| {
        xml.text("return", true);
        xml.list("securityGroupRuleSet", new, |xml, (group, rule)| {
            rule_elements(xml, model, group, direction, rule)
        });
    })
}

/// Reads the rules of a request: one for each range and each group of a permission. `None` for one that is malformed, which the
/// model refuses.
fn read_rules(
    model: &mut CloudModel<'_>,
    caller: Caller,
    params: &Params,
    direction: Direction,
) -> Result<Vec<(Option<Permission>, RuleRequest)>, ApiError> {
    let mut rules = Vec::new();
    for item in params.items("IpPermissions") {
        let (protocol, ports) = read_traffic(params, &item)?;
        let mut peers = Vec::new();
        for range in params.items(&format!("{item}.IpRanges")) {
            let name = format!("{range}.CidrIp");
            let text = params.required(&name)?;
            let net: Ipv4Net = text
                .parse()
                .map_err(|_| ApiError::invalid(&name, text, "an IPv4 range such as 10.0.0.0/16"))?;
            peers.push((Peer::Cidr(net.trunc()), PeerRequest::Network(net.trunc())));
        }
        for other in params.items(&format!("{item}.Groups")) {
            let id = params.required(&format!("{other}.GroupId"))?;
            let handle = model.security_group_handle(caller.account, id)?;
            let number = SecurityGroupId(model.read_id(IdKind::SecurityGroup, id)?);
            peers.push((Peer::Group(number), PeerRequest::Group(handle)));
        }
        for (peer, request) in peers {
            let traffic = Traffic::new(protocol, ports).ok();
            let permission = traffic.map(|traffic| Permission { traffic, peer });
            rules.push((permission, RuleRequest { direction, protocol, ports, peer: request }));
        }
    }
    if rules.is_empty() {
        return Err(ApiError::missing("IpPermissions"));
    }
    Ok(rules)
}

/// Reads protocol and ports of a permission (`IpPermission`: a protocol of `-1` covers all ports; for ICMP the ports are type and
/// code, and `-1` is any).
fn read_traffic(params: &Params, item: &str) -> Result<(Protocol, Option<Ports>), ApiError> {
    let name = format!("{item}.IpProtocol");
    let word = params.required(&name)?;
    let (from, to) = (
        params.number::<i32>(&format!("{item}.FromPort"))?,
        params.number::<i32>(&format!("{item}.ToPort"))?,
    );
    let protocol = match word {
        "-1" | "all" => return Ok((Protocol::All, None)),
        "tcp" | "6" => Protocol::Tcp,
        "udp" | "17" => Protocol::Udp,
        "icmp" | "1" => Protocol::Icmp,
        number => match number.parse() {
            Ok(number) => return Ok((Protocol::Other(number), None)),
            Err(_) => return Err(ApiError::invalid(&name, word, "tcp, udp, icmp, -1 or a number")),
        },
    };
    let port =
        |port: i32| u16::try_from(port).map_err(|_| ApiError::invalid(item, &port.to_string(), "a port"));
    let ports = match (protocol, from, to) {
        (Protocol::Icmp, None | Some(-1), _) => Some(Ports::Any),
        (Protocol::Icmp, Some(kind), None | Some(-1)) => Some(Ports::One(port(kind)?)),
        (Protocol::Icmp, Some(kind), Some(code)) => {
            let small = |value: i32| {
                u8::try_from(value).map_err(|_| ApiError::invalid(item, &value.to_string(), "0 to 255"))
            };
            Some(Ports::TypeAndCode(small(kind)?, small(code)?))
        }
        (_, Some(-1), Some(-1)) => Some(Ports::Range(0, u16::MAX)),
        (_, Some(from), Some(to)) => Some(Ports::Range(port(from)?, port(to)?)),
        _ => None,
    };
    Ok((protocol, ports))
}

const FILTERS: &[&str] =
    &["group-id", "group-name", "vpc-id", "owner-id", "description", "tag:", "tag-key", "tag-value"];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    model.session.open_security_groups(caller.account);
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let (ids, names) = (params.list("GroupId"), params.list("GroupName"));
    let model = &*model;
    let shown = |group: &SecurityGroup| model.id(IdKind::SecurityGroup, group.id.0);
    let mut all: Vec<&SecurityGroup> =
        model.session.security().groups().filter(|group| group.owner.account == caller.account).collect();
    for id in &ids {
        model.read_id(IdKind::SecurityGroup, id)?;
    }
    let unknown_id = ids.iter().find(|id| !all.iter().any(|group| shown(group) == **id));
    let unknown_name = names.iter().find(|name| !all.iter().any(|group| group.name == **name));
    if let Some(unknown) = unknown_id.or(unknown_name) {
        return Err(ApiError::not_found(Failure::InvalidGroupNotFound, "security group", unknown));
    }
    let values = |group: &SecurityGroup, filter: &str| match filter {
        "group-id" => vec![shown(group)],
        "group-name" => vec![group.name.clone()],
        "vpc-id" => vec![model.vpc_id(group.owner.vpc.0)],
        "owner-id" => vec![model.owner_id(caller.account)],
        "description" => vec![description(model, group)],
        name => tag_values(name, &model.labels.of(caller.account, &shown(group)).tags),
    };
    all.retain(|group| {
        let is_named = (ids.is_empty() && names.is_empty())
            || ids.contains(&shown(group).as_str())
            || names.contains(&group.name.as_str());
        is_named && filters.keep(|filter| values(group, filter))
    });
    let (page, next) = page.cut(all, |group| u64::from(group.id.0));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("securityGroupInfo", page, |xml, group| {
            xml.text("ownerId", model.owner_id(caller.account));
            xml.text("groupId", shown(group));
            xml.text("groupName", &group.name);
            xml.text("groupDescription", description(model, group));
            xml.text("vpcId", model.vpc_id(group.owner.vpc.0));
            xml.list("ipPermissions", group.rules(Direction::Ingress), |xml, rule| {
                permission(xml, model, rule)
            });
            xml.list("ipPermissionsEgress", group.rules(Direction::Egress), |xml, rule| {
                permission(xml, model, rule)
            });
            render::tags(xml, &model.labels.of(caller.account, &shown(group)).tags);
        });
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the description of a group; that of a default one is EC2's.
fn description(model: &CloudModel<'_>, group: &SecurityGroup) -> String {
    let labels = model.labels.of(group.owner.account, &model.id(IdKind::SecurityGroup, group.id.0));
    match group.name.as_str() {
        "default" => "default VPC security group".to_string(),
        _ => labels.description,
    }
}

/// Returns protocol, first and last port as EC2 writes them.
fn written(traffic: Traffic) -> (String, Option<i32>, Option<i32>) {
    let code = |value: Option<u8>| value.map_or(-1, i32::from);
    match traffic {
        Traffic::All => ("-1".to_string(), None, None),
        Traffic::Tcp(first, last) => ("tcp".to_string(), Some(first.into()), Some(last.into())),
        Traffic::Udp(first, last) => ("udp".to_string(), Some(first.into()), Some(last.into())),
        Traffic::Icmp(kind, of_kind) => ("icmp".to_string(), Some(code(kind)), Some(code(of_kind))),
        Traffic::Other(number) => (number.to_string(), None, None),
    }
}

/// Writes a rule as a permission of one range or group.
fn permission(xml: &mut Xml, model: &CloudModel<'_>, rule: &Rule) {
    let (protocol, from, to) = written(rule.permission.traffic);
    xml.text("ipProtocol", protocol);
    xml.maybe("fromPort", from);
    xml.maybe("toPort", to);
    let (net, group) = match rule.permission.peer {
        Peer::Cidr(net) => (Some(net), None),
        Peer::Group(group) => (None, Some(group)),
    };
    xml.list("groups", group, |xml, group| xml.text("groupId", model.id(IdKind::SecurityGroup, group.0)));
    xml.list("ipRanges", net, |xml, net| xml.text("cidrIp", net));
}

/// Writes the elements of a rule by itself.
fn rule_elements(
    xml: &mut Xml,
    model: &CloudModel<'_>,
    group: &SecurityGroup,
    direction: Direction,
    rule: &Rule,
) {
    let (protocol, from, to) = written(rule.permission.traffic);
    xml.text("securityGroupRuleId", rule_id(model, rule.id));
    xml.text("groupId", model.id(IdKind::SecurityGroup, group.id.0));
    xml.text("groupOwnerId", model.owner_id(group.owner.account));
    xml.text("isEgress", direction == Direction::Egress);
    xml.text("ipProtocol", protocol);
    xml.text("fromPort", from.unwrap_or(-1));
    xml.text("toPort", to.unwrap_or(-1));
    match rule.permission.peer {
        Peer::Cidr(net) => xml.text("cidrIpv4", net),
        Peer::Group(other) => xml.inside("referencedGroupInfo", |xml| {
            xml.text("groupId", model.id(IdKind::SecurityGroup, other.0));
        }),
    }
}

fn rule_id(model: &CloudModel<'_>, rule: RuleId) -> String {
    model.ids.show(IdKind::SecurityGroupRule, u64::from(rule.0))
}

fn describe_rules(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    model.session.open_security_groups(caller.account);
    let filters = DescribeFilters::read(params, &["group-id", "security-group-rule-id"])?;
    let ids = params.list("SecurityGroupRuleId");
    let model = &*model;
    let own = model.session.security().groups().filter(|group| group.owner.account == caller.account);
    let rules = own.flat_map(|group| {
        let directions = [Direction::Ingress, Direction::Egress].into_iter();
        directions.flat_map(move |direction| {
            group.rules(direction).iter().map(move |rule| (group, direction, rule))
        })
    });
    let mut all: Vec<(&SecurityGroup, Direction, &Rule)> = rules.collect();
    let unknown = ids.iter().find(|id| !all.iter().any(|(_, _, rule)| rule_id(model, rule.id) == **id));
    if let Some(unknown) = unknown {
        let message = format!("The security group rule ID '{unknown}' does not exist");
        return Err(ApiError::client("InvalidSecurityGroupRuleId.NotFound", message));
    }
    all.retain(|(group, _, rule)| {
        let id = rule_id(model, rule.id);
        let value = |filter: &str| match filter {
            "group-id" => model.id(IdKind::SecurityGroup, group.id.0),
            _ => id.clone(),
        };
        (ids.is_empty() || ids.contains(&id.as_str())) && filters.keep(|filter| vec![value(filter)])
    });
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("securityGroupRuleSet", all, |xml, (group, direction, rule)| {
            rule_elements(xml, model, group, direction, rule);
        });
    })))
}
