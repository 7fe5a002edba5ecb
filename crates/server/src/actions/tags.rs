//! Tags of instances: `CreateTags`, `DeleteTags`, `DescribeTags`.

use plimsoll_base::units::InstanceId;
use plimsoll_model::workload::call::{Action, Tag, Targets};
use plimsoll_sim::cloud::session::view::InstanceView;

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 3] = [
    ActionEntry {
        name: "CreateTags",
        honoured: &["ResourceId.N", "Tag.N.Key", "Tag.N.Value"],
        without_effect: &[],
        begin: |model, caller, params| {
            let tags = read(params, "Tag")?;
            change(model, caller, params, |targets| Action::CreateTags(targets, tags.into()))
        },
    },
    ActionEntry {
        name: "DeleteTags",
        honoured: &["ResourceId.N", "Tag.N.Key"],
        without_effect: &[],
        begin: |model, caller, params| {
            let keys = read(params, "Tag")?.into_iter().map(|tag| tag.key).collect();
            change(model, caller, params, |targets| Action::DeleteTags(targets, keys))
        },
    },
    ActionEntry {
        name: "DescribeTags",
        honoured: &["Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: describe,
    },
];

/// Limits of a key and a value \[characters\] (EC2 user guide, "Tag restrictions", read 2026-11).
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// Reads the tags of a list.
pub fn read(params: &Params, list: &str) -> Result<Vec<Tag>, ApiError> {
    let tag = |item: String| {
        let name = format!("{item}.Key");
        let key = params.required(&name)?.to_string();
        let value = params.get(&format!("{item}.Value")).unwrap_or_default().to_string();
        if key.chars().count() > LONGEST_KEY || key.starts_with("aws:") {
            return Err(ApiError::invalid(
                &name,
                &key,
                "a key of at most 128 characters that does not begin with aws:",
            ));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(ApiError::invalid(&format!("{item}.Value"), &value, "at most 256 characters"));
        }
        Ok(Tag { key, value })
    };
    params.items(list).into_iter().map(tag).collect()
}

fn change(
    model: &mut CloudModel<'_>,
    caller: Caller,
    params: &Params,
    action: impl FnOnce(Targets) -> Action,
) -> XmlStep {
    let ids = params.list("ResourceId");
    if ids.is_empty() {
        return Err(ApiError::missing("ResourceId"));
    }
    if let Some(other) = ids.iter().find(|id| !id.starts_with("i-")) {
        let message = format!("The ID '{other}' is not valid: only instances have tags here");
        return Err(ApiError::client("InvalidID", message));
    }
    if params.items("Tag").is_empty() {
        return Err(ApiError::missing("Tag"));
    }
    let targets = Targets::Batch(model.instance_handles(&ids)?);
    let ids: Vec<String> = ids.into_iter().map(String::from).collect();
    Ok(ActionStep::Call(
        action(targets),
        Box::new(move |model, outcome| {
            outcome.map_err(|reason| model.instance_error(reason, &ids, caller.account))?;
            Ok(success())
        }),
    ))
}

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, &["resource-id", "resource-type", "key", "value", "tag:"])?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let model = &*model;
    let instances = model.session.instances_of(caller.account, InstanceId(0));
    let of = |view: InstanceView<'_>| {
        let id = model.instance_id(view.id);
        let tags: Vec<_> =
            view.tags.iter().map(|(key, value)| (id.clone(), key.clone(), value.clone())).collect();
        tags
    };
    let meets = |(id, key, value): &(String, String, String)| {
        filters.keep(|name| match name.strip_prefix("tag:") {
            Some(wanted) => (wanted == key).then(|| value.clone()).into_iter().collect(),
            None => vec![match name {
                "resource-id" => id.clone(),
                "resource-type" => "instance".to_string(),
                "key" => key.clone(),
                _ => value.clone(),
            }],
        })
    };
    let tags = instances.flat_map(of).filter(meets).zip(0..);
    let (tags, next) = page.cut(tags, |(_, number)| *number);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("tagSet", tags, |xml, ((id, key, value), _)| {
            xml.text("resourceId", id);
            xml.text("resourceType", "instance");
            xml.text("key", key);
            xml.text("value", value);
        });
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}
