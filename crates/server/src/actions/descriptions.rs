//! `DescribeInstances` and `DescribeInstanceStatus`.

use plimsoll_base::units::InstanceId;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, Filter, Query, Targets};
use plimsoll_sim::cloud::session::view::InstanceView;

use super::{ActionEntry, XmlBody, XmlStep};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest, tag_values};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;
use plimsoll_base::failure::Failure;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 2] = [
    ActionEntry {
        name: "DescribeInstances",
        honoured: &["InstanceId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: |model, caller, params| describe(model, caller, params, Shown::All),
    },
    ActionEntry {
        name: "DescribeInstanceStatus",
        honoured: &[
            "InstanceId.N",
            "Filter.N.Name",
            "Filter.N.Value.N",
            "MaxResults",
            "NextToken",
            "IncludeAllInstances",
        ],
        without_effect: &[],
        begin: |model, caller, params| {
            let includes_all = params.flag("IncludeAllInstances")?.unwrap_or(false);
            let shown = if includes_all { Shown::StatusOfAll } else { Shown::StatusOfRunning };
            describe(model, caller, params, shown)
        },
    },
];

/// Part of the instances that an answer shows, and its form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shown {
    /// Everything about all of them.
    All,
    /// Status of all of them.
    StatusOfAll,
    /// Status of those that run (`DescribeInstanceStatus`, botocore 1.44.8: "By default, only running instances are
    /// described").
    StatusOfRunning,
}

/// Filters of `DescribeInstances` that are modelled.
const FILTERS: &[&str] = &[
    "instance-id",
    "instance-state-name",
    "instance-state-code",
    "instance-type",
    "availability-zone",
    "subnet-id",
    "vpc-id",
    "image-id",
    "key-name",
    "client-token",
    "reservation-id",
    "owner-id",
    "tenancy",
    "host-id",
    "architecture",
    "private-ip-address",
    "ip-address",
    "placement-group-name",
    "instance-lifecycle",
    "spot-instance-request-id",
    "tag:",
    "tag-key",
    "tag-value",
];

/// Listing that a request asks for.
struct Listing {
    caller: Caller,
    shown: Shown,
    /// Instances named, with their ids as the request writes them; empty: all.
    ids: Vec<(InstanceId, String)>,
    filters: DescribeFilters,
    page: PageRequest,
}

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params, shown: Shown) -> XmlStep {
    let texts = params.list("InstanceId");
    let filters = DescribeFilters::read(params, FILTERS)?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    if !texts.is_empty() && page.most.is_some() {
        // `DescribeInstances`, "MaxResults", botocore 1.44.8: "You cannot specify this parameter and the instance IDs parameter
        // in the same request."
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::client("InvalidParameterCombination", message));
    }
    let targets = match texts.is_empty() {
        true => None,
        false => Some(Targets::Batch(model.instance_handles(&texts)?)),
    };
    let ids = texts.iter().map(|text| Ok((model.read_instance_id(text)?, text.to_string())));
    let ids = ids.collect::<Result<Vec<_>, ApiError>>()?;
    let query = Query {
        targets,
        filters: if model.session.has_control_plane() { model_filters(model, &filters) } else { Vec::new() },
        page_size: page.most.map(|most| most as u32),
    };
    let listing = Listing { caller, shown, ids, filters, page };
    Ok(ActionStep::call(Action::Describe(query), move |model, outcome| {
        let texts: Vec<String> = listing.ids.iter().map(|(_, text)| text.clone()).collect();
        outcome.map_err(|reason| model.instance_error(reason, &texts, listing.caller.account))?;
        listing.answer(model)
    }))
}

/// Returns the filters that the model knows, by which its control plane finds an index. Each of one value, as they are.
fn model_filters(model: &mut CloudModel<'_>, filters: &DescribeFilters) -> Vec<Filter> {
    let mut known = Vec::new();
    for (name, values) in filters.iter() {
        let [value] = values else { continue };
        known.extend(match name {
            "instance-state-name" => {
                State::ALL.iter().find(|state| state.name() == value).map(|state| Filter::State(vec![*state]))
            }
            "instance-type" => model.instance_type(value).ok().map(Filter::Type),
            "availability-zone" => model.zone(value).ok().map(Filter::Zone),
            "subnet-id" => model.subnet(value).ok().map(Filter::Subnet),
            name => name.strip_prefix("tag:").map(|key| Filter::Tag(key.to_string(), Some(value.clone()))),
        });
    }
    known
}

impl Listing {
    fn answer(&self, model: &CloudModel<'_>) -> Result<XmlBody, ApiError> {
        let (views, next) = self.instances(model)?;
        Ok(Xml::fragment(|xml| {
            match self.shown {
                Shown::All => render::reservations(xml, model, &views),
                Shown::StatusOfAll | Shown::StatusOfRunning => {
                    xml.list("instanceStatusSet", &views, |xml, view| status(xml, model, view));
                }
            }
            xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
        }))
    }

    /// Returns the instances of the page, and the position of the next one.
    fn instances<'a>(
        &self,
        model: &'a CloudModel<'_>,
    ) -> Result<(Vec<InstanceView<'a>>, Option<u64>), ApiError> {
        let account = self.caller.account;
        let is_meant = |view: &InstanceView<'_>| {
            let is_shown = self.shown != Shown::StatusOfRunning || view.state == State::Running;
            is_shown && self.filters.keep(|name| values(model, view, name))
        };
        let position = |view: &InstanceView<'_>| view.id.0;
        if self.ids.is_empty() {
            let from = InstanceId(self.page.from);
            return Ok(self.page.cut(model.session.instances_of(account, from).filter(is_meant), position));
        }
        let find = |(id, text): &(InstanceId, String)| {
            let found = model.session.instance(*id).filter(|view| view.account == account);
            found.ok_or_else(|| ApiError::not_found(Failure::InvalidInstanceIdNotFound, "instance ID", text))
        };
        let mut named = self.ids.iter().map(find).collect::<Result<Vec<_>, ApiError>>()?;
        named.sort_by_key(position);
        named.dedup_by_key(|view| view.id);
        Ok(self.page.cut(named.into_iter().filter(is_meant), position))
    }
}

/// Returns the values that an instance has for a filter.
fn values(model: &CloudModel<'_>, view: &InstanceView<'_>, filter: &str) -> Vec<String> {
    let launch = || model.labels.launch_of(view.id);
    let some = |value: Option<String>| value.into_iter().collect();
    match filter {
        "instance-id" => vec![model.instance_id(view.id)],
        "instance-state-name" => vec![view.state.name().to_string()],
        "instance-state-code" => vec![view.state.code().to_string()],
        "instance-type" => vec![model.type_name(view.kind).to_string()],
        "availability-zone" => vec![model.zone_name(view.zone).to_string()],
        "subnet-id" => some(view.subnet.map(|subnet| model.subnet_id(subnet))),
        "vpc-id" => some(render::vpc_id(model, view)),
        "image-id" => vec![render::image_id(model, view)],
        "key-name" => some(launch().and_then(|launch| launch.labels.key_name.clone())),
        "client-token" => some(launch().and_then(|launch| launch.labels.client_token.clone())),
        "reservation-id" => vec![render::reservation_id(model, view.id)],
        "owner-id" => vec![model.owner_id(view.account)],
        "tenancy" => vec![render::tenancy(view).to_string()],
        "host-id" if render::tenancy(view) == "host" => some(view.host.map(|host| model.host_id(host))),
        "host-id" => Vec::new(),
        "architecture" => vec![render::architecture(model.type_name(view.kind)).to_string()],
        "private-ip-address" => some(view.private_address.map(|address| address.to_string())),
        "ip-address" => some(render::public_address(view).map(|address| address.to_string())),
        "placement-group-name" => some(
            view.options
                .and_then(|options| options.group)
                .map(|group| model.session.directory().handles.placement_groups()[group.0 as usize].clone()),
        ),
        "instance-lifecycle" => {
            some(view.options.and_then(|options| options.spot).map(|_| "spot".to_string()))
        }
        "spot-instance-request-id" => {
            some(view.options.and_then(|options| options.spot).map(|_| model.spot_request_id(view.id)))
        }
        name => tag_values(name, view.tags),
    }
}

/// Writes the elements of a status. The checks of the model's instances pass from the moment they run.
fn status(xml: &mut Xml, model: &CloudModel<'_>, view: &InstanceView<'_>) {
    let word = if view.state == State::Running { "ok" } else { "not-applicable" };
    xml.text("instanceId", model.instance_id(view.id));
    xml.text("availabilityZone", model.zone_name(view.zone));
    render::state(xml, "instanceState", view.state);
    for name in ["systemStatus", "instanceStatus"] {
        xml.inside(name, |xml| {
            xml.text("status", word);
            if view.state == State::Running {
                let passed = ["reachability"];
                xml.list("details", passed, |xml, name| {
                    xml.text("name", name);
                    xml.text("status", "passed");
                });
            }
        });
    }
}
