//! Dedicated hosts: `AllocateHosts`, `ModifyHosts`, `ReleaseHosts`, `DescribeHosts`.

use std::collections::BTreeMap;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{HostId, InstanceId};
use plimsoll_model::fleet::host::HostState;
use plimsoll_model::placement::tenancies::{HostTerms, HostTermsChange, Takes};
use plimsoll_model::workload::call::Action;
use plimsoll_model::workload::handles::HostHandle;
use plimsoll_model::workload::resource_call::ResourceCall;
use plimsoll_sim::cloud::session::view::InstanceView;
use plimsoll_sim::cloud::session::{CreatedResource, ReleasedHost, SHOWN_AFTER_RELEASE};

use super::{ActionEntry, XmlBody, XmlStep};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest};
use crate::handles::{host_number, wrong_id};
use crate::ids::IdKind;
use crate::labels::ResourceLabels;
use crate::model::{ActionStep, CallOutcomes, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 4] = [
    ActionEntry {
        name: "AllocateHosts",
        honoured: &[
            "AvailabilityZone",
            "InstanceType",
            "InstanceFamily",
            "AutoPlacement",
            "Quantity",
            "HostRecovery",
            "HostMaintenance",
            "ClientToken",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &[],
        begin: allocate,
    },
    ActionEntry {
        name: "ModifyHosts",
        honoured: &[
            "HostId.N",
            "AutoPlacement",
            "InstanceType",
            "InstanceFamily",
            "HostRecovery",
            "HostMaintenance",
        ],
        without_effect: &[],
        begin: modify,
    },
    ActionEntry { name: "ReleaseHosts", honoured: &["HostId.N"], without_effect: &[], begin: release },
    ActionEntry {
        name: "DescribeHosts",
        honoured: &["HostId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: describe,
    },
];

/// Most hosts of a call. The limit is assumed, and that EC2 has no code of its own for it.
const MOST: usize = 1000;

fn allocate(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let zone = model.zone(params.required("AvailabilityZone")?)?;
    let HostTermsChange { takes, auto_placement, recovery } = terms_change(model, params)?;
    // `AllocateHosts`, "AutoPlacement", "HostRecovery", botocore 1.44.8: "Default: off".
    let terms = HostTerms {
        takes: takes.ok_or_else(|| ApiError::missing("InstanceType or InstanceFamily"))?,
        auto_placement: auto_placement.unwrap_or(false),
        recovery: recovery.unwrap_or(false),
    };
    let quantity = params.required("Quantity").and_then(|_| params.number::<usize>("Quantity"))?.unwrap_or(0);
    if quantity == 0 {
        // EC2 API reference, "Error codes", `InvalidQuantity` (read 2026-11).
        return Err(ApiError::client("InvalidQuantity", "The quantity of hosts has to be at least 1"));
    }
    if quantity > MOST {
        return Err(ApiError::invalid("Quantity", &quantity.to_string(), &format!("1 to {MOST}")));
    }
    let tags = super::launch::tags_of(params, "dedicated-host")?;
    // One more than there are is as much too many as any number.
    let quantity = quantity.min(model.session.fleet().hosts().len() + 1);
    let names: Vec<String> = (0..quantity).map(|_| model.new_name()).collect();
    let handles = &mut model.session.directory_mut().handles;
    let names = names.iter().map(|name| handles.host(name)).collect();
    Ok(ActionStep::call(ResourceCall::AllocateHosts(names, zone, terms), move |model, outcome| {
        let created = outcome?.created;
        let id = |created: &CreatedResource| match created {
            CreatedResource::Host(host) => Some(model.host_id(*host)),
            _ => None,
        };
        let made: Vec<String> = created.iter().filter_map(id).collect();
        for shown in &made {
            model.labels.of_mut(caller.account, shown).made = Some(model.session.now());
            model.labels.set_tags(caller.account, shown, tags.clone());
        }
        Ok(Xml::fragment(|xml| xml.list("hostIdSet", made, |xml, id| xml.value(id))))
    }))
}

/// Reads the terms of dedicated hosts that a request names.
fn terms_change(model: &mut CloudModel<'_>, params: &Params) -> Result<HostTermsChange, ApiError> {
    let takes = match (params.get("InstanceType"), params.get("InstanceFamily")) {
        (Some(name), None) => Some(Takes::Type(model.instance_type(name)?)),
        (None, Some(family)) if !model.session.directory().types.has_family(family) => {
            return Err(ApiError::invalid("InstanceFamily", family, "the family of an instance type"));
        }
        (None, Some(family)) => Some(Takes::Family(family.to_string())),
        (None, None) => None,
        // `AllocateHosts`, `ModifyHosts`, "InstanceType", botocore 1.44.8: "You cannot specify InstanceType and InstanceFamily in the
        // same request."
        (Some(_), Some(_)) => {
            let message = "The parameters InstanceType and InstanceFamily exclude each other";
            return Err(ApiError::client("InvalidParameterCombination", message));
        }
    };
    if let Some(other) = params.get("HostMaintenance").filter(|maintenance| *maintenance != "off") {
        let expected = "off: maintenance of dedicated hosts is not modelled";
        return Err(ApiError::invalid("HostMaintenance", other, expected));
    }
    Ok(HostTermsChange {
        takes,
        auto_placement: switch(params, "AutoPlacement")?,
        recovery: switch(params, "HostRecovery")?,
    })
}

/// Reads a parameter that is `on` or `off`.
fn switch(params: &Params, name: &str) -> Result<Option<bool>, ApiError> {
    match params.get(name) {
        None => Ok(None),
        Some("off") => Ok(Some(false)),
        Some("on") => Ok(Some(true)),
        Some(other) => Err(ApiError::invalid(name, other, "on or off")),
    }
}

/// Gives dedicated hosts that have replaced others the labels of those.
pub fn follow_replaced(model: &mut CloudModel<'_>) {
    for replaced in model.session.take_replaced_hosts() {
        let (account, at) = (replaced.account, replaced.at);
        let before = model.host_id_of(replaced.host, replaced.term);
        let (by, term) = replaced.replaced_by.expect("it is one that was replaced");
        let tags = model.labels.of(account, &before).tags;
        model.labels.forget_later(at, SHOWN_AFTER_RELEASE, account, &before);
        let id = model.host_id_of(by, term);
        *model.labels.of_mut(account, &id) =
            ResourceLabels { tags, made: Some(at), ..ResourceLabels::default() };
    }
}

fn modify(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let change = terms_change(model, params)?;
    if change == HostTermsChange::default() && params.get("HostMaintenance").is_none() {
        return Err(ApiError::missing("AutoPlacement, HostRecovery, InstanceType or InstanceFamily"));
    }
    let (ids, calls) =
        calls_of(model, caller, params, |host| ResourceCall::ModifyHost(host, change.clone()))?;
    Ok(ActionStep::Calls(
        calls,
        Box::new(move |_, outcomes| {
            let (modified, others) = sorted(ids, outcomes, not_modified);
            Ok(by_success(modified, others))
        }),
    ))
}

fn release(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let (ids, calls) = calls_of(model, caller, params, ResourceCall::ReleaseHost)?;
    Ok(ActionStep::Calls(
        calls,
        Box::new(move |model, outcomes| {
            let (released, others) = sorted(ids, outcomes, not_released);
            let now = model.session.now();
            for id in &released {
                model.labels.forget_later(now, SHOWN_AFTER_RELEASE, caller.account, id);
            }
            Ok(by_success(released, others))
        }),
    ))
}

/// Returns the hosts that a request names, and a call about each.
fn calls_of(
    model: &mut CloudModel<'_>,
    caller: Caller,
    params: &Params,
    call: impl Fn(HostHandle) -> ResourceCall,
) -> Result<(Vec<String>, Vec<Action>), ApiError> {
    let mut ids: Vec<String> = params.list("HostId").into_iter().map(String::from).collect();
    if ids.is_empty() {
        return Err(ApiError::missing("HostId"));
    }
    ids.sort();
    ids.dedup();
    let calls = ids.iter().map(|id| Ok(Action::from(call(model.host_handle(caller.account, id)?))));
    let calls = calls.collect::<Result<Vec<Action>, ApiError>>()?;
    Ok((ids, calls))
}

/// Host for which a call has failed, with code and message.
type FailedHost = (String, (String, String));

/// Returns the hosts for which a call has succeeded, and the others, each explained.
fn sorted(
    ids: Vec<String>,
    outcomes: CallOutcomes,
    explain: fn(FailureReason, &str) -> (String, String),
) -> (Vec<String>, Vec<FailedHost>) {
    let (mut successful, mut others) = (Vec::new(), Vec::new());
    for (id, outcome) in ids.into_iter().zip(outcomes) {
        match outcome {
            Ok(_) => successful.push(id),
            Err(reason) => others.push((id.clone(), explain(reason, &id))),
        }
    }
    (successful, others)
}

/// Returns the answer to calls about several hosts.
fn by_success(successful: Vec<String>, others: Vec<FailedHost>) -> XmlBody {
    Xml::fragment(|xml| {
        xml.list("successful", successful, |xml, id| xml.value(id));
        xml.list("unsuccessful", others, |xml, (id, (code, message))| {
            xml.text("resourceId", id);
            xml.inside("error", |xml| {
                xml.text("code", code);
                xml.text("message", message);
            });
        });
    })
}

/// Returns code and message of a host that is not modified: it holds instances that bind its types, or the types are of another family.
/// The codes are assumed, after those of `ReleaseHosts`.
fn not_modified(reason: FailureReason, id: &str) -> (String, String) {
    match reason.failure {
        Failure::IncorrectState => {
            let message = format!("Dedicated host '{id}' cannot be modified as it is occupied");
            ("Client.InvalidHost.Occupied".to_string(), message)
        }
        Failure::InvalidParameterValue => {
            let message = format!("Dedicated host '{id}' can be modified within its instance family only");
            (of_failure(reason).0, message)
        }
        _ => of_failure(reason),
    }
}

/// Returns code and message of a host that is not released (EC2 API reference, `ReleaseHosts`, "Examples", read 2026-11).
fn not_released(reason: FailureReason, id: &str) -> (String, String) {
    match reason.failure {
        Failure::IncorrectState => {
            let message = format!("Dedicated host '{id}' cannot be released as it is occupied");
            ("Client.InvalidHost.Occupied".to_string(), message)
        }
        _ => of_failure(reason),
    }
}

/// Returns code and message of a host for which a call has failed.
fn of_failure(reason: FailureReason) -> (String, String) {
    let error = ApiError::from(reason);
    (format!("Client.{}", error.code), error.message)
}

const FILTERS: &[&str] = &["auto-placement", "availability-zone", "instance-type", "state", "tag-key"];

/// Dedicated host as clients see it.
struct ShownHost<'a> {
    /// Number by which its id is made.
    number: u64,
    host: HostId,
    terms: &'a HostTerms,
    /// Its release, if it has been released.
    released: Option<&'a ReleasedHost>,
}

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
    let mut asked = shown_hosts(model, caller);
    if !ids.is_empty() {
        let named = ids.iter().map(|id| match model.ids.read(IdKind::DedicatedHost, id) {
            Some(number) if asked.iter().any(|shown| shown.number == number) => Ok(number),
            _ => Err(wrong_id(IdKind::DedicatedHost, id)),
        });
        let named = named.collect::<Result<Vec<u64>, ApiError>>()?;
        asked.retain(|shown| named.contains(&shown.number));
    }
    asked.retain(|shown| filters.keep(|filter| values(model, caller, shown, filter)));
    let (asked, next) = page.cut(asked, |shown| shown.number);
    let mut on: BTreeMap<HostId, Vec<InstanceView<'_>>> = BTreeMap::new();
    for view in model.session.instances_of(caller.account, InstanceId(0)) {
        if let Some(host) = view.host {
            on.entry(host).or_default().push(view);
        }
    }
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("hostSet", asked, |xml, shown| elements(xml, model, caller, &shown, &on));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the dedicated hosts of a client, and those that it had until recently, by number.
fn shown_hosts<'a>(model: &'a CloudModel<'_>, caller: Caller) -> Vec<ShownHost<'a>> {
    let own = model.session.dedicated_hosts(caller.account).map(|(host, terms)| {
        let number = host_number(host, model.session.releases_of(host));
        ShownHost { number, host, terms, released: None }
    });
    let released = model.session.released_hosts(caller.account).map(|released| ShownHost {
        number: host_number(released.host, released.term),
        host: released.host,
        terms: &released.terms,
        released: Some(released),
    });
    let mut all: Vec<ShownHost<'_>> = own.chain(released).collect();
    all.sort_by_key(|shown| shown.number);
    all
}

/// Returns the values that a host has for a filter.
fn values(model: &CloudModel<'_>, caller: Caller, shown: &ShownHost<'_>, filter: &str) -> Vec<String> {
    match filter {
        "auto-placement" => vec![on_or_off(shown.terms.auto_placement).to_string()],
        "availability-zone" => {
            vec![model.zone_name(model.session.fleet().zone_of(shown.host)).to_string()]
        }
        "instance-type" => match shown.terms.takes {
            Takes::Type(kind) => vec![model.type_name(kind).to_string()],
            _ => Vec::new(),
        },
        "state" => vec![state(model, shown).to_string()],
        _ => {
            let id = model.ids.show(IdKind::DedicatedHost, shown.number);
            model.labels.of(caller.account, &id).tags.into_keys().collect()
        }
    }
}

fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

/// Returns EC2's word for the state of a dedicated host (`Host`, "State", botocore 1.44.8).
fn state(model: &CloudModel<'_>, shown: &ShownHost<'_>) -> &'static str {
    match shown.released {
        Some(ReleasedHost { replaced_by: Some(_), .. }) => return "released-permanent-failure",
        Some(_) => return "released",
        None => {}
    }
    match model.session.fleet().hosts()[shown.host.index()].state {
        HostState::Active => "available",
        HostState::Unhealthy | HostState::Maintenance => "under-assessment",
        HostState::Retired => "permanent-failure",
        HostState::Closed | HostState::Absent => "pending",
    }
}

/// Writes the elements of a host, where these instances are on hosts.
fn elements(
    xml: &mut Xml,
    model: &CloudModel<'_>,
    caller: Caller,
    shown: &ShownHost<'_>,
    on: &BTreeMap<HostId, Vec<InstanceView<'_>>>,
) {
    let ShownHost { number, host: id, terms, released } = shown;
    let fleet = model.session.fleet();
    let host = &fleet.hosts()[id.index()];
    let capacity = &fleet.skus()[usize::from(host.sku.0)].capacity;
    let shown_id = model.ids.show(IdKind::DedicatedHost, *number);
    xml.text("hostId", &shown_id);
    xml.text("ownerId", model.owner_id(caller.account));
    xml.text("autoPlacement", on_or_off(terms.auto_placement));
    xml.text("availabilityZone", model.zone_name(fleet.zone_of(*id)));
    xml.text("state", state(model, shown));
    xml.text("hostRecovery", on_or_off(terms.recovery));
    xml.text("hostMaintenance", "off");
    xml.text("allowsMultipleInstanceTypes", on_or_off(!matches!(terms.takes, Takes::Type(_))));
    xml.inside("hostProperties", |xml| {
        match &terms.takes {
            Takes::Type(kind) => xml.text("instanceType", model.type_name(*kind)),
            Takes::Family(family) => xml.text("instanceFamily", family),
            Takes::Anything => {}
        }
        xml.text("totalVCpus", capacity.vcpu_milli() / 1000);
    });
    if released.is_none() {
        xml.inside("availableCapacity", |xml| xml.text("availableVCpus", host.free.vcpu_milli() / 1000));
    }
    let instances = on.get(id).filter(|_| released.is_none());
    xml.list("instances", instances.into_iter().flatten(), |xml, view| {
        xml.text("instanceId", model.instance_id(view.id));
        xml.text("instanceType", model.type_name(view.kind));
        xml.text("ownerId", model.owner_id(view.account));
    });
    let labels = model.labels.of(caller.account, &shown_id);
    xml.maybe("allocationTime", labels.made.map(|at| model.date_time(at)));
    xml.maybe("releaseTime", released.map(|released| model.date_time(released.at)));
    render::tags(xml, &labels.tags);
}
