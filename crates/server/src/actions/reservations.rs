//! Capacity reservations.

use std::collections::BTreeSet;

use plimsoll_base::failure::Failure;
use plimsoll_base::units::CapacityReservationId;
use plimsoll_model::workload::resource_call::ResourceCall;
use plimsoll_sim::cloud::session::CreatedResource;

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
        name: "CreateCapacityReservation",
        honoured: &[
            "InstanceType",
            "AvailabilityZone",
            "InstanceCount",
            "InstanceMatchCriteria",
            "ClientToken",
        ],
        without_effect: &["InstancePlatform", "EbsOptimized", "EphemeralStorage"],
        begin: create,
    },
    ActionEntry {
        name: "CancelCapacityReservation",
        honoured: &["CapacityReservationId"],
        without_effect: &[],
        begin: cancel,
    },
    ActionEntry {
        name: "DescribeCapacityReservations",
        honoured: &["CapacityReservationId.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &["MaxResults"],
        begin: describe,
    },
];

fn create(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let kind = model.instance_type(params.required("InstanceType")?)?;
    let zone = model.zone(params.required("AvailabilityZone")?)?;
    let count = params.number("InstanceCount")?.ok_or_else(|| ApiError::missing("InstanceCount"))?;
    if count == 0 {
        return Err(ApiError::invalid("InstanceCount", "0", "1 or more"));
    }
    // `CreateCapacityReservation`, "InstanceMatchCriteria", botocore 1.44.8: "Default: open".
    let open = match params.get("InstanceMatchCriteria").unwrap_or("open") {
        "open" => true,
        "targeted" => false,
        other => return Err(ApiError::invalid("InstanceMatchCriteria", other, "open or targeted")),
    };
    let name = model.new_name();
    let reservation = model.session.directory_mut().handles.reservation(&name);
    let request = ResourceCall::CreateReservation { reservation, kind, zone, count, open, until: None };
    Ok(ActionStep::call(request, move |model, outcome| {
        let [CreatedResource::Reservation(id)] = outcome?.created[..] else {
            return Err(ApiError::gone("reservation"));
        };
        Ok(Xml::fragment(|xml| xml.inside("capacityReservation", |xml| elements(xml, model, id))))
    }))
}

fn cancel(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let id = params.required("CapacityReservationId")?.to_string();
    let request = ResourceCall::CancelReservation(model.reservation_handle(&id)?);
    Ok(ActionStep::call(request, move |_, outcome| {
        outcome.map_err(|reason| match reason.failure {
            Failure::InvalidCapacityReservationIdNotFound => {
                ApiError::not_found(reason.failure, "capacity reservation", &id)
            }
            _ => ApiError::from(reason),
        })?;
        Ok(success())
    }))
}

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, &["instance-type", "state", "availability-zone"])?;
    let all = model.session.reservations().all();
    let asked: BTreeSet<CapacityReservationId> = match &params.list("CapacityReservationId")[..] {
        [] => {
            let numbered = all.iter().zip((0..).map(CapacityReservationId));
            numbered.filter(|(held, _)| held.account() == caller.account).map(|(_, id)| id).collect()
        }
        named => {
            let find = |text: &&str| {
                let id = CapacityReservationId(model.read_id(IdKind::CapacityReservation, text)?);
                let found = all.get(id.index()).filter(|held| held.account() == caller.account);
                let unknown = Failure::InvalidCapacityReservationIdNotFound;
                let refused = || ApiError::not_found(unknown, "capacity reservation", text);
                found.map(|_| id).ok_or_else(refused)
            };
            named.iter().map(find).collect::<Result<_, ApiError>>()?
        }
    };
    let is_meant = |id: &CapacityReservationId| {
        let held = model.session.reservations().get(*id);
        let value = |filter: &str| match filter {
            "instance-type" => model.type_name(held.kind).to_string(),
            "availability-zone" => model.zone_name(held.zone()).to_string(),
            _ => state(held.count).to_string(),
        };
        filters.keep(|filter| vec![value(filter)])
    };
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("capacityReservationSet", asked.into_iter().filter(is_meant), |xml, id| {
            elements(xml, model, id)
        });
    })))
}

/// Returns EC2's word for a reservation of so many instances, 0 once it is cancelled.
fn state(count: u32) -> &'static str {
    if count == 0 { "cancelled" } else { "active" }
}

/// Writes the elements of a reservation.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, id: CapacityReservationId) {
    let held = model.session.reservations().get(id);
    xml.text("capacityReservationId", model.id(IdKind::CapacityReservation, id.0));
    xml.text("ownerId", model.owner_id(held.account()));
    xml.text("instanceType", model.type_name(held.kind));
    xml.text("instancePlatform", "Linux/UNIX");
    xml.text("availabilityZone", model.zone_name(held.zone()));
    xml.text("tenancy", "default");
    xml.text("totalInstanceCount", held.count);
    xml.text("availableInstanceCount", held.free);
    xml.text("state", state(held.count));
    xml.text("endDateType", "unlimited");
    xml.text("instanceMatchCriteria", if held.is_open { "open" } else { "targeted" });
}
