//! Endpoints of volumes.

use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::VolumeId;
use plimsoll_model::workload::resource_call::{ResourceCall, VolumeSpec};
use plimsoll_sim::cloud::session::CreatedResource;
use serde_json::json;

use super::bodies::{AttachBody, AttachedBody, CreateVolumeBody, DetachedBody, VolumeBody};
use super::{Asked, Endpoint, JsonStep, of};
use crate::api_error::ApiError;
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};

/// Rows of the family.
pub(super) const ENDPOINTS: [Endpoint; 3] = [
    Endpoint {
        method: "POST",
        path: "/api/v1/volumes",
        summary: "Create a volume",
        query: &[],
        body: Some(of::<CreateVolumeBody>),
        answer: of::<VolumeBody>,
        begin: create,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/volumes/{volumeId}/attach",
        summary: "Attach a volume to an instance",
        query: &[],
        body: Some(of::<AttachBody>),
        answer: of::<AttachedBody>,
        begin: attach,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/volumes/{volumeId}/detach",
        summary: "Detach a volume",
        query: &[],
        body: None,
        answer: of::<DetachedBody>,
        begin: detach,
    },
];

fn create(model: &mut CloudModel<'_>, _: Caller, asked: &Asked<'_>) -> JsonStep {
    let body: CreateVolumeBody = asked.body()?;
    let zone = model.zone(&body.availability_zone)?;
    let kind = VolumeType::ALL.iter().copied().find(|kind| kind.name() == body.volume_type);
    let kind = kind.ok_or_else(|| ApiError::from(FailureReason::from(Failure::UnknownVolumeType)))?;
    let name = model.new_name();
    let volume = model.session.directory_mut().handles.volume(&name);
    let spec = VolumeSpec { kind: Some(kind), size_gib: Some(body.size), ..VolumeSpec::default() };
    let request = ResourceCall::CreateVolume { volume, zone, spec, snapshot: None, multi_attach: false };
    Ok(ActionStep::call(request, move |model, outcome| {
        let [CreatedResource::Volume(id)] = outcome?.created[..] else {
            return Err(ApiError::gone("volume"));
        };
        let volume = model.session.storage().volume(id).ok_or_else(|| ApiError::gone("volume"))?;
        Ok(json!(VolumeBody {
            volume_id: model.id(IdKind::Volume, id.0),
            state: volume.state.name().to_string(),
            size: volume.provisioned.size_gib,
            volume_type: volume.provisioned.kind.name().to_string(),
        }))
    }))
}

fn attach(model: &mut CloudModel<'_>, caller: Caller, asked: &Asked<'_>) -> JsonStep {
    let body: AttachBody = asked.body()?;
    let id = asked.id.to_string();
    let number = VolumeId(model.read_id(IdKind::Volume, &id)?);
    let instance = model.instance_handle(&body.instance_id)?;
    let volume = model.volume_handle(&id)?;
    let request = ResourceCall::AttachVolume { volume, instance, device: body.device };
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome.map_err(|reason| {
            model.instance_error(reason, std::slice::from_ref(&body.instance_id), caller.account)
        })?;
        let volume = model.session.storage().volume(number).ok_or_else(|| ApiError::gone("volume"))?;
        let is_meant = |on: &&plimsoll_model::storage::VolumeAttachment| {
            model.instance_id(on.instance) == body.instance_id
        };
        let on = volume.attachments.iter().find(is_meant).ok_or_else(|| ApiError::gone("attachment"))?;
        Ok(json!(AttachedBody {
            volume_id: id,
            device: on.device.to_string(),
            state: on.state.name().to_string(),
            instance_id: body.instance_id,
        }))
    }))
}

fn detach(model: &mut CloudModel<'_>, _: Caller, asked: &Asked<'_>) -> JsonStep {
    let id = asked.id.to_string();
    let number = VolumeId(model.read_id(IdKind::Volume, &id)?);
    let request = ResourceCall::DetachVolume(model.volume_handle(&id)?, None);
    Ok(ActionStep::call(request, move |model, outcome| {
        outcome?;
        let volume = model.session.storage().volume(number).ok_or_else(|| ApiError::gone("volume"))?;
        Ok(json!(DetachedBody { volume_id: id, state: volume.state.name().to_string() }))
    }))
}
