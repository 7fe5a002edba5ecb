//! Placement groups.

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::PlacementGroupId;
use plimsoll_model::placement::config::GroupStrategy;
use plimsoll_model::placement::groups::GroupRule;
use plimsoll_model::workload::resource_call::ResourceCall;

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::DescribeFilters;
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 3] = [
    ActionEntry {
        name: "CreatePlacementGroup",
        honoured: &["GroupName", "Strategy", "PartitionCount"],
        without_effect: &[],
        begin: create,
    },
    ActionEntry {
        name: "DeletePlacementGroup",
        honoured: &["GroupName"],
        without_effect: &[],
        begin: delete,
    },
    ActionEntry {
        name: "DescribePlacementGroups",
        honoured: &["GroupName.N", "GroupId.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &[],
        begin: describe,
    },
];

fn error(reason: FailureReason, name: &str) -> ApiError {
    match reason.failure {
        Failure::InvalidPlacementGroupUnknown => ApiError::not_found(reason.failure, "placement group", name),
        _ => ApiError::from(reason),
    }
}

fn create(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let name = params.required("GroupName")?.to_string();
    let strategy = match params.get("Strategy").unwrap_or("cluster") {
        "cluster" => GroupStrategy::Cluster,
        "partition" => GroupStrategy::Partition,
        "spread" => GroupStrategy::Spread,
        other => return Err(ApiError::invalid("Strategy", other, "cluster, partition or spread")),
    };
    let partitions = params.number("PartitionCount")?;
    let group = model.session.directory_mut().handles.placement_group(&name);
    let request = ResourceCall::CreatePlacementGroup { group, strategy, partitions };
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome?;
        let mut own = model.session.placement_groups().of_account(caller.account);
        let id = own.find(|(known, _)| *known == name).map(|(_, id)| id);
        let id = id.ok_or_else(|| ApiError::gone("placement group"))?;
        Ok(Xml::fragment(|xml| {
            xml.text("return", true);
            xml.inside("placementGroup", |xml| elements(xml, model, &name, id));
        }))
    }))
}

fn delete(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let name = params.required("GroupName")?.to_string();
    let group = model.session.directory_mut().handles.placement_group(&name);
    Ok(ActionStep::call(ResourceCall::DeletePlacementGroup(group), move |_, outcome| {
        outcome.map_err(|reason| error(reason, &name))?;
        Ok(success())
    }))
}

fn strategy(rule: GroupRule) -> &'static str {
    match rule {
        GroupRule::Cluster { .. } => "cluster",
        GroupRule::Partition { .. } => "partition",
        GroupRule::Spread { .. } => "spread",
    }
}

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, &["group-name", "group-id", "state", "strategy"])?;
    let (names, ids) = (params.list("GroupName"), params.list("GroupId"));
    let groups = model.session.placement_groups();
    let mut own: Vec<(&str, PlacementGroupId)> = groups.of_account(caller.account).collect();
    let shown = |id: PlacementGroupId| model.id(IdKind::PlacementGroup, id.0);
    let unknown_name = names.iter().find(|name| !own.iter().any(|(known, _)| known == *name));
    let unknown_id = ids.iter().find(|id| !own.iter().any(|(_, known)| shown(*known) == **id));
    if let Some(unknown) = unknown_name.or(unknown_id) {
        return Err(error(Failure::InvalidPlacementGroupUnknown.into(), unknown));
    }
    own.retain(|(name, id)| {
        let value = |filter: &str| match filter {
            "group-name" => name.to_string(),
            "group-id" => shown(*id),
            "state" => "available".to_string(),
            _ => strategy(groups.rule(*id)).to_string(),
        };
        let is_named = (names.is_empty() && ids.is_empty())
            || names.contains(name)
            || ids.contains(&shown(*id).as_str());
        is_named && filters.keep(|filter| vec![value(filter)])
    });
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("placementGroupSet", own, |xml, (name, id)| elements(xml, model, name, id));
    })))
}

/// Writes the elements of a group.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, name: &str, id: PlacementGroupId) {
    let rule = model.session.placement_groups().rule(id);
    xml.text("groupName", name);
    xml.text("groupId", model.id(IdKind::PlacementGroup, id.0));
    xml.text("strategy", strategy(rule));
    xml.text("state", "available");
    if let GroupRule::Partition { partitions } = rule {
        xml.text("partitionCount", partitions);
    }
}
