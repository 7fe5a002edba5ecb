//! Attributes of instances: `ModifyInstanceAttribute`, `DescribeInstanceAttribute`.

use std::sync::Arc;

use plimsoll_model::workload::call::{Action, Modification, Query, Targets};

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;
use plimsoll_base::failure::Failure;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 2] = [
    ActionEntry {
        name: "ModifyInstanceAttribute",
        honoured: &[
            "InstanceId",
            "InstanceType.Value",
            "DisableApiTermination.Value",
            "GroupId.N",
            "Attribute",
            "Value",
        ],
        without_effect: &[],
        begin: modify,
    },
    ActionEntry {
        name: "DescribeInstanceAttribute",
        honoured: &["InstanceId", "Attribute"],
        without_effect: &[],
        begin: describe,
    },
];

fn modify(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("InstanceId")?.to_string();
    let attribute =
        |name: &str| (params.get("Attribute") == Some(name)).then(|| params.get("Value")).flatten();
    let kind = params.get("InstanceType.Value").or(attribute("instanceType"));
    let protected = match attribute("disableApiTermination") {
        Some(_) => params.flag("Value")?,
        None => params.flag("DisableApiTermination.Value")?,
    };
    // `ModifyInstanceAttribute`, "InstanceType", botocore 1.44.8: "If the instance type is not valid, the error returned is
    // InvalidInstanceAttributeValue."
    let unknown = |error| ApiError { code: "InvalidInstanceAttributeValue", ..error };
    let kind = kind.map(|name| model.instance_type(name).map_err(unknown)).transpose()?;
    let groups = params.list("GroupId").into_iter();
    let groups = groups.map(|group| model.security_group_named(caller.account, group));
    let groups = groups.collect::<Result<Vec<_>, ApiError>>()?;
    let security_groups = (!groups.is_empty()).then_some(groups);
    if kind.is_none() && protected.is_none() && security_groups.is_none() {
        let message = "Modelled are the attributes instanceType, disableApiTermination and groupSet";
        return Err(ApiError::client("InvalidParameterCombination", message));
    }
    let change = Modification { kind, protected, security_groups };
    let targets = Targets::One(model.instance_handle(&id)?);
    Ok(ActionStep::call(Action::Modify(targets, Arc::new(change)), move |model, outcome| {
        outcome.map_err(|reason| model.instance_error(reason, &[id], caller.account))?;
        Ok(success())
    }))
}

/// Attributes of `DescribeInstanceAttribute`. Every instance has the same of some; none has a kernel of its own.
const ATTRIBUTES: [&str; 10] = [
    "instanceType",
    "disableApiTermination",
    "userData",
    "instanceInitiatedShutdownBehavior",
    "groupSet",
    "sourceDestCheck",
    "ebsOptimized",
    "rootDeviceName",
    "kernel",
    "ramdisk",
];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let text = params.required("InstanceId")?.to_string();
    let attribute = params.required("Attribute")?.to_string();
    if !ATTRIBUTES.contains(&attribute.as_str()) {
        let expected = format!("one of {}", ATTRIBUTES.join(", "));
        return Err(ApiError::invalid("Attribute", &attribute, &expected));
    }
    let id = model.read_instance_id(&text)?;
    let targets = Some(Targets::One(model.instance_handle(&text)?));
    Ok(ActionStep::call(Action::Describe(Query { targets, ..Query::default() }), move |model, outcome| {
        outcome
            .map_err(|reason| model.instance_error(reason, std::slice::from_ref(&text), caller.account))?;
        let view = model.session.instance(id).filter(|view| view.account == caller.account);
        let not_found = || ApiError::not_found(Failure::InvalidInstanceIdNotFound, "instance ID", &text);
        let view = view.ok_or_else(not_found)?;
        let labels = model.labels.launch_of(id).map(|launch| &launch.labels);
        let value = match attribute.as_str() {
            "instanceType" => Some(model.type_name(view.kind).to_string()),
            "disableApiTermination" => Some(view.is_protected.to_string()),
            "userData" => labels.and_then(|labels| labels.user_data.clone()),
            "sourceDestCheck" => Some(true.to_string()),
            "ebsOptimized" => Some(false.to_string()),
            "rootDeviceName" => Some(render::ROOT_DEVICE.to_string()),
            "kernel" | "ramdisk" | "groupSet" => None,
            _ => {
                let said = labels.and_then(|labels| labels.shutdown_behaviour.clone());
                Some(said.unwrap_or_else(|| "stop".to_string()))
            }
        };
        Ok(Xml::fragment(|xml| {
            xml.text("instanceId", &text);
            match attribute.as_str() {
                "groupSet" => xml.list("groupSet", model.session.security_groups_of(id), |xml, group| {
                    xml.text("groupId", model.id(IdKind::SecurityGroup, group.id.0));
                }),
                _ => xml.inside(&attribute, |xml| xml.maybe("value", value)),
            }
        }))
    }))
}
