//! Capacity reservations.

use std::collections::BTreeSet;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::CapacityReservationId;
use plimsoll_model::placement::reservations::{Reservation, ReservationChange, ReservationEnd};
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
pub const ACTIONS: [ActionEntry; 4] = [
    ActionEntry {
        name: "CreateCapacityReservation",
        honoured: &[
            "InstanceType",
            "AvailabilityZone",
            "InstanceCount",
            "InstanceMatchCriteria",
            "EndDate",
            "EndDateType",
            "ClientToken",
        ],
        without_effect: &["InstancePlatform", "EbsOptimized", "EphemeralStorage"],
        begin: create,
    },
    ActionEntry {
        name: "ModifyCapacityReservation",
        honoured: &[
            "CapacityReservationId",
            "InstanceCount",
            "InstanceMatchCriteria",
            "EndDate",
            "EndDateType",
        ],
        without_effect: &["Accept"],
        begin: modify,
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
    let open = match_criteria(params)?.unwrap_or(true);
    let until = end(model, params)?.and_then(ReservationEnd::date);
    let name = model.new_name();
    let reservation = model.session.directory_mut().handles.reservation(&name);
    let request = ResourceCall::CreateReservation { reservation, kind, zone, count, open, until };
    Ok(ActionStep::call(request, move |model, outcome| {
        let [CreatedResource::Reservation(id)] = outcome?.created[..] else {
            return Err(ApiError::gone("reservation"));
        };
        Ok(Xml::fragment(|xml| xml.inside("capacityReservation", |xml| elements(xml, model, id))))
    }))
}

/// Reads who may use a reservation: true for every launch that matches.
fn match_criteria(params: &Params) -> Result<Option<bool>, ApiError> {
    match params.get("InstanceMatchCriteria") {
        None => Ok(None),
        Some("open") => Ok(Some(true)),
        Some("targeted") => Ok(Some(false)),
        Some(other) => Err(ApiError::invalid("InstanceMatchCriteria", other, "open or targeted")),
    }
}

/// Reads the end of a reservation (`CreateCapacityReservation`, "EndDateType", botocore 1.44.8: "You must provide an EndDate value if the
/// EndDateType value is limited", and none if it is unlimited).
fn end(model: &CloudModel<'_>, params: &Params) -> Result<Option<ReservationEnd>, ApiError> {
    match (params.get("EndDateType"), params.get("EndDate")) {
        (None, None) => Ok(None),
        (Some("unlimited"), None) => Ok(Some(ReservationEnd::Unlimited)),
        (Some("limited"), Some(date)) => {
            let time = model.time_of(date);
            let expected = "a date and time such as 2026-01-31T12:00:00Z, after now";
            let time = time.ok_or_else(|| ApiError::invalid("EndDate", date, expected))?;
            Ok(Some(ReservationEnd::At(time)))
        }
        (Some("limited"), None) => Err(ApiError::missing("EndDate")),
        (Some("unlimited") | None, Some(_)) => {
            let message = "The parameter EndDate goes with EndDateType limited";
            Err(ApiError::client("InvalidParameterCombination", message))
        }
        (Some(other), _) => Err(ApiError::invalid("EndDateType", other, "unlimited or limited")),
    }
}

fn modify(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let id = params.required("CapacityReservationId")?.to_string();
    let change = ReservationChange {
        count: params.number("InstanceCount")?,
        is_open: match_criteria(params)?,
        end: end(model, params)?,
    };
    let request = ResourceCall::ModifyReservation(model.reservation_handle(&id)?, change);
    Ok(ActionStep::call(request, move |_, outcome| {
        outcome.map_err(|reason| about(reason, &id))?;
        Ok(success())
    }))
}

/// Returns the error of a call about a reservation.
fn about(reason: FailureReason, id: &str) -> ApiError {
    match reason.failure {
        Failure::InvalidCapacityReservationIdNotFound => {
            ApiError::not_found(reason.failure, "capacity reservation", id)
        }
        _ => ApiError::from(reason),
    }
}

fn cancel(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let id = params.required("CapacityReservationId")?.to_string();
    let request = ResourceCall::CancelReservation(model.reservation_handle(&id)?);
    Ok(ActionStep::call(request, move |_, outcome| {
        outcome.map_err(|reason| about(reason, &id))?;
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
            _ => state(held).to_string(),
        };
        filters.keep(|filter| vec![value(filter)])
    };
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("capacityReservationSet", asked.into_iter().filter(is_meant), |xml, id| {
            elements(xml, model, id)
        });
    })))
}

/// Returns EC2's word for the state of a reservation.
fn state(held: &Reservation) -> &'static str {
    match (held.count, held.is_cancelled) {
        (0, true) => "cancelled",
        (0, false) => "expired",
        _ => "active",
    }
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
    xml.text("state", state(held));
    xml.text("endDateType", if held.until.is_some() { "limited" } else { "unlimited" });
    xml.maybe("endDate", held.until.map(|until| model.date_time(until)));
    xml.text("instanceMatchCriteria", if held.is_open { "open" } else { "targeted" });
}
