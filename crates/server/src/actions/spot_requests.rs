//! Spot instance requests: `RequestSpotInstances`, `DescribeSpotInstanceRequests`, `CancelSpotInstanceRequests`.
//!
//! A request stands for one instance of the spot market, whichever action launched it, and its state follows from that of the
//! instance. None stays open: where EC2 lets a request wait for room or for a lower price, it is refused here, as a launch is.

use plimsoll_base::units::InstanceId;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::Tag;
use plimsoll_sim::cloud::session::view::InstanceView;

use super::{ActionEntry, XmlStep, launch};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::ids::IdKind;
use crate::labels::{LaunchRecord, SpotLabels};
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
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

/// Request for a spot instance: the instance, its launch, and what the client said of the market.
type SpotRequest<'a> = (InstanceView<'a>, &'a LaunchRecord, &'a SpotLabels);

fn request(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    // `RequestSpotInstances`, "InstanceCount", botocore 1.44.8: "Default: 1".
    let count = params.get("InstanceCount").unwrap_or("1");
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
    launch.set("MaxCount", Some(count));
    let tags: Vec<Tag> = launch::tags_of(params, "spot-instances-request")?;
    let mut wish = launch::read(&launch)?;
    wish.labels.request_tags = tags;
    let (action, labels) = launch::plan(model, caller, wish)?;
    Ok(ActionStep::call(action, move |model, outcome| {
        let instances = launch::launched(model, outcome?, &labels);
        let made = instances.iter().filter_map(|id| request_of(model, caller, *id));
        Ok(Xml::fragment(|xml| {
            xml.list("spotInstanceRequestSet", made, |xml, request| elements(xml, model, &request));
        }))
    }))
}

/// Returns the request for an instance, if it is one of the spot market and of the caller.
fn request_of<'a>(model: &'a CloudModel<'_>, caller: Caller, id: InstanceId) -> Option<SpotRequest<'a>> {
    let view = model.session.instance(id).filter(|view| view.account == caller.account)?;
    let launch = model.labels.launch_of(id)?;
    Some((view, launch, launch.labels.spot.as_ref()?))
}

/// Returns the requests of these ids.
fn named<'a>(
    model: &'a CloudModel<'_>,
    caller: Caller,
    ids: &[&str],
) -> Result<Vec<SpotRequest<'a>>, ApiError> {
    let find = |text: &&str| {
        let id = model.requested_instance(caller.account, text)?;
        Ok(request_of(model, caller, id).expect("it was found"))
    };
    ids.iter().map(find).collect()
}

fn cancel(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let texts = params.list("SpotInstanceRequestId");
    if texts.is_empty() {
        return Err(ApiError::missing("SpotInstanceRequestId"));
    }
    let requests = named(model, caller, &texts)?;
    let ids: Vec<InstanceId> = requests.iter().map(|(view, ..)| view.id).collect();
    Ok(ActionStep::Label(Box::new(move |model| {
        for id in &ids {
            model.labels.cancel_request(*id);
        }
        let cancelled = ids.iter().filter_map(|id| request_of(model, caller, *id));
        Ok(Xml::fragment(|xml| {
            xml.list("spotInstanceRequestSet", cancelled, |xml, request| {
                xml.text("spotInstanceRequestId", model.spot_request_id(request.0.id));
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
    let mut asked = named(model, caller, &ids)?;
    if ids.is_empty() {
        let own = model.session.instances_of(caller.account, InstanceId(page.from));
        asked = own.filter_map(|view| request_of(model, caller, view.id)).collect();
    }
    asked.sort_by_key(|(view, ..)| view.id);
    asked.dedup_by_key(|(view, ..)| view.id);
    asked.retain(|request| filters.keep(|filter| values(model, request, filter)));
    let (shown, next) = page.cut(asked, |(view, ..)| view.id.0);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("spotInstanceRequestSet", shown, |xml, request| elements(xml, model, &request));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

/// Returns the values that a request has for a filter.
fn values(model: &CloudModel<'_>, request: &SpotRequest<'_>, filter: &str) -> Vec<String> {
    let (view, launch, spot) = request;
    let some = |value: Option<&str>| value.map(String::from).into_iter().collect();
    match filter {
        "spot-instance-request-id" => vec![model.spot_request_id(view.id)],
        "instance-id" => vec![model.instance_id(view.id)],
        "state" => vec![state(request).0.to_string()],
        "status-code" => some(state(request).1),
        "type" => vec![spot.kind.to_string()],
        "launch.image-id" => vec![launch.labels.image_id.clone()],
        "launch.instance-type" => vec![model.type_name(view.kind).to_string()],
        "launch.key-name" => some(launch.labels.key_name.as_deref()),
        "launched-availability-zone" => vec![model.zone_name(view.zone).to_string()],
        "spot-price" => some(spot.max_price.as_deref()),
        filter => tag_values(filter, &model.labels.of(view.account, &model.spot_request_id(view.id)).tags),
    }
}

/// Returns EC2's words for state and status of a request (EC2 user guide, "Get the status of a Spot Instance request", read 2026-11). Why
/// the model has ended an instance by itself is not known here, so that such a request has no status.
fn state((view, launch, spot): &SpotRequest<'_>) -> (&'static str, Option<&'static str>) {
    let has_ended = matches!(view.state, State::ShuttingDown | State::Terminated);
    let by_user = launch.is_ended_by_client;
    match (has_ended, launch.is_request_cancelled) {
        (true, true) => ("cancelled", by_user.then_some("instance-terminated-by-user")),
        (true, false) => ("closed", by_user.then_some("instance-terminated-by-user")),
        (false, true) => ("cancelled", Some("request-canceled-and-instance-running")),
        (false, false) if view.state == State::Stopped && by_user && spot.kind == "persistent" => {
            ("disabled", Some("instance-stopped-by-user"))
        }
        (false, false) => ("active", Some("fulfilled")),
    }
}

/// Writes the elements of a request.
fn elements(xml: &mut Xml, model: &CloudModel<'_>, request: &SpotRequest<'_>) {
    let (view, launch, spot) = request;
    let shown = model.spot_request_id(view.id);
    let (state, status) = state(request);
    xml.text("spotInstanceRequestId", &shown);
    xml.maybe("spotPrice", spot.max_price.as_deref());
    xml.text("type", spot.kind);
    xml.text("state", state);
    if let Some(code) = status {
        xml.inside("status", |xml| xml.text("code", code));
    }
    xml.inside("launchSpecification", |xml| {
        xml.text("imageId", &launch.labels.image_id);
        xml.maybe("keyName", launch.labels.key_name.as_deref());
        xml.text("instanceType", model.type_name(view.kind));
        render::security_groups(xml, model, view.id);
        xml.maybe("subnetId", view.subnet.map(|subnet| model.subnet_id(subnet)));
        xml.inside("placement", |xml| xml.text("availabilityZone", model.zone_name(view.zone)));
    });
    xml.text("instanceId", model.instance_id(view.id));
    xml.text("createTime", model.date_time(view.launched));
    xml.text("productDescription", "Linux/UNIX");
    xml.text("launchedAvailabilityZone", model.zone_name(view.zone));
    xml.text("instanceInterruptionBehavior", spot.interruption);
    render::tags(xml, &model.labels.of(view.account, &shown).tags);
}
