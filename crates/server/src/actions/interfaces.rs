//! Network interfaces beside the first one of an instance.

use std::collections::BTreeMap;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::InterfaceId;
use plimsoll_model::network::Interface;
use plimsoll_model::workload::resource_call::ResourceCall;
use plimsoll_sim::cloud::session::CreatedResource;

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 5] = [
    ActionEntry {
        name: "CreateNetworkInterface",
        honoured: &[
            "SubnetId",
            "Description",
            "ClientToken",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &[],
        begin: create,
    },
    ActionEntry {
        name: "AttachNetworkInterface",
        honoured: &["NetworkInterfaceId", "InstanceId"],
        without_effect: &["DeviceIndex", "NetworkCardIndex"],
        begin: attach,
    },
    ActionEntry {
        name: "DetachNetworkInterface",
        honoured: &["AttachmentId"],
        without_effect: &["Force"],
        begin: detach,
    },
    ActionEntry {
        name: "DeleteNetworkInterface",
        honoured: &["NetworkInterfaceId"],
        without_effect: &[],
        begin: delete,
    },
    ActionEntry {
        name: "DescribeNetworkInterfaces",
        honoured: &["NetworkInterfaceId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: describe,
    },
];

/// Returns the error of a call about an interface; where it does not exist for the account, it says so.
fn error(reason: FailureReason, id: &str) -> ApiError {
    match reason.failure {
        Failure::InvalidNetworkInterfaceIdNotFound => {
            ApiError::not_found(reason.failure, "networkInterface ID", id)
        }
        Failure::InvalidAttachmentIdNotFound => ApiError::not_found(reason.failure, "attachment", id),
        _ => ApiError::from(reason),
    }
}

fn create(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let subnet = model.subnet(params.required("SubnetId")?)?;
    let description = params.get("Description").unwrap_or_default().to_string();
    let tags = super::launch::tags_of(params, "network-interface")?;
    let name = model.new_name();
    let handle = model.session.directory_mut().handles.interface(&name);
    Ok(ActionStep::call(ResourceCall::CreateInterface(handle, subnet), move |model, outcome| {
        let [CreatedResource::Interface(id)] = outcome?.created[..] else {
            return Err(ApiError::gone("network interface"));
        };
        let shown = model.id(IdKind::Interface, id.0);
        model.labels.set_tags(caller.account, &shown, tags);
        if !description.is_empty() {
            model.labels.of_mut(caller.account, &shown).description = description;
        }
        let made = model.session.network().interface(caller.account, id);
        let made = made.ok_or_else(|| ApiError::gone("network interface"))?;
        Ok(Xml::fragment(|xml| xml.inside("networkInterface", |xml| elements(xml, model, id, made))))
    }))
}

fn attach(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("NetworkInterfaceId")?.to_string();
    let instance = params.required("InstanceId")?.to_string();
    let number = model.read_id(IdKind::Interface, &id)?;
    let handle = model.instance_handle(&instance)?;
    let interface = model.interface_handle(caller.account, IdKind::Interface, &id)?;
    let request = ResourceCall::AttachInterface(interface, handle);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| match reason.failure {
            Failure::InvalidInstanceIdNotFound => {
                model.instance_error(reason, std::slice::from_ref(&instance), caller.account)
            }
            _ => error(reason, &id),
        })?;
        let attachment = model.id(IdKind::InterfaceAttachment, number);
        Ok(Xml::fragment(|xml| xml.text("attachmentId", attachment)))
    }))
}

fn detach(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("AttachmentId")?.to_string();
    let interface = model.interface_handle(caller.account, IdKind::InterfaceAttachment, &id)?;
    Ok(ActionStep::call(ResourceCall::DetachInterface(interface), move |_, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        Ok(success())
    }))
}

fn delete(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("NetworkInterfaceId")?.to_string();
    let interface = model.interface_handle(caller.account, IdKind::Interface, &id)?;
    Ok(ActionStep::call(ResourceCall::DeleteInterface(interface), move |model, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        model.labels.forget(caller.account, &id);
        Ok(success())
    }))
}

const FILTERS: &[&str] = &[
    "network-interface-id",
    "subnet-id",
    "vpc-id",
    "availability-zone",
    "status",
    "private-ip-address",
    "attachment.attachment-id",
    "attachment.instance-id",
    "owner-id",
    "description",
    "tag:",
    "tag-key",
];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let model = &*model;
    let ids = params.list("NetworkInterfaceId");
    let network = model.session.network();
    let asked: BTreeMap<InterfaceId, &Interface> = if ids.is_empty() {
        network.interfaces().filter(|(_, found)| found.account == caller.account).collect()
    } else {
        let find = |text: &&str| {
            let id = InterfaceId(model.read_id(IdKind::Interface, text)?);
            let found = network.interface(caller.account, id);
            let unknown = || error(Failure::InvalidNetworkInterfaceIdNotFound.into(), text);
            Ok((id, found.ok_or_else(unknown)?))
        };
        ids.iter().map(find).collect::<Result<_, ApiError>>()?
    };
    let is_meant =
        |(id, found): &(InterfaceId, &Interface)| filters.keep(|filter| values(model, *id, found, filter));
    let (own, next) = page.cut(asked.into_iter().filter(is_meant), |(id, _)| u64::from(id.0));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("networkInterfaceSet", own, |xml, (id, found)| elements(xml, model, id, found));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the values that an interface has for a filter.
fn values(model: &CloudModel<'_>, id: InterfaceId, found: &Interface, filter: &str) -> Vec<String> {
    let network = model.session.network();
    let subnet = &network.subnets()[found.subnet.index()];
    let shown = model.id(IdKind::Interface, id.0);
    let labels = || model.labels.of(found.account, &shown);
    match filter {
        "network-interface-id" => vec![shown],
        "subnet-id" => vec![model.subnet_id(found.subnet)],
        "vpc-id" => vec![model.vpc_id(network.vpc_of(found.subnet, found.account))],
        "availability-zone" => vec![model.zone_name(subnet.zone).to_string()],
        "status" => vec![found.state().name().to_string()],
        "private-ip-address" => subnet.address(found.address).iter().map(ToString::to_string).collect(),
        "attachment.attachment-id" => {
            found.attachment.iter().map(|_| model.id(IdKind::InterfaceAttachment, id.0)).collect()
        }
        "attachment.instance-id" => {
            found.attachment.iter().map(|attached| model.instance_id(attached.instance)).collect()
        }
        "owner-id" => vec![model.owner_id(found.account)],
        "description" => vec![labels().description],
        filter => tag_values(filter, &labels().tags),
    }
}

/// Writes the elements of an interface.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, id: InterfaceId, found: &Interface) {
    let zone = model.session.network().subnets()[found.subnet.index()].zone;
    xml.text("availabilityZone", model.zone_name(zone));
    render::interface(xml, model, id, found);
    render::tags(xml, &model.labels.of(found.account, &model.id(IdKind::Interface, id.0)).tags);
}
