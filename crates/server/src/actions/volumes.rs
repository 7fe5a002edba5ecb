//! Volumes: from `CreateVolume` to `DeleteVolume`, and their modifications.

use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::VolumeId;
use plimsoll_model::storage::{AttachmentState, Volume, VolumeAttachment};
use plimsoll_model::workload::resource_call::{ResourceCall, VolumeSpec};
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
pub const ACTIONS: [ActionEntry; 7] = [
    ActionEntry {
        name: "CreateVolume",
        honoured: &[
            "AvailabilityZone",
            "Size",
            "VolumeType",
            "Iops",
            "Throughput",
            "SnapshotId",
            "MultiAttachEnabled",
            "ClientToken",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &["Encrypted", "KmsKeyId"],
        begin: create,
    },
    ActionEntry {
        name: "AttachVolume",
        honoured: &["VolumeId", "InstanceId", "Device"],
        without_effect: &[],
        begin: attach,
    },
    ActionEntry {
        name: "DetachVolume",
        honoured: &["VolumeId", "InstanceId", "Device"],
        without_effect: &["Force"],
        begin: detach,
    },
    ActionEntry { name: "DeleteVolume", honoured: &["VolumeId"], without_effect: &[], begin: delete },
    ActionEntry {
        name: "ModifyVolume",
        honoured: &["VolumeId", "Size", "VolumeType", "Iops", "Throughput"],
        without_effect: &[],
        begin: modify,
    },
    ActionEntry {
        name: "DescribeVolumes",
        honoured: &["VolumeId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: describe,
    },
    ActionEntry {
        name: "DescribeVolumesModifications",
        honoured: &["VolumeId.N"],
        without_effect: &["MaxResults"],
        begin: describe_modifications,
    },
];

/// Returns the error of a call about a volume; where it does not exist for the account, it says so.
fn error(reason: FailureReason, id: &str) -> ApiError {
    match reason.failure {
        Failure::InvalidVolumeNotFound => ApiError::not_found(reason.failure, "volume", id),
        _ => ApiError::from(reason),
    }
}

/// Reads type, size and performance.
fn spec(params: &Params) -> Result<VolumeSpec, ApiError> {
    let kind = |word: &str| {
        let found = VolumeType::ALL.iter().copied().find(|kind| kind.name() == word);
        found.ok_or_else(|| ApiError::from(FailureReason::from(Failure::UnknownVolumeType)))
    };
    Ok(VolumeSpec {
        kind: params.get("VolumeType").map(kind).transpose()?,
        size_gib: params.number("Size")?,
        iops: params.number("Iops")?,
        throughput_mibps: params.number("Throughput")?,
    })
}

fn create(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let zone = model.zone(params.required("AvailabilityZone")?)?;
    let tags = super::launch::tags_of(params, "volume")?;
    // `CreateVolume`, "VolumeType", botocore 1.44.8: "Default: gp2".
    let spec = spec(params)?;
    let spec = VolumeSpec { kind: spec.kind.or(Some(VolumeType::Gp2)), ..spec };
    let snapshot = params.get("SnapshotId").filter(|id| !id.is_empty());
    if snapshot.is_none() && spec.size_gib.is_none() {
        return Err(ApiError::missing("size/snapshot"));
    }
    let snapshot = snapshot.map(|id| model.snapshot_handle(id)).transpose()?;
    let multi_attach = params.flag("MultiAttachEnabled")?.unwrap_or(false);
    let name = model.new_name();
    let volume = model.session.directory_mut().handles.volume(&name);
    let request = ResourceCall::CreateVolume { volume, zone, spec, snapshot, multi_attach };
    Ok(ActionStep::call(request, move |model, outcome| {
        let [CreatedResource::Volume(id)] = outcome?.created[..] else {
            return Err(ApiError::gone("volume"));
        };
        let shown = model.id(IdKind::Volume, id.0);
        model.labels.set_tags(caller.account, &shown, tags);
        let volume = model.session.storage().volume(id).ok_or_else(|| ApiError::gone("volume"))?;
        Ok(Xml::fragment(|xml| elements(xml, model, volume)))
    }))
}

fn attach(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let (id, instance) =
        (params.required("VolumeId")?.to_string(), params.required("InstanceId")?.to_string());
    let device = params.required("Device")?.to_string();
    let handle = model.instance_handle(&instance)?;
    let request = ResourceCall::AttachVolume {
        volume: model.volume_handle(&id)?,
        instance: handle,
        device: device.clone(),
    };
    let volume = model.read_id(IdKind::Volume, &id)?;
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| match reason.failure {
            Failure::InvalidVolumeNotFound => error(reason, &id),
            _ => model.instance_error(reason, std::slice::from_ref(&instance), caller.account),
        })?;
        Ok(attachment(model, VolumeId(volume), &id, Some(&instance)))
    }))
}

fn detach(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("VolumeId")?.to_string();
    let instance = params.get("InstanceId").filter(|id| !id.is_empty()).map(String::from);
    let handle = instance.as_deref().map(|instance| model.instance_handle(instance)).transpose()?;
    let volume = VolumeId(model.read_id(IdKind::Volume, &id)?);
    let was = (model.session.storage().volume(volume)).and_then(|volume| volume.attachments.first().copied());
    let device = params.get("Device").filter(|device| !device.is_empty());
    if device.is_some_and(|device| was.is_some_and(|was| was.device.to_string() != device)) {
        let (on, device) = (was.map(|was| model.instance_id(was.instance)), device.unwrap_or_default());
        let on = on.unwrap_or_default();
        let message = format!("The volume {id} is not attached to instance {on} as device {device}");
        return Err(ApiError {
            message,
            ..ApiError::from(FailureReason::from(Failure::InvalidAttachmentNotFound))
        });
    }
    let request = ResourceCall::DetachVolume(model.volume_handle(&id)?, handle);
    Ok(ActionStep::call(request, move |model, outcome| {
        let named: Vec<String> = instance.iter().cloned().collect();
        outcome.map_err(|reason| match reason.failure {
            Failure::InvalidVolumeNotFound => error(reason, &id),
            _ => model.instance_error(reason, &named, caller.account),
        })?;
        let shown = instance.or_else(|| was.map(|was| model.instance_id(was.instance)));
        Ok(attachment(model, volume, &id, shown.as_deref()))
    }))
}

/// Returns the elements of an attachment, which may be over by now.
fn attachment(model: &CloudModel<'_>, volume: VolumeId, id: &str, instance: Option<&str>) -> super::XmlBody {
    let found = model.session.storage().volume(volume);
    let is_meant =
        |on: &&VolumeAttachment| instance.is_none_or(|instance| model.instance_id(on.instance) == instance);
    let found = found.and_then(|volume| volume.attachments.iter().find(is_meant));
    Xml::fragment(|xml| {
        xml.text("volumeId", id);
        xml.maybe("instanceId", instance);
        xml.maybe("device", found.map(|on| on.device));
        xml.text("status", found.map_or(AttachmentState::Detached, |on| on.state).name());
        xml.text("attachTime", model.date_time(found.map_or(model.now(), |on| on.since)));
        xml.maybe("deleteOnTermination", found.map(|on| on.delete_on_termination));
    })
}

fn delete(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("VolumeId")?.to_string();
    let volume = VolumeId(model.read_id(IdKind::Volume, &id)?);
    let request = ResourceCall::DeleteVolume(model.volume_handle(&id)?);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| {
            let volume = model.session.storage().volume(volume);
            let holder = volume.and_then(|volume| volume.attachments.first()).map(|on| on.instance);
            match (reason.failure, holder) {
                (Failure::VolumeInUse, Some(holder)) => {
                    let message =
                        format!("Volume {id} is currently attached to {}", model.instance_id(holder));
                    ApiError { message, ..ApiError::from(reason) }
                }
                _ => error(reason, &id),
            }
        })?;
        model.labels.forget(caller.account, &id);
        Ok(success())
    }))
}

fn modify(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let id = params.required("VolumeId")?.to_string();
    let volume = VolumeId(model.read_id(IdKind::Volume, &id)?);
    let spec = spec(params)?;
    let request = ResourceCall::ModifyVolume(model.volume_handle(&id)?, spec);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| error(reason, &id))?;
        let volume = own(model, caller, volume).ok_or_else(|| ApiError::gone("volume"))?;
        Ok(Xml::fragment(|xml| {
            xml.inside("volumeModification", |xml| modification(xml, model, volume));
        }))
    }))
}

/// Writes the elements of the last modification of a volume.
fn modification(xml: &mut Xml, model: &CloudModel<'_>, volume: &Volume) {
    let Some(change) = &volume.modification else { return };
    xml.text("volumeId", model.id(IdKind::Volume, volume.id.0));
    xml.text("modificationState", change.state.name());
    xml.text("targetSize", volume.provisioned.size_gib);
    xml.text("targetVolumeType", volume.provisioned.kind.name());
    xml.text("targetIops", volume.provisioned.performance.iops);
    xml.text("targetThroughput", volume.provisioned.performance.throughput_mibps);
    xml.maybe("startTime", volume.modified.last().map(|at| model.date_time(*at)));
}

/// Returns a volume of the caller.
fn own<'a>(model: &'a CloudModel<'_>, caller: Caller, id: VolumeId) -> Option<&'a Volume> {
    model.session.storage().volume(id).filter(|volume| volume.account == caller.account)
}

/// Returns the volumes that a request names; all of the caller's where it names none.
fn named<'a>(
    model: &'a CloudModel<'_>,
    caller: Caller,
    params: &Params,
) -> Result<Vec<&'a Volume>, ApiError> {
    let ids = params.list("VolumeId");
    if ids.is_empty() {
        let mut all = model.session.storage().volumes();
        all.retain(|volume| volume.account == caller.account && volume.deleted.is_none());
        return Ok(all);
    }
    let find = |id: &&str| {
        let number = VolumeId(model.read_id(IdKind::Volume, id)?);
        let unknown = FailureReason::from(Failure::InvalidVolumeNotFound);
        own(model, caller, number).ok_or_else(|| error(unknown, id))
    };
    ids.iter().map(find).collect()
}

const FILTERS: &[&str] = &[
    "volume-id",
    "status",
    "availability-zone",
    "volume-type",
    "size",
    "snapshot-id",
    "multi-attach-enabled",
    "attachment.instance-id",
    "attachment.device",
    "attachment.status",
    "tag:",
    "tag-key",
    "tag-value",
];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let is_meant = |volume: &&Volume| filters.keep(|name| values(model, volume, name));
    let meant = named(model, caller, params)?.into_iter().filter(is_meant);
    let (shown, next) = page.cut(meant, |volume| u64::from(volume.id.0));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("volumeSet", shown, |xml, volume| elements(xml, model, volume));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

fn describe_modifications(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let volumes = named(model, caller, params)?;
    let modified = volumes.into_iter().filter(|volume| volume.modification.is_some());
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("volumeModificationSet", modified, |xml, volume| modification(xml, model, volume));
    })))
}

/// Returns the values that a volume has for a filter.
fn values(model: &CloudModel<'_>, volume: &Volume, filter: &str) -> Vec<String> {
    let attachments = || volume.attachments.iter();
    match filter {
        "volume-id" => vec![model.id(IdKind::Volume, volume.id.0)],
        "status" => vec![volume.state.name().to_string()],
        "availability-zone" => vec![model.zone_name(volume.zone).to_string()],
        "volume-type" => vec![volume.provisioned.kind.name().to_string()],
        "size" => vec![volume.provisioned.size_gib.to_string()],
        "snapshot-id" => volume.snapshot.iter().map(|id| model.id(IdKind::Snapshot, id.0)).collect(),
        "multi-attach-enabled" => vec![volume.multi_attach.to_string()],
        "attachment.instance-id" => attachments().map(|on| model.instance_id(on.instance)).collect(),
        "attachment.device" => attachments().map(|on| on.device.to_string()).collect(),
        "attachment.status" => attachments().map(|on| on.state.name().to_string()).collect(),
        name => {
            tag_values(name, &model.labels.of(volume.account, &model.id(IdKind::Volume, volume.id.0)).tags)
        }
    }
}

/// Writes the elements of a volume.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, volume: &Volume) {
    let id = model.id(IdKind::Volume, volume.id.0);
    xml.text("volumeId", &id);
    xml.text("size", volume.provisioned.size_gib);
    xml.text("snapshotId", volume.snapshot.map(|id| model.id(IdKind::Snapshot, id.0)).unwrap_or_default());
    xml.text("availabilityZone", model.zone_name(volume.zone));
    xml.text("status", volume.state.name());
    xml.text("createTime", model.date_time(volume.created));
    xml.list("attachmentSet", &volume.attachments, |xml, on| {
        xml.text("volumeId", &id);
        xml.text("instanceId", model.instance_id(on.instance));
        xml.text("device", on.device);
        xml.text("status", on.state.name());
        xml.text("attachTime", model.date_time(on.since));
        xml.text("deleteOnTermination", on.delete_on_termination);
    });
    render::tags(xml, &model.labels.of(volume.account, &id).tags);
    xml.text("volumeType", volume.provisioned.kind.name());
    xml.text("iops", volume.provisioned.performance.iops);
    xml.text("throughput", volume.provisioned.performance.throughput_mibps);
    xml.text("encrypted", false);
    xml.text("multiAttachEnabled", volume.multi_attach);
}
