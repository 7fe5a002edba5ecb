//! Endpoints of security groups.

use plimsoll_base::failure::Failure;
use plimsoll_base::units::SecurityGroupId;
use plimsoll_model::network::security::{Direction, Vpc};
use plimsoll_model::workload::resource_call::ResourceCall;
use serde_json::json;

use super::bodies::{CreateGroupBody, GroupBody, RuleAddedBody, RuleBody, RuleType};
use super::{Asked, Endpoint, JsonStep, of};
use crate::api_error::ApiError;
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::security_rules::{self as groups, RuleWish};

/// Rows of the family.
pub(super) const ENDPOINTS: [Endpoint; 2] = [
    Endpoint {
        method: "POST",
        path: "/api/v1/security-groups",
        summary: "Create a security group",
        query: &[],
        body: Some(of::<CreateGroupBody>),
        answer: of::<GroupBody>,
        begin: create,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/security-groups/{securityGroupId}/rules",
        summary: "Add a rule to a security group",
        query: &[],
        body: Some(of::<RuleBody>),
        answer: of::<RuleAddedBody>,
        begin: add_rule,
    },
];

fn create(model: &mut CloudModel<'_>, caller: Caller, asked: &Asked<'_>) -> JsonStep {
    let body: CreateGroupBody = asked.body()?;
    let (vpc_name, vpc) = groups::vpc_named(model, caller, Some(&body.vpc_id))?;
    let handle = model.session.directory_mut().handles.security_group(&body.group_name);
    let request = ResourceCall::CreateSecurityGroup(handle, vpc_name);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome?;
        let id = groups::id_of(model, caller, Vpc(vpc), &body.group_name)?;
        let shown = model.id(IdKind::SecurityGroup, id.0);
        model.labels.of_mut(caller.account, &shown).description = body.description.unwrap_or_default();
        Ok(json!(GroupBody {
            security_group_id: shown,
            group_name: body.group_name,
            vpc_id: model.vpc_id(vpc),
        }))
    }))
}

fn add_rule(model: &mut CloudModel<'_>, caller: Caller, asked: &Asked<'_>) -> JsonStep {
    let body: RuleBody = asked.body()?;
    let id = asked.id.to_string();
    let group = model.security_group_handle(caller.account, &id)?;
    let number = SecurityGroupId(model.read_id(IdKind::SecurityGroup, &id)?);
    let direction = match body.kind {
        RuleType::Ingress => Direction::Ingress,
        RuleType::Egress => Direction::Egress,
    };
    let (protocol, ports) = groups::traffic("protocol", &body.protocol, body.from_port, body.to_port)?;
    let peer = match (&body.source, &body.source_security_group_id) {
        (Some(range), None) => groups::range_peer("source", range)?,
        (None, Some(other)) => groups::group_peer(model, caller, other)?,
        _ => {
            return Err(ApiError::client(
                "InvalidParameterCombination",
                "Name source or sourceSecurityGroupId",
            ));
        }
    };
    let RuleWish { permission, request } = groups::rule(direction, (protocol, ports), peer);
    Ok(ActionStep::call(ResourceCall::Authorize(group, request), move |model, outcome| {
        outcome?;
        let found = model.session.security().group(number).ok().zip(permission);
        let rule = found.and_then(|(group, permission)| {
            group.rules(direction).iter().find(|rule| rule.permission == permission)
        });
        let rule = rule.ok_or_else(|| ApiError::not_found(Failure::InvalidPermissionNotFound, "rule", ""))?;
        Ok(json!(RuleAddedBody { security_group_id: id, rule_id: groups::rule_id(model, rule.id) }))
    }))
}
