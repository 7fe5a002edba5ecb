//! Endpoints of instances.

use std::sync::Arc;

use plimsoll_base::units::InstanceId;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, LaunchOptions, Modification, Query, Targets};
use plimsoll_sim::cloud::session::view::InstanceView;
use serde::Serialize;
use serde_json::{Value, json};

use super::bodies::{
    InstanceBody, InstancesBody, LaunchBody, LaunchedBody, ModificationsBody, ModifiedBody, Pagination,
    StateChangeBody,
};
use super::{Asked, Endpoint, JsonStep, of};
use crate::actions::launch::{self, LaunchWish};
use crate::api_error::ApiError;
use crate::ids::IdKind;
use crate::labels::LaunchLabels;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::render;

/// Rows of the family.
pub(super) const ENDPOINTS: [Endpoint; 6] = [
    Endpoint {
        method: "POST",
        path: "/api/v1/instances",
        summary: "Launch instances",
        query: &[],
        body: Some(of::<LaunchBody>),
        answer: of::<LaunchedBody>,
        begin: launch_instances,
    },
    Endpoint {
        method: "GET",
        path: "/api/v1/instances",
        summary: "Describe instances",
        query: &[
            ("instanceIds", "ids, separated by commas; default all"),
            ("states", "states, separated by commas; default all"),
            ("page", "number of the page, from 1; default 1"),
            ("pageSize", "instances a page, up to 1000; default 50"),
        ],
        body: None,
        answer: of::<InstancesBody>,
        begin: describe,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/instances/{instanceId}/start",
        summary: "Start a stopped instance",
        query: &[],
        body: None,
        answer: of::<StateChangeBody>,
        begin: |model, caller, asked| change(model, caller, asked, false, Action::Start),
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/instances/{instanceId}/stop",
        summary: "Stop a running instance",
        query: &[],
        body: None,
        answer: of::<StateChangeBody>,
        begin: |model, caller, asked| {
            change(model, caller, asked, true, |targets| Action::Stop(targets, false))
        },
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/instances/{instanceId}/terminate",
        summary: "Terminate an instance",
        query: &[],
        body: None,
        answer: of::<StateChangeBody>,
        begin: |model, caller, asked| change(model, caller, asked, true, Action::Terminate),
    },
    Endpoint {
        method: "PUT",
        path: "/api/v1/instances/{instanceId}",
        summary: "Change the type or the security groups of an instance",
        query: &[],
        body: Some(of::<ModificationsBody>),
        answer: of::<ModifiedBody>,
        begin: modify,
    },
];

/// Instances a page where a request does not say, and the most.
const PAGE_SIZE: u64 = 50;
const MOST_PAGE_SIZE: u64 = 1000;

fn value(body: &impl Serialize) -> Value {
    serde_json::to_value(body).expect("a body is plain data")
}

fn launch_instances(model: &mut CloudModel<'_>, caller: Caller, asked: &Asked<'_>) -> JsonStep {
    let body: LaunchBody = asked.body()?;
    let min_count = body.min_count.unwrap_or(1);
    let user_data_bytes = body.user_data.as_ref().map_or(0, |data| data.len());
    let wish = LaunchWish {
        instance_type: body.instance_type,
        min_count,
        max_count: body.max_count.unwrap_or(min_count),
        image: Some(body.image_id.clone()),
        subnet: body.subnet_id,
        security_groups: body.security_group_ids,
        options: LaunchOptions {
            user_data_bytes: u32::try_from(user_data_bytes).unwrap_or(u32::MAX),
            ..LaunchOptions::default()
        },
        labels: LaunchLabels {
            image_id: body.image_id,
            key_name: body.key_name,
            user_data: body.user_data,
            ..LaunchLabels::default()
        },
        ..LaunchWish::default()
    };
    let (action, labels) = launch::plan(model, caller, wish)?;
    Ok(ActionStep::call(action, move |model, outcome| {
        let ids = launch::launched(model, outcome?, &labels);
        let views = ids.iter().filter_map(|id| model.session.instance(*id));
        Ok(value(&LaunchedBody { instances: views.map(|view| body_of(model, &view)).collect() }))
    }))
}

/// Returns the body of an instance.
fn body_of(model: &CloudModel<'_>, view: &InstanceView<'_>) -> InstanceBody {
    let launch = model.labels.launch_of(view.id);
    let groups = model.session.security_groups_of(view.id);
    InstanceBody {
        instance_id: model.instance_id(view.id),
        account_id: model.owner_id(view.account),
        image_id: render::image_id(model, view),
        instance_type: model.type_name(view.kind).to_string(),
        state: view.state.name().to_string(),
        availability_zone: model.zone_name(view.zone).to_string(),
        subnet_id: view.subnet.map(|subnet| model.subnet_id(subnet)),
        vpc_id: render::vpc_id(model, view),
        private_ip_address: view.private_address.map(|address| address.to_string()),
        public_ip_address: render::public_address(view).map(|address| address.to_string()),
        key_name: launch.and_then(|launch| launch.labels.key_name.clone()),
        launch_time: model.date_time(view.launched),
        security_group_ids: groups.iter().map(|group| model.id(IdKind::SecurityGroup, group.id.0)).collect(),
        tags: view.tags.clone(),
    }
}

fn describe(model: &mut CloudModel<'_>, caller: Caller, asked: &Asked<'_>) -> JsonStep {
    let (page, page_size) =
        (asked.number("page")?.unwrap_or(1), asked.number("pageSize")?.unwrap_or(PAGE_SIZE));
    if page == 0 || !(1..=MOST_PAGE_SIZE).contains(&page_size) {
        let found = format!("{page}, {page_size}");
        return Err(ApiError::invalid(
            "page, pageSize",
            &found,
            "a page from 1, and 1 to 1000 instances on it",
        ));
    }
    let states = asked.list("states").into_iter().map(|word| {
        let known = State::ALL.iter().copied().find(|state| state.name() == word);
        known.ok_or_else(|| ApiError::invalid("states", word, "states of instances"))
    });
    let states = states.collect::<Result<Vec<State>, ApiError>>()?;
    let texts: Vec<String> = asked.list("instanceIds").into_iter().map(String::from).collect();
    let ids = texts.iter().map(|text| model.read_instance_id(text)).collect::<Result<Vec<_>, ApiError>>()?;
    let named: Vec<&str> = texts.iter().map(String::as_str).collect();
    let targets = match named.is_empty() {
        true => None,
        false => Some(Targets::Batch(model.instance_handles(&named)?)),
    };
    Ok(ActionStep::call(Action::Describe(Query { targets, ..Query::default() }), move |model, outcome| {
        outcome.map_err(|reason| model.instance_error(reason, &texts, caller.account))?;
        let views = model.session.instances_of(caller.account, InstanceId(0));
        let is_meant = |view: &InstanceView<'_>| {
            (ids.is_empty() || ids.contains(&view.id)) && (states.is_empty() || states.contains(&view.state))
        };
        let meant: Vec<InstanceView<'_>> = views.filter(is_meant).collect();
        let total = meant.len() as u64;
        let first = usize::try_from((page - 1).saturating_mul(page_size)).unwrap_or(usize::MAX);
        let on_page = meant.iter().skip(first).take(page_size as usize);
        Ok(value(&InstancesBody {
            instances: on_page.map(|view| body_of(model, view)).collect(),
            pagination: Pagination { page, page_size, total, total_pages: total.div_ceil(page_size) },
        }))
    }))
}

fn change(
    model: &mut CloudModel<'_>,
    caller: Caller,
    asked: &Asked<'_>,
    ends: bool,
    action: impl FnOnce(Targets) -> Action,
) -> JsonStep {
    let id = asked.id.to_string();
    let targets = Targets::One(model.instance_handle(&id)?);
    Ok(ActionStep::call(action(targets), move |model, outcome| {
        let effects = outcome
            .map_err(|reason| model.instance_error(reason, std::slice::from_ref(&id), caller.account))?;
        effects.instances.iter().for_each(|change| model.labels.note_end(change.id, ends));
        let change = effects.instances.first().ok_or_else(|| ApiError::gone("instance"))?;
        Ok(value(&StateChangeBody {
            instance_id: id,
            previous_state: change.before.name().to_string(),
            current_state: change.after.name().to_string(),
        }))
    }))
}

fn modify(model: &mut CloudModel<'_>, caller: Caller, asked: &Asked<'_>) -> JsonStep {
    let id = asked.id.to_string();
    let body: ModificationsBody = asked.body()?;
    if body.instance_type.is_none() && body.security_group_ids.is_none() {
        return Err(ApiError::missing("instanceType or securityGroupIds"));
    }
    let kind = body.instance_type.as_deref().map(|name| model.instance_type(name)).transpose()?;
    let groups = body.security_group_ids.as_ref().map(|ids| {
        ids.iter()
            .map(|id| model.security_group_named(caller.account, id))
            .collect::<Result<Vec<_>, ApiError>>()
    });
    let change = Modification { kind, protected: None, security_groups: groups.transpose()? };
    let targets = Targets::One(model.instance_handle(&id)?);
    Ok(ActionStep::call(Action::Modify(targets, Arc::new(change)), move |model, outcome| {
        outcome.map_err(|reason| model.instance_error(reason, std::slice::from_ref(&id), caller.account))?;
        Ok(json!(ModifiedBody { instance_id: id, modifications: body }))
    }))
}
