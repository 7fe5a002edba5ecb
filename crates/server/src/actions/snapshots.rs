//! Snapshots and images.

use std::collections::BTreeSet;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::SnapshotId;
use plimsoll_model::storage::{Image, LaunchPermission, Snapshot, SnapshotState};
use plimsoll_model::workload::resource_call::ResourceCall;
use plimsoll_sim::cloud::session::CreatedResource;

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::handles::wrong_id;
use crate::ids::{IdKind, ResourceIds};
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 6] = [
    ActionEntry {
        name: "CreateSnapshot",
        honoured: &[
            "VolumeId",
            "Description",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &[],
        begin: create,
    },
    ActionEntry { name: "DeleteSnapshot", honoured: &["SnapshotId"], without_effect: &[], begin: delete },
    ActionEntry {
        name: "DescribeSnapshots",
        honoured: &[
            "SnapshotId.N",
            "Owner.N",
            "Filter.N.Name",
            "Filter.N.Value.N",
            "MaxResults",
            "NextToken",
        ],
        without_effect: &[],
        begin: describe,
    },
    ActionEntry {
        name: "RegisterImage",
        honoured: &[
            "Name",
            "BlockDeviceMapping.N.DeviceName",
            "BlockDeviceMapping.N.Ebs.SnapshotId",
            "BlockDeviceMapping.N.Ebs.VolumeSize",
        ],
        without_effect: &[
            "Description",
            "Architecture",
            "RootDeviceName",
            "VirtualizationType",
            "EnaSupport",
        ],
        begin: register,
    },
    ActionEntry { name: "DeregisterImage", honoured: &["ImageId"], without_effect: &[], begin: deregister },
    ActionEntry {
        name: "DescribeImages",
        honoured: &["ImageId.N", "Owner.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &["IncludeDeprecated", "MaxResults"],
        begin: describe_images,
    },
];

fn error(reason: FailureReason, id: &str) -> ApiError {
    match reason.failure {
        Failure::InvalidVolumeNotFound => ApiError::not_found(reason.failure, "volume", id),
        Failure::InvalidSnapshotNotFound => ApiError::not_found(reason.failure, "snapshot", id),
        Failure::InvalidAmiIdNotFound => ApiError::not_found(reason.failure, "image id", id),
        _ => ApiError::from(reason),
    }
}

fn create(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("VolumeId")?.to_string();
    let description = params.get("Description").unwrap_or_default().to_string();
    let tags = super::launch::tags_of(params, "snapshot")?;
    let volume = model.volume_handle(&id)?;
    let name = model.new_name();
    let snapshot = model.session.directory_mut().handles.snapshot(&name);
    Ok(ActionStep::call(ResourceCall::CreateSnapshot(snapshot, volume), move |model, outcome| {
        let effects = outcome.map_err(|reason| error(reason, &id))?;
        let [CreatedResource::Snapshot(id)] = effects.created[..] else {
            return Err(ApiError::gone("snapshot"));
        };
        let shown = model.id(IdKind::Snapshot, id.0);
        model.labels.of_mut(caller.account, &shown).description = description;
        model.labels.set_tags(caller.account, &shown, tags);
        let snapshot = model.session.storage().snapshot(id).ok_or_else(|| ApiError::gone("snapshot"))?;
        Ok(Xml::fragment(|xml| elements(xml, model, snapshot)))
    }))
}

fn delete(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("SnapshotId")?.to_string();
    let request = ResourceCall::DeleteSnapshot(model.snapshot_handle(&id)?);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        model.labels.forget(caller.account, &id);
        Ok(success())
    }))
}

/// Reads the owners that a request asks for: `self` and the caller's own number mean its account; none: all that it sees.
fn is_asked(model: &CloudModel<'_>, caller: Caller, params: &Params) -> bool {
    let owners = params.list("Owner");
    owners.is_empty()
        || owners.iter().any(|owner| *owner == "self" || *owner == model.owner_id(caller.account))
}

const FILTERS: &[&str] = &[
    "snapshot-id",
    "volume-id",
    "volume-size",
    "status",
    "description",
    "owner-id",
    "tag:",
    "tag-key",
    "tag-value",
];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let ids = params.list("SnapshotId");
    let mut all = model.session.storage().snapshots();
    all.retain(|snapshot| snapshot.account == caller.account && snapshot.deleted.is_none());
    for id in &ids {
        let number = SnapshotId(model.read_id(IdKind::Snapshot, id)?);
        if !all.iter().any(|snapshot| snapshot.id == number) {
            return Err(error(Failure::InvalidSnapshotNotFound.into(), id));
        }
    }
    let is_meant = |snapshot: &&Snapshot| {
        let id = model.id(IdKind::Snapshot, snapshot.id.0);
        (ids.is_empty() || ids.contains(&id.as_str()))
            && filters.keep(|name| values(model, snapshot, &id, name))
    };
    all.retain(is_meant);
    if !is_asked(model, caller, params) {
        all.clear();
    }
    let (shown, next) = page.cut(all, |snapshot| u64::from(snapshot.id.0));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("snapshotSet", shown, |xml, snapshot| elements(xml, model, snapshot));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the values that a snapshot has for a filter.
fn values(model: &CloudModel<'_>, snapshot: &Snapshot, id: &str, filter: &str) -> Vec<String> {
    let labels = || model.labels.of(snapshot.account, id);
    match filter {
        "snapshot-id" => vec![id.to_string()],
        "volume-id" => vec![model.id(IdKind::Volume, snapshot.volume.0)],
        "volume-size" => vec![snapshot.size_gib.to_string()],
        "status" => vec![snapshot.state.name().to_string()],
        "description" => vec![labels().description],
        "owner-id" => vec![model.owner_id(snapshot.account)],
        name => tag_values(name, &labels().tags),
    }
}

/// Writes the elements of a snapshot.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, snapshot: &Snapshot) {
    let id = model.id(IdKind::Snapshot, snapshot.id.0);
    let labels = model.labels.of(snapshot.account, &id);
    xml.text("snapshotId", id);
    xml.text("volumeId", model.id(IdKind::Volume, snapshot.volume.0));
    xml.text("status", snapshot.state.name());
    xml.text("startTime", model.date_time(snapshot.started));
    xml.text("progress", if snapshot.state == SnapshotState::Completed { "100%" } else { "" });
    xml.text("ownerId", model.owner_id(snapshot.account));
    xml.text("volumeSize", snapshot.size_gib);
    xml.text("description", &labels.description);
    xml.text("encrypted", false);
    render::tags(xml, &labels.tags);
    xml.text("storageTier", if snapshot.archived.is_some() { "archive" } else { "standard" });
}

fn register(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let name = params.required("Name")?.to_string();
    let item = params.items("BlockDeviceMapping").into_iter().next();
    let item = item.ok_or_else(|| ApiError::missing("BlockDeviceMapping"))?;
    if params.items("BlockDeviceMapping").len() > 1 {
        return Err(ApiError::client("UnsupportedOperation", "Only the root volume of an image is modelled"));
    }
    let snapshot = params.get(&format!("{item}.Ebs.SnapshotId"));
    let snapshot = snapshot.map(|id| model.snapshot_handle(id)).transpose()?;
    let size_gib = params.number(&format!("{item}.Ebs.VolumeSize"))?;
    let is_taken = |image: &&Image| image.account == Some(caller.account) && image.name == name;
    if model.session.storage().images().iter().any(is_taken) {
        return Err(ApiError::from(FailureReason::from(Failure::InvalidAmiNameDuplicate)));
    }
    let image = model.session.directory_mut().handles.image(&name);
    let request = ResourceCall::RegisterImage { image, snapshot, size_gib, public: false };
    Ok(ActionStep::call(request, move |model, outcome| {
        let [CreatedResource::Image(id)] = outcome?.created[..] else { return Err(ApiError::gone("image")) };
        Ok(Xml::fragment(|xml| xml.text("imageId", model.id(IdKind::Image, id.0))))
    }))
}

fn deregister(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("ImageId")?.to_string();
    let request = ResourceCall::DeregisterImage(model.image_handle(caller.account, &id)?);
    Ok(ActionStep::call(request, move |_, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        Ok(success())
    }))
}

fn describe_images(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, &["image-id", "name", "state", "is-public", "owner-id"])?;
    let ids = params.list("ImageId");
    let mut all = model.session.storage().images();
    let is_public = |image: &Image| image.permission == LaunchPermission::Public || image.account.is_none();
    all.retain(|image| {
        image.deregistered.is_none() && (is_public(image) || image.account == Some(caller.account))
    });
    let shown = |image: &Image| model.id(IdKind::Image, image.id.0);
    let there: BTreeSet<String> = all.iter().map(|image| shown(image)).collect();
    let unknown: Vec<&str> = ids.iter().filter(|id| !there.contains(**id)).copied().collect();
    let malformed = unknown.iter().find(|id| !ResourceIds::is_formed(IdKind::Image, id));
    match (malformed, &unknown[..]) {
        (None, []) => {}
        (Some(id), _) | (None, [id]) => return Err(wrong_id(IdKind::Image, id)),
        // moto 5.2.5, `test_ami_describe_non_existent`, has EC2's words.
        (None, several) => {
            let message = format!("The image ids '[{}]' do not exist", several.join(", "));
            return Err(ApiError { message, ..wrong_id(IdKind::Image, several[0]) });
        }
    }
    let owner = |image: &Image| image.account.map_or("amazon".to_string(), |account| model.owner_id(account));
    let owners = params.list("Owner");
    let is_owned = |image: &Image| {
        let is_own = image.account == Some(caller.account);
        owners.is_empty() || owners.iter().any(|of| *of == owner(image) || (*of == "self" && is_own))
    };
    let values = |image: &Image, filter: &str| match filter {
        "image-id" => shown(image),
        "name" => image.name.clone(),
        "state" => image.state.name().to_string(),
        "is-public" => is_public(image).to_string(),
        _ => owner(image),
    };
    all.retain(|image| {
        let is_named = ids.is_empty() || ids.contains(&shown(image).as_str());
        is_named && is_owned(image) && filters.keep(|filter| vec![values(image, filter)])
    });
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("imagesSet", all, |xml, image| {
            xml.text("imageId", shown(image));
            xml.text("imageState", image.state.name());
            xml.text("imageOwnerId", owner(image));
            xml.text("isPublic", is_public(image));
            xml.text("architecture", "x86_64");
            xml.text("imageType", "machine");
            xml.text("name", &image.name);
            xml.text("creationDate", model.date_time(image.registered));
            xml.text("rootDeviceType", "ebs");
            xml.text("rootDeviceName", "/dev/sda1");
            xml.text("virtualizationType", "hvm");
            xml.list("blockDeviceMapping", &image.block_devices, |xml, device| {
                xml.text("deviceName", device.device);
                xml.inside("ebs", |xml| {
                    xml.maybe("snapshotId", device.snapshot.map(|id| model.id(IdKind::Snapshot, id.0)));
                    xml.maybe("volumeSize", device.size_gib);
                    xml.text("volumeType", device.kind.name());
                    xml.text("deleteOnTermination", device.delete_on_termination);
                });
            });
        });
    })))
}
