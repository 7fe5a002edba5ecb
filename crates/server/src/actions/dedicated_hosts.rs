//! Dedicated hosts: `AllocateHosts`, `ReleaseHosts`, `DescribeHosts`.

use std::collections::BTreeMap;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{HostId, InstanceId};
use plimsoll_model::fleet::host::HostState;
use plimsoll_model::placement::tenancies::{HostTerms, Takes};
use plimsoll_model::workload::call::Action;
use plimsoll_model::workload::resource_call::ResourceCall;
use plimsoll_sim::cloud::session::CreatedResource;
use plimsoll_sim::cloud::session::view::InstanceView;

use super::{ActionEntry, XmlStep};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 3] = [
    ActionEntry {
        name: "AllocateHosts",
        honoured: &[
            "AvailabilityZone",
            "InstanceType",
            "InstanceFamily",
            "AutoPlacement",
            "Quantity",
            "HostRecovery",
            "ClientToken",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &[],
        begin: allocate,
    },
    ActionEntry { name: "ReleaseHosts", honoured: &["HostId.N"], without_effect: &[], begin: release },
    ActionEntry {
        name: "DescribeHosts",
        honoured: &["HostId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: describe,
    },
];

fn allocate(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let zone = model.zone(params.required("AvailabilityZone")?)?;
    let terms = HostTerms { takes: takes(model, params)?, auto_placement: auto_placement(params)? };
    match params.required("Quantity").and_then(|_| params.number::<u32>("Quantity"))? {
        Some(1) => {}
        // The model allocates one host a call, and a call of several is carried out whole or not at all.
        Some(2..) => {
            let message = "Only a quantity of 1 is modelled: make a call for each host";
            return Err(ApiError::client("UnsupportedOperation", message));
        }
        // EC2 API reference, "Error codes", `InvalidQuantity` (read 2026-11).
        _ => return Err(ApiError::client("InvalidQuantity", "The quantity of hosts has to be at least 1")),
    }
    if let Some(other) = params.get("HostRecovery").filter(|recovery| *recovery != "off") {
        return Err(ApiError::invalid(
            "HostRecovery",
            other,
            "off: recovery of dedicated hosts is not modelled",
        ));
    }
    let tags = super::launch::tags_of(params, "dedicated-host")?;
    let name = model.new_name();
    let handle = model.session.directory_mut().handles.host(&name);
    Ok(ActionStep::call(ResourceCall::AllocateHost(handle, zone, terms), move |model, outcome| {
        let Some(CreatedResource::Host(host)) = outcome?.created else {
            return Err(ApiError::gone("host"));
        };
        let shown = model.id(IdKind::DedicatedHost, host.0);
        model.labels.of_mut(caller.account, &shown).made = Some(model.session.now());
        model.labels.set_tags(caller.account, &shown, tags);
        Ok(Xml::fragment(|xml| xml.list("hostIdSet", [shown], |xml, id| xml.value(id))))
    }))
}

/// Reads the types that a host takes: one, or those of a family.
fn takes(model: &mut CloudModel<'_>, params: &Params) -> Result<Takes, ApiError> {
    match (params.get("InstanceType"), params.get("InstanceFamily")) {
        (Some(name), None) => model.instance_type(name).map(Takes::Type),
        (None, Some(family)) => Ok(Takes::Family(family.to_string())),
        (None, None) => Err(ApiError::missing("InstanceType or InstanceFamily")),
        // `AllocateHosts`, "InstanceType", botocore 1.44.8: "You cannot specify InstanceType and InstanceFamily in the same request."
        (Some(_), Some(_)) => {
            let message = "The parameters InstanceType and InstanceFamily exclude each other";
            Err(ApiError::client("InvalidParameterCombination", message))
        }
    }
}

/// Reads whether a host takes launches that name none (`AllocateHosts`, "AutoPlacement", botocore 1.44.8: "Default: off").
fn auto_placement(params: &Params) -> Result<bool, ApiError> {
    match params.get("AutoPlacement") {
        None | Some("off") => Ok(false),
        Some("on") => Ok(true),
        Some(other) => Err(ApiError::invalid("AutoPlacement", other, "on or off")),
    }
}

fn release(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let mut ids: Vec<String> = params.list("HostId").into_iter().map(String::from).collect();
    if ids.is_empty() {
        return Err(ApiError::missing("HostId"));
    }
    ids.sort();
    ids.dedup();
    let call =
        |id: &String| Ok(Action::from(ResourceCall::ReleaseHost(model.host_handle(caller.account, id)?)));
    let calls = ids.iter().map(call).collect::<Result<Vec<Action>, ApiError>>()?;
    Ok(ActionStep::Calls(
        calls,
        Box::new(move |model, outcomes| {
            let (mut released, mut kept) = (Vec::new(), Vec::new());
            for (id, outcome) in ids.into_iter().zip(outcomes) {
                match outcome {
                    Ok(_) => {
                        model.labels.forget(caller.account, &id);
                        released.push(id);
                    }
                    Err(reason) => kept.push((not_released(reason, &id), id)),
                }
            }
            Ok(Xml::fragment(|xml| {
                xml.list("successful", released, |xml, id| xml.value(id));
                xml.list("unsuccessful", kept, |xml, ((code, message), id)| {
                    xml.text("resourceId", id);
                    xml.inside("error", |xml| {
                        xml.text("code", code);
                        xml.text("message", message);
                    });
                });
            }))
        }),
    ))
}

/// Returns code and message of a host that is not released (EC2 API reference, `ReleaseHosts`, "Examples", read 2026-11).
fn not_released(reason: FailureReason, id: &str) -> (String, String) {
    match reason.failure {
        Failure::IncorrectState => {
            let message = format!("Dedicated host '{id}' cannot be released as it is occupied");
            ("Client.InvalidHost.Occupied".to_string(), message)
        }
        _ => {
            let error = ApiError::from(reason);
            (format!("Client.{}", error.code), error.message)
        }
    }
}

const FILTERS: &[&str] = &["auto-placement", "availability-zone", "instance-type", "state", "tag-key"];

/// Dedicated host, its terms, and the instances on it.
type Shown<'a> = (HostId, &'a HostTerms, Vec<InstanceView<'a>>);

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 500), |token| model.ids.read(IdKind::Page, token))?;
    let ids = params.list("HostId");
    if !ids.is_empty() && page.most.is_some() {
        // `DescribeHosts`, "MaxResults", botocore 1.44.8: "You cannot specify this parameter and the host IDs parameter in the
        // same request."
        let message = "The parameter MaxResults cannot be used with the parameter hostIdSet";
        return Err(ApiError::client("InvalidParameterCombination", message));
    }
    let model = &*model;
    let mut asked: BTreeMap<HostId, &HostTerms> = model.session.dedicated_hosts(caller.account).collect();
    if !ids.is_empty() {
        let named = ids.iter().map(|id| model.dedicated_host(caller.account, id));
        let named = named.collect::<Result<Vec<HostId>, ApiError>>()?;
        asked.retain(|host, _| named.contains(host));
    }
    asked.retain(|host, terms| filters.keep(|filter| values(model, caller, *host, terms, filter)));
    let (asked, next) = page.cut(asked, |(host, _)| u64::from(host.0));
    let mut on: BTreeMap<HostId, Vec<InstanceView<'_>>> = BTreeMap::new();
    for view in model.session.instances_of(caller.account, InstanceId(0)) {
        if let Some(host) = view.host {
            on.entry(host).or_default().push(view);
        }
    }
    let shown = asked.into_iter().map(|(host, terms)| (host, terms, on.remove(&host).unwrap_or_default()));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("hostSet", shown, |xml, shown| elements(xml, model, caller, shown));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the values that a host has for a filter.
fn values(
    model: &CloudModel<'_>,
    caller: Caller,
    host: HostId,
    terms: &HostTerms,
    filter: &str,
) -> Vec<String> {
    let fleet = model.session.fleet();
    match filter {
        "auto-placement" => vec![on_or_off(terms.auto_placement).to_string()],
        "availability-zone" => vec![model.zone_name(fleet.zone_of(host)).to_string()],
        "instance-type" => match terms.takes {
            Takes::Type(kind) => vec![model.type_name(kind).to_string()],
            _ => Vec::new(),
        },
        "state" => vec![state(fleet.hosts()[host.index()].state).to_string()],
        _ => model
            .labels
            .of(caller.account, &model.id(IdKind::DedicatedHost, host.0))
            .tags
            .into_keys()
            .collect(),
    }
}

fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

/// Returns EC2's word for the state of a dedicated host (`Host`, "State", botocore 1.44.8).
fn state(state: HostState) -> &'static str {
    match state {
        HostState::Active => "available",
        HostState::Unhealthy | HostState::Maintenance => "under-assessment",
        HostState::Retired => "permanent-failure",
        HostState::Closed | HostState::Absent => "pending",
    }
}

/// Writes the elements of a host.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, caller: Caller, (id, terms, instances): Shown<'_>) {
    let fleet = model.session.fleet();
    let host = &fleet.hosts()[id.index()];
    let capacity = &fleet.skus()[usize::from(host.sku.0)].capacity;
    let shown = model.id(IdKind::DedicatedHost, id.0);
    xml.text("hostId", &shown);
    xml.text("ownerId", model.owner_id(caller.account));
    xml.text("autoPlacement", on_or_off(terms.auto_placement));
    xml.text("availabilityZone", model.zone_name(fleet.zone_of(id)));
    xml.text("state", state(host.state));
    xml.text("hostRecovery", "off");
    xml.text("allowsMultipleInstanceTypes", on_or_off(!matches!(terms.takes, Takes::Type(_))));
    xml.inside("hostProperties", |xml| {
        match &terms.takes {
            Takes::Type(kind) => xml.text("instanceType", model.type_name(*kind)),
            Takes::Family(family) => xml.text("instanceFamily", family),
            Takes::Anything => {}
        }
        xml.text("totalVCpus", capacity.vcpu_milli() / 1000);
    });
    xml.inside("availableCapacity", |xml| xml.text("availableVCpus", host.free.vcpu_milli() / 1000));
    xml.list("instances", &instances, |xml, view| {
        xml.text("instanceId", model.instance_id(view.id));
        xml.text("instanceType", model.type_name(view.kind));
        xml.text("ownerId", model.owner_id(view.account));
    });
    let labels = model.labels.of(caller.account, &shown);
    xml.maybe("allocationTime", labels.made.map(|at| model.date_time(at)));
    render::tags(xml, &labels.tags);
}
