//! Spot instance requests: `RequestSpotInstances`, `DescribeSpotInstanceRequests`, `CancelSpotInstanceRequests`.
//!
//! A request stands for one instance of the spot market, whichever action launched it, and its state follows from that of the
//! instance. One of `RequestSpotInstances` that finds no room, or a price above its highest, stays open: the cloud tries it again.

use std::sync::Arc;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, InstanceId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::security::{DEFAULT_GROUP, SecurityGroup};
use plimsoll_model::workload::call::{Launch, Tag};
use plimsoll_sim::cloud::session::{Effects, FulfilledRequest, SpotRequestNumber, SpotRequestState};

use super::{ActionEntry, XmlStep, launch};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::ids::IdKind;
use crate::labels::{LaunchLabels, WaitedRequest};
use crate::model::{ActionStep, CallOutcomes, Caller, CloudModel, waiting_request};
use crate::query::Params;
use crate::render;
use crate::spot_requests::{Fulfilment, ShownRequest, named, request_of};
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 3] = [
    ActionEntry {
        name: "RequestSpotInstances",
        honoured: &[
            "InstanceCount",
            "SpotPrice",
            "Type",
            "InstanceInterruptionBehavior",
            "ValidUntil",
            "ClientToken",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
            "LaunchSpecification.ImageId",
            "LaunchSpecification.InstanceType",
            "LaunchSpecification.KeyName",
            "LaunchSpecification.UserData",
            "LaunchSpecification.SubnetId",
            "LaunchSpecification.SecurityGroupId.N",
            "LaunchSpecification.SecurityGroup.N",
            "LaunchSpecification.Placement.AvailabilityZone",
            "LaunchSpecification.Placement.GroupName",
            "LaunchSpecification.Placement.Tenancy",
            "LaunchSpecification.NetworkInterface.N.DeviceIndex",
            "LaunchSpecification.NetworkInterface.N.SubnetId",
            "LaunchSpecification.NetworkInterface.N.AssociatePublicIpAddress",
            "LaunchSpecification.NetworkInterface.N.SecurityGroupId.N",
            "LaunchSpecification.BlockDeviceMapping.N.DeviceName",
            "LaunchSpecification.BlockDeviceMapping.N.Ebs.VolumeSize",
            "LaunchSpecification.BlockDeviceMapping.N.Ebs.VolumeType",
            "LaunchSpecification.BlockDeviceMapping.N.Ebs.Iops",
            "LaunchSpecification.BlockDeviceMapping.N.Ebs.Throughput",
            "LaunchSpecification.BlockDeviceMapping.N.Ebs.DeleteOnTermination",
        ],
        without_effect: &[
            "LaunchSpecification.Monitoring.",
            "LaunchSpecification.EbsOptimized",
            "LaunchSpecification.IamInstanceProfile.",
        ],
        begin: request,
    },
    ActionEntry {
        name: "DescribeSpotInstanceRequests",
        honoured: &[
            "SpotInstanceRequestId.N",
            "Filter.N.Name",
            "Filter.N.Value.N",
            "MaxResults",
            "NextToken",
        ],
        without_effect: &[],
        begin: describe,
    },
    ActionEntry {
        name: "CancelSpotInstanceRequests",
        honoured: &["SpotInstanceRequestId.N"],
        without_effect: &[],
        begin: cancel,
    },
];

/// Most requests of a call. The limit is assumed.
const MOST: u32 = 1000;

fn request(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    // `RequestSpotInstances`, "InstanceCount", botocore 1.44.8: "Default: 1".
    let count = params.number::<u32>("InstanceCount")?.unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(ApiError::invalid("InstanceCount", &count.to_string(), &format!("1 to {MOST}")));
    }
    let market = [
        ("MarketType", Some("spot")),
        ("SpotOptions.MaxPrice", params.get("SpotPrice")),
        ("SpotOptions.SpotInstanceType", params.get("Type")),
        ("SpotOptions.InstanceInterruptionBehavior", params.get("InstanceInterruptionBehavior")),
    ];
    let mut launch = params.within("LaunchSpecification");
    for (name, value) in market {
        launch.set(&format!("InstanceMarketOptions.{name}"), value);
    }
    launch.set("MinCount", Some("1"));
    launch.set("MaxCount", Some("1"));
    let tags: Vec<Tag> = launch::tags_of(params, "spot-instances-request")?;
    let mut wish = launch::read(&launch)?;
    wish.labels.request_tags = tags;
    let valid_until = params.get("ValidUntil").map(|date| valid_until(model, date)).transpose()?;
    if let Some(spot) = &mut wish.options.spot {
        (spot.stays_open, spot.valid_until) = (true, valid_until);
    }
    // A request for each instance.
    let plans = (0..count).map(|_| launch::plan(model, caller, wish.clone()));
    let (actions, labels): (Vec<_>, Vec<_>) =
        plans.collect::<Result<Vec<_>, ApiError>>()?.into_iter().unzip();
    Ok(ActionStep::Calls(
        actions,
        Box::new(move |model, outcomes| {
            let mut made = Vec::new();
            for (effects, labels) in successes(outcomes, labels)? {
                match effects.spot_request {
                    Some(number) => made.push(note_open(model, caller, number, &labels)),
                    None => made.extend(launch::launched(model, effects, &labels).iter().map(|id| id.0)),
                }
            }
            let model = &*model;
            let shown = made.iter().filter_map(|number| request_of(model, caller, *number));
            Ok(Xml::fragment(|xml| {
                xml.list("spotInstanceRequestSet", shown, |xml, request| elements(xml, model, &request));
            }))
        }),
    ))
}

/// Reads the end of a request, which is yet to come.
fn valid_until(model: &CloudModel<'_>, date: &str) -> Result<Time, ApiError> {
    let until = model.time_of(date).filter(|until| *until > model.now());
    let expected = "a date and time such as 2026-01-31T12:00:00Z, after now";
    until.ok_or_else(|| ApiError::invalid("ValidUntil", date, expected))
}

/// Returns the effects of the calls that have succeeded, with their labels; where none has, the first failure: fewer may be requested than
/// were asked for.
fn successes<L>(outcomes: CallOutcomes, labels: Vec<L>) -> Result<Vec<(Effects, L)>, FailureReason> {
    let (mut succeeded, mut first_failure) = (Vec::new(), None);
    for (outcome, labels) in outcomes.into_iter().zip(labels) {
        match outcome {
            Ok(effects) => succeeded.push((effects, labels)),
            Err(reason) => first_failure = first_failure.or(Some(reason)),
        }
    }
    first_failure.filter(|_| succeeded.is_empty()).map_or(Ok(succeeded), Err)
}

/// Notes the labels of a request that stays open, and returns the number by which its id is made. It may be fulfilled already: an answer is
/// taken some time after it was given.
fn note_open(
    model: &mut CloudModel<'_>,
    caller: Caller,
    number: SpotRequestNumber,
    labels: &Arc<LaunchLabels>,
) -> u64 {
    let id = model.ids.show(IdKind::SpotRequest, waiting_request(number));
    let session = &model.session;
    let is_shown = |number| session.spot_request(number).is_some();
    model.labels.note_request((number, caller.account, &id), labels, is_shown);
    model.labels.set_tags(caller.account, &id, labels.request_tags.clone());
    follow_fulfilled(model);
    waiting_request(number)
}

/// Gives instances the labels of the spot requests that they have fulfilled since.
pub fn follow_fulfilled(model: &mut CloudModel<'_>) {
    let CloudModel { session, labels, .. } = model;
    for fulfilled in session.take_fulfilled_requests(|number| labels.of_request(number).is_some()) {
        let session = &model.session;
        let FulfilledRequest { number, called, instance: id } = fulfilled;
        let request = WaitedRequest { number, called };
        let labels = model.labels.note_fulfilled(request, id, |id| session.instance(id).is_some());
        if let Some(labels) = labels {
            launch::tag_volumes(model, &[id], &labels.volume_tags);
        }
    }
}

fn cancel(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let texts = params.list("SpotInstanceRequestId");
    if texts.is_empty() {
        return Err(ApiError::missing("SpotInstanceRequestId"));
    }
    let requests = texts.iter().map(|id| named(model, caller, id).map(|request| request.number));
    let numbers = requests.collect::<Result<Vec<u64>, ApiError>>()?;
    Ok(ActionStep::Label(Box::new(move |model| {
        for number in &numbers {
            match request_of(model, caller, *number).map(|request| request.fulfilment) {
                Some(Fulfilment::Instance(view, _)) => {
                    let id = view.id;
                    model.labels.cancel_request(id);
                }
                Some(Fulfilment::Waiting(number, _)) => model.session.cancel_spot_request(number),
                None => {}
            }
        }
        let model = &*model;
        let cancelled = numbers.iter().filter_map(|number| request_of(model, caller, *number));
        Ok(Xml::fragment(|xml| {
            xml.list("spotInstanceRequestSet", cancelled, |xml, request| {
                xml.text("spotInstanceRequestId", model.ids.show(IdKind::SpotRequest, request.number));
                xml.text("state", state(&request).0);
            });
        }))
    })))
}

const FILTERS: &[&str] = &[
    "spot-instance-request-id",
    "instance-id",
    "state",
    "status-code",
    "type",
    "launch.image-id",
    "launch.instance-type",
    "launch.key-name",
    "launched-availability-zone",
    "spot-price",
    "tag:",
    "tag-key",
];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let model = &*model;
    let ids = params.list("SpotInstanceRequestId");
    let mut asked: Vec<ShownRequest<'_>> = if ids.is_empty() {
        let own = model.session.instances_of(caller.account, InstanceId(0));
        let of_instances = own.filter_map(|view| {
            let waited = model.labels.launch_of(view.id)?.request;
            let number = waited.map_or(view.id.0, |request| waiting_request(request.number));
            request_of(model, caller, number)
        });
        let waiting = model.session.spot_requests(caller.account);
        let waiting = waiting.filter_map(|(number, _)| request_of(model, caller, waiting_request(number)));
        of_instances.chain(waiting).collect()
    } else {
        ids.iter().map(|id| named(model, caller, id)).collect::<Result<_, ApiError>>()?
    };
    asked.sort_by_key(|request| request.number);
    asked.dedup_by_key(|request| request.number);
    asked.retain(|request| filters.keep(|filter| values(model, request, filter)));
    let (shown, next) = page.cut(asked, |request| request.number);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("spotInstanceRequestSet", shown, |xml, request| elements(xml, model, &request));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the values that a request has for a filter.
fn values(model: &CloudModel<'_>, request: &ShownRequest<'_>, filter: &str) -> Vec<String> {
    let some = |value: Option<&str>| value.map(String::from).into_iter().collect();
    let id = || model.ids.show(IdKind::SpotRequest, request.number);
    let view = match &request.fulfilment {
        Fulfilment::Instance(view, _) => Some(view),
        Fulfilment::Waiting(..) => None,
    };
    match filter {
        "spot-instance-request-id" => vec![id()],
        "instance-id" => view.map(|view| model.instance_id(view.id)).into_iter().collect(),
        "state" => vec![state(request).0.to_string()],
        "status-code" => some(state(request).1),
        "type" => vec![request.spot.kind.to_string()],
        "launch.image-id" => vec![request.labels.image_id.clone()],
        "launch.instance-type" => vec![instance_type(model, request).to_string()],
        "launch.key-name" => some(request.labels.key_name.as_deref()),
        "launched-availability-zone" => some(view.map(|view| model.zone_name(view.zone))),
        "spot-price" => some(request.spot.max_price.as_deref()),
        filter => tag_values(filter, &model.labels.of(request.account, &id()).tags),
    }
}

fn instance_type<'a>(model: &'a CloudModel<'_>, request: &ShownRequest<'_>) -> &'a str {
    model.type_name(match &request.fulfilment {
        Fulfilment::Instance(view, _) => view.kind,
        Fulfilment::Waiting(_, request) => request.launch.kind,
    })
}

/// Returns EC2's words for state and status of a request (EC2 user guide, "Get the status of a Spot Instance request", read 2026-11). Why
/// the model has ended an instance by itself is not known here, so that such a request has no status.
fn state(request: &ShownRequest<'_>) -> (&'static str, Option<&'static str>) {
    let (view, launch) = match &request.fulfilment {
        Fulfilment::Instance(view, launch) => (view, launch),
        Fulfilment::Waiting(_, request) => return state_without_instance(request.state),
    };
    let has_ended = matches!(view.state, State::ShuttingDown | State::Terminated);
    let by_user = launch.is_ended_by_client;
    match (has_ended, launch.is_request_cancelled) {
        (true, true) => ("cancelled", by_user.then_some("instance-terminated-by-user")),
        (true, false) => ("closed", by_user.then_some("instance-terminated-by-user")),
        (false, true) => ("cancelled", Some("request-canceled-and-instance-running")),
        (false, false) if view.state == State::Stopped && by_user && request.spot.kind == "persistent" => {
            ("disabled", Some("instance-stopped-by-user"))
        }
        (false, false) => ("active", Some("fulfilled")),
    }
}

/// Returns the words for a request without an instance (the same page, "Holding", "Pending evaluation/fulfillment-terminal").
fn state_without_instance(state: SpotRequestState) -> (&'static str, Option<&'static str>) {
    match state {
        SpotRequestState::Open(reason) => {
            let code = match reason.failure {
                Failure::InsufficientInstanceCapacity => "capacity-not-available",
                Failure::SpotMaxPriceTooLow => "price-too-low",
                _ => "constraint-not-fulfillable",
            };
            ("open", Some(code))
        }
        SpotRequestState::Cancelled => ("cancelled", Some("canceled-before-fulfillment")),
        SpotRequestState::Expired => ("closed", Some("schedule-expired")),
    }
}

/// Writes the elements of a request.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, request: &ShownRequest<'_>) {
    let shown = model.ids.show(IdKind::SpotRequest, request.number);
    let (state, status) = state(request);
    xml.text("spotInstanceRequestId", &shown);
    xml.maybe("spotPrice", request.spot.max_price.as_deref());
    xml.text("type", request.spot.kind);
    xml.text("state", state);
    if let Some(code) = status {
        xml.inside("status", |xml| xml.text("code", code));
    }
    xml.inside("launchSpecification", |xml| {
        xml.text("imageId", &request.labels.image_id);
        xml.maybe("keyName", request.labels.key_name.as_deref());
        xml.text("instanceType", instance_type(model, request));
        match &request.fulfilment {
            Fulfilment::Instance(view, _) => {
                render::security_groups(xml, model, view.id);
                let subnet = view.subnet.map(|subnet| model.subnet_id(subnet));
                place(xml, subnet, Some(model.zone_name(view.zone)));
            }
            Fulfilment::Waiting(_, waiting) => {
                let launch = &waiting.launch;
                render::group_set(xml, model, groups_of(model, request.account, launch));
                let subnet = launch.subnet.map(|subnet| model.subnet_id(subnet));
                place(xml, subnet, launch.zone.map(|zone| model.zone_name(zone)));
            }
        }
    });
    match &request.fulfilment {
        Fulfilment::Instance(view, launch) => {
            let called = launch.request.map_or(view.launched, |request| request.called);
            xml.text("instanceId", model.instance_id(view.id));
            xml.text("createTime", model.date_time(called));
            xml.text("launchedAvailabilityZone", model.zone_name(view.zone));
        }
        Fulfilment::Waiting(_, waiting) => {
            xml.text("createTime", model.date_time(waiting.called));
            xml.maybe("validUntil", waiting.valid_until().map(|until| model.date_time(until)));
        }
    }
    xml.text("productDescription", "Linux/UNIX");
    xml.text("instanceInterruptionBehavior", request.spot.interruption);
    render::tags(xml, &model.labels.of(request.account, &shown).tags);
}

/// Writes where a request asks for its instance.
fn place(xml: &mut Xml, subnet: Option<String>, zone: Option<&str>) {
    xml.maybe("subnetId", subnet);
    if let Some(zone) = zone {
        xml.inside("placement", |xml| xml.text("availabilityZone", zone));
    }
}

/// Returns the security groups that a launch names, or the default one.
fn groups_of<'a>(model: &'a CloudModel<'_>, account: AccountId, launch: &Launch) -> Vec<&'a SecurityGroup> {
    let handles = launch.options.as_ref().map_or(&[][..], |options| &options.security_groups);
    let names = model.session.directory().handles.security_groups();
    let named: Vec<&str> = handles.iter().map(|group| names[group.0 as usize].as_str()).collect();
    let names = if named.is_empty() { vec![DEFAULT_GROUP] } else { named };
    names.into_iter().filter_map(|name| model.session.security().named(account, name).next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_among_several_calls_hides_no_success() {
        let opened = |number| Effects { spot_request: Some(SpotRequestNumber(number)), ..Effects::default() };
        let failed = |failure: Failure| Err(FailureReason::from(failure));
        let (first, second) = (Failure::MaxSpotInstanceCountExceeded, Failure::RequestLimitExceeded);
        let outcomes = vec![failed(first), Ok(opened(1)), failed(second), Ok(opened(2))];
        let found = successes(outcomes, vec!["a", "b", "c", "d"]).unwrap();
        let found: Vec<_> = found.into_iter().map(|(effects, label)| (effects.spot_request, label)).collect();
        let of = |number| Some(SpotRequestNumber(number));
        assert_eq!(found, [(of(1), "b"), (of(2), "d")]);
        let none = successes(vec![failed(first), failed(second)], vec!["a", "b"]);
        assert_eq!(none.unwrap_err().failure, first);
    }
}
