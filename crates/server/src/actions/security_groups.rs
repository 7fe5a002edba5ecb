//! Security groups and their rules.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_base::failure::Failure;
use plimsoll_base::units::SecurityGroupId;
use plimsoll_model::network::security::{Direction, Peer, Permission, Rule, SecurityGroup, Traffic, Vpc};
use plimsoll_model::workload::call::Action;
use plimsoll_model::workload::resource_call::ResourceCall;

use super::{ActionEntry, XmlBody, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::security_rules::{self as rules, RuleWish};
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

fn create(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let name = params.required("GroupName")?.to_string();
    let description = params.required("GroupDescription")?.to_string();
    let tags = super::launch::tags_of(params, "security-group")?;
    let (vpc_name, vpc) = rules::vpc_named(model, caller, params.get("VpcId").filter(|id| !id.is_empty()))?;
    let handle = model.session.directory_mut().handles.security_group(&name);
    Ok(ActionStep::call(ResourceCall::CreateSecurityGroup(handle, vpc_name), move |model, outcome| {
        outcome?;
        let id = rules::id_of(model, caller, Vpc(vpc), &name)?;
        let shown = model.id(IdKind::SecurityGroup, id.0);
        model.labels.of_mut(caller.account, &shown).description = description;
        model.labels.set_tags(caller.account, &shown, tags);
        Ok(Xml::fragment(|xml| {
            xml.text("return", true);
            xml.text("securityGroupArn", arn(model, caller, &shown));
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
    let found = model.session.security().named(caller.account, name).map(|group| group.id.0).min();
    let unknown = || ApiError::not_found(Failure::InvalidGroupNotFound, "security group", name);
    found.map(|id| model.id(IdKind::SecurityGroup, id)).ok_or_else(unknown)
}

fn delete(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = named_group(model, caller, params)?;
    let handle = model.security_group_handle(caller.account, &id)?;
    Ok(ActionStep::call(ResourceCall::DeleteSecurityGroup(handle), move |model, outcome| {
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
    let wishes = read_rules(model, caller, params, direction)?;
    let has = |permission: &Permission| {
        let group = model.session.security().group(number);
        group.is_ok_and(|group| group.rules(direction).iter().any(|rule| rule.permission == *permission))
    };
    // The one that decides is asked for alone.
    let deciding =
        wishes.iter().position(|wish| wish.permission.is_some_and(|permission| has(&permission) == adds));
    let wanted = match deciding {
        Some(position) => &wishes[position..=position],
        None => &wishes[..],
    };
    let request = |wish: &RuleWish| {
        let rule = wish.request.clone();
        let call =
            if adds { ResourceCall::Authorize(group, rule) } else { ResourceCall::Revoke(group, rule) };
        Action::from(call)
    };
    let calls = wanted.iter().map(request).collect();
    let permissions: Vec<Permission> = wishes.iter().filter_map(|wish| wish.permission).collect();
    Ok(ActionStep::Calls(
        calls,
        Box::new(move |model, outcomes| {
            outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
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

/// Reads the rules of a request: one for each range and each group of a permission.
fn read_rules(
    model: &mut CloudModel<'_>,
    caller: Caller,
    params: &Params,
    direction: Direction,
) -> Result<Vec<RuleWish>, ApiError> {
    let mut wishes = Vec::new();
    for item in params.items("IpPermissions") {
        let protocol = params.required(&format!("{item}.IpProtocol"))?;
        let port = |name: &str| params.number::<i32>(&format!("{item}.{name}"));
        let traffic = rules::traffic(&item, protocol, port("FromPort")?, port("ToPort")?)?;
        for range in params.items(&format!("{item}.IpRanges")) {
            let name = format!("{range}.CidrIp");
            let peer = rules::range_peer(&name, params.required(&name)?)?;
            wishes.push(rules::rule(direction, traffic, peer));
        }
        for other in params.items(&format!("{item}.Groups")) {
            let peer = rules::group_peer(model, caller, params.required(&format!("{other}.GroupId"))?)?;
            wishes.push(rules::rule(direction, traffic, peer));
        }
    }
    if wishes.is_empty() {
        return Err(ApiError::missing("IpPermissions"));
    }
    Ok(wishes)
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
    let mut all = match ids.is_empty() && names.is_empty() {
        true => model.session.security().of_account(caller.account),
        false => asked_for(model, caller, &ids, &names)?,
    };
    let values = |group: &SecurityGroup, filter: &str| match filter {
        "group-id" => vec![shown(group)],
        "group-name" => vec![group.name.clone()],
        "vpc-id" => vec![model.vpc_id(group.owner.vpc.0)],
        "owner-id" => vec![model.owner_id(caller.account)],
        "description" => vec![description(model, group)],
        name => tag_values(name, &model.labels.of(caller.account, &shown(group)).tags),
    };
    all.retain(|group| filters.keep(|filter| values(group, filter)));
    let (page, next) = page.cut(all, |group| u64::from(group.id.0));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("securityGroupInfo", page, |xml, group| {
            xml.text("ownerId", model.owner_id(caller.account));
            xml.text("groupId", shown(group));
            xml.text("securityGroupArn", arn(model, caller, &shown(group)));
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

/// Returns the groups that a request names by ids and names, in the order of their numbers.
fn asked_for<'a>(
    model: &'a CloudModel<'_>,
    caller: Caller,
    ids: &[&str],
    names: &[&str],
) -> Result<Vec<&'a SecurityGroup>, ApiError> {
    let unknown = |text: &str| ApiError::not_found(Failure::InvalidGroupNotFound, "security group", text);
    let groups = model.session.security();
    let numbers = ids.iter().map(|id| model.read_id(IdKind::SecurityGroup, id).map(SecurityGroupId));
    let numbers = numbers.collect::<Result<Vec<_>, ApiError>>()?;
    let mut found = BTreeMap::new();
    for (id, number) in ids.iter().zip(numbers) {
        let group = groups.group(number).ok().filter(|group| group.owner.account == caller.account);
        found.insert(number, group.ok_or_else(|| unknown(id))?);
    }
    for name in names {
        let mut of_name = groups.named(caller.account, name).peekable();
        of_name.peek().ok_or_else(|| unknown(name))?;
        found.extend(of_name.map(|group| (group.id, group)));
    }
    Ok(found.into_values().collect())
}

/// Returns the name of a group as other services of AWS write it.
fn arn(model: &CloudModel<'_>, caller: Caller, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:security-group/{id}", model.region, model.owner_id(caller.account))
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
    xml.text("securityGroupRuleId", rules::rule_id(model, rule.id));
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

fn describe_rules(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    model.session.open_security_groups(caller.account);
    let filters = DescribeFilters::read(params, &["group-id", "security-group-rule-id"])?;
    let ids = params.list("SecurityGroupRuleId");
    let model = &*model;
    let own = model.session.security().of_account(caller.account);
    let rules = own.into_iter().flat_map(|group| {
        let directions = [Direction::Ingress, Direction::Egress].into_iter();
        directions.flat_map(move |direction| {
            group.rules(direction).iter().map(move |rule| (group, direction, rule))
        })
    });
    let mut all: Vec<(&SecurityGroup, Direction, &Rule)> = rules.collect();
    let named = |id: &&str| model.ids.read(IdKind::SecurityGroupRule, id);
    let there: BTreeSet<u64> = all.iter().map(|(_, _, rule)| u64::from(rule.id.0)).collect();
    if let Some(unknown) = ids.iter().find(|id| named(id).is_none_or(|number| !there.contains(&number))) {
        let message = format!("The security group rule ID '{unknown}' does not exist");
        return Err(ApiError::client("InvalidSecurityGroupRuleId.NotFound", message));
    }
    let asked: BTreeSet<u64> = ids.iter().filter_map(named).collect();
    all.retain(|(group, _, rule)| {
        let value = |filter: &str| match filter {
            "group-id" => model.id(IdKind::SecurityGroup, group.id.0),
            _ => rules::rule_id(model, rule.id),
        };
        let is_asked = asked.is_empty() || asked.contains(&u64::from(rule.id.0));
        is_asked && filters.keep(|filter| vec![value(filter)])
    });
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("securityGroupRuleSet", all, |xml, (group, direction, rule)| {
            rule_elements(xml, model, group, direction, rule);
        });
    })))
}
