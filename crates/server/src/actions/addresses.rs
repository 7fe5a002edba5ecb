//! Elastic addresses.

use std::net::Ipv4Addr;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::ElasticAddressId;
use plimsoll_model::network::Holder;
use plimsoll_model::workload::resource_call::ResourceCall;
use plimsoll_sim::cloud::session::CreatedResource;

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, tag_values};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 5] = [
    ActionEntry {
        name: "AllocateAddress",
        honoured: &[
            "Domain",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &["NetworkBorderGroup"],
        begin: allocate,
    },
    ActionEntry {
        name: "AssociateAddress",
        honoured: &["AllocationId", "InstanceId", "AllowReassociation"],
        without_effect: &[],
        begin: associate,
    },
    ActionEntry {
        name: "DisassociateAddress",
        honoured: &["AssociationId"],
        without_effect: &[],
        begin: disassociate,
    },
    ActionEntry {
        name: "ReleaseAddress",
        honoured: &["AllocationId"],
        without_effect: &["NetworkBorderGroup"],
        begin: release,
    },
    ActionEntry {
        name: "DescribeAddresses",
        honoured: &["AllocationId.N", "PublicIp.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &[],
        begin: describe,
    },
];

/// Address that stands for an elastic one: the model counts them and does not number them. One of 198.19.0.0/16, which no
/// network routes (RFC 2544).
pub fn public_address(id: ElasticAddressId) -> Ipv4Addr {
    let first = u32::from(Ipv4Addr::new(198, 19, 0, 0));
    Ipv4Addr::from(first + id.0 % (1 << 16))
}

fn error(reason: FailureReason, id: &str) -> ApiError {
    match reason.failure {
        Failure::InvalidAllocationIdNotFound => ApiError::not_found(reason.failure, "allocation ID", id),
        Failure::InvalidAssociationIdNotFound => ApiError::not_found(reason.failure, "association ID", id),
        _ => ApiError::from(reason),
    }
}

fn allocate(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    if let Some(domain) = params.get("Domain").filter(|domain| !matches!(*domain, "" | "vpc")) {
        return Err(ApiError::invalid("Domain", domain, "vpc"));
    }
    let tags = super::launch::tags_of(params, "elastic-ip")?;
    let name = model.new_name();
    let address = model.session.directory_mut().handles.address(&name);
    Ok(ActionStep::call(ResourceCall::AllocateAddress(address), move |model, outcome| {
        let [CreatedResource::Address(id)] = outcome?.created[..] else {
            return Err(ApiError::gone("address"));
        };
        let shown = model.id(IdKind::Allocation, id.0);
        model.labels.set_tags(caller.account, &shown, tags);
        Ok(Xml::fragment(|xml| {
            xml.text("publicIp", public_address(id));
            xml.text("domain", "vpc");
            xml.text("allocationId", shown);
        }))
    }))
}

fn associate(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("AllocationId")?.to_string();
    let instance = params.required("InstanceId").map_err(|missing| {
        let message = "Invalid request, expect InstanceId/NetworkId parameter.".to_string();
        ApiError { message, ..missing }
    });
    let instance = instance?.to_string();
    let again = params.flag("AllowReassociation")?.unwrap_or(true);
    let handle = model.instance_handle(&instance)?;
    let request =
        ResourceCall::AssociateAddress(model.address_handle(IdKind::Allocation, &id)?, handle, again);
    let number = model.read_id(IdKind::Allocation, &id)?;
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| match reason.failure {
            Failure::InvalidAllocationIdNotFound => error(reason, &id),
            _ => model.instance_error(reason, std::slice::from_ref(&instance), caller.account),
        })?;
        Ok(Xml::fragment(|xml| {
            xml.text("return", true);
            xml.text("associationId", model.id(IdKind::Association, number));
        }))
    }))
}

fn disassociate(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let id = params.required("AssociationId")?.to_string();
    let request = ResourceCall::DisassociateAddress(model.address_handle(IdKind::Association, &id)?);
    Ok(ActionStep::call(request, move |_, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        Ok(success())
    }))
}

fn release(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("AllocationId")?.to_string();
    let request = ResourceCall::ReleaseAddress(model.address_handle(IdKind::Allocation, &id)?);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        model.labels.forget(caller.account, &id);
        Ok(success())
    }))
}

const FILTERS: &[&str] = &[
    "allocation-id",
    "association-id",
    "instance-id",
    "public-ip",
    "domain",
    "tag:",
    "tag-key",
    "tag-value",
];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let (ids, addresses) = (params.list("AllocationId"), params.list("PublicIp"));
    let mut all: Vec<(ElasticAddressId, Option<Holder>)> =
        model.session.network().elastic().all_of(caller.account).collect();
    let shown = |id: ElasticAddressId| model.id(IdKind::Allocation, id.0);
    if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|(known, _)| shown(*known) == **id)) {
        return Err(error(Failure::InvalidAllocationIdNotFound.into(), unknown));
    }
    let is_own = |ip: &&&str| all.iter().any(|(known, _)| public_address(*known).to_string() == ***ip);
    if let Some(unknown) = addresses.iter().find(|ip| !is_own(ip)) {
        // Code and message of EC2 (API reference, "Error codes", `InvalidAddress.NotFound`, read 2026-11).
        return Err(ApiError::client("InvalidAddress.NotFound", format!("Address '{unknown}' not found.")));
    }
    let instance = |holder: Option<Holder>| match holder {
        Some(Holder::Instance(id)) => Some(model.instance_id(id)),
        _ => None,
    };
    let values = |(id, holder): &(ElasticAddressId, Option<Holder>), filter: &str| match filter {
        "allocation-id" => vec![shown(*id)],
        "association-id" => holder.iter().map(|_| model.id(IdKind::Association, id.0)).collect(),
        "instance-id" => instance(*holder).into_iter().collect(),
        "public-ip" => vec![public_address(*id).to_string()],
        "domain" => vec!["vpc".to_string()],
        name => tag_values(name, &model.labels.of(caller.account, &shown(*id)).tags),
    };
    all.retain(|address| {
        let (id, ip) = (shown(address.0), public_address(address.0).to_string());
        let is_named = (ids.is_empty() || ids.contains(&id.as_str()))
            && (addresses.is_empty() || addresses.contains(&ip.as_str()));
        is_named && filters.keep(|filter| values(address, filter))
    });
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("addressesSet", all, |xml, (id, holder)| {
            xml.text("publicIp", public_address(id));
            xml.text("allocationId", shown(id));
            xml.text("domain", "vpc");
            xml.maybe("instanceId", instance(holder));
            xml.maybe("associationId", holder.map(|_| model.id(IdKind::Association, id.0)));
            render::tags(xml, &model.labels.of(caller.account, &shown(id)).tags);
        });
    })))
}
