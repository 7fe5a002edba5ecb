//! Tags: `CreateTags`, `DeleteTags`, `DescribeTags`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_base::failure::{Failure, LimitKind};
use plimsoll_base::units::{
    ElasticAddressId, InstanceId, InterfaceId, SecurityGroupId, SnapshotId, VolumeId,
};
use plimsoll_model::workload::call::{Action, Tag, Targets};
use plimsoll_sim::cloud::session::view::InstanceView;

use super::{ActionEntry, XmlStep, success};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest};
use crate::ids::IdKind;
use crate::key_pairs::unknown_pair;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::spot_requests;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 3] = [
    ActionEntry {
        name: "CreateTags",
        honoured: &["ResourceId.N", "Tag.N.Key", "Tag.N.Value"],
        without_effect: &[],
        begin: |model, caller, params| {
            let tags = read(params, "Tag")?;
            change(model, caller, params, TagChange::Add(tags))
        },
    },
    ActionEntry {
        name: "DeleteTags",
        honoured: &["ResourceId.N", "Tag.N.Key"],
        without_effect: &[],
        begin: |model, caller, params| {
            let mut keys: Vec<String> = read(params, "Tag")?.into_iter().map(|tag| tag.key).collect();
            // `DeleteTags`, "Tags", botocore 1.44.8: "If you omit this parameter, we delete all user-defined tags".
            if params.items("Tag").is_empty() {
                keys = keys_of(model, caller, &params.list("ResourceId"));
            }
            change(model, caller, params, TagChange::Remove(keys))
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

/// The most tags of a resource (likewise).
const MOST_TAGS: usize = 50;

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

/// Change of the tags of resources.
#[derive(Clone, Debug)]
enum TagChange {
    Add(Vec<Tag>),
    Remove(Vec<String>),
}

impl TagChange {
    /// Returns the call about instances.
    fn action(&self, targets: Targets) -> Action {
        match self {
            TagChange::Add(tags) => Action::CreateTags(targets, tags.as_slice().into()),
            TagChange::Remove(keys) => Action::DeleteTags(targets, keys.as_slice().into()),
        }
    }

    /// Applies it to labels; refused where there would be too many.
    fn apply(&self, labels: &mut BTreeMap<String, String>) -> Result<(), ApiError> {
        match self {
            TagChange::Remove(keys) => labels.retain(|key, _| !keys.contains(key)),
            TagChange::Add(tags) => {
                let mut all = labels.clone();
                all.extend(tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
                if all.len() > MOST_TAGS {
                    let (asked, left) = (tags.len() as u64, (MOST_TAGS - labels.len()) as u64);
                    let reason = Failure::TagLimitExceeded.because(LimitKind::TagsPerResource, asked, left);
                    return Err(ApiError::from(reason));
                }
                *labels = all;
            }
        }
        Ok(())
    }
}

/// Returns the step of a change of tags. Those of instances are known to the model; those of others are labels.
fn change(model: &mut CloudModel<'_>, caller: Caller, params: &Params, change: TagChange) -> XmlStep {
    let ids = params.list("ResourceId");
    if ids.is_empty() {
        return Err(ApiError::missing("resourceIdSet"));
    }
    if matches!(&change, TagChange::Add(tags) if tags.is_empty()) {
        return Err(ApiError::missing("Tag"));
    }
    let (instances, others): (Vec<&str>, Vec<&str>) = ids.into_iter().partition(|id| id.starts_with("i-"));
    for id in &others {
        check_labelled(model, caller, id)?;
    }
    let others: Vec<String> = others.into_iter().map(String::from).collect();
    let relabel = move |model: &mut CloudModel<'_>, change: &TagChange| {
        let apply = |id: &String| change.apply(&mut model.labels.of_mut(caller.account, id).tags);
        others.iter().try_for_each(apply)?;
        Ok(success())
    };
    if instances.is_empty() {
        return Ok(ActionStep::Label(Box::new(move |model| relabel(model, &change))));
    }
    let targets = Targets::Batch(model.instance_handles(&instances)?);
    let instances: Vec<String> = instances.into_iter().map(String::from).collect();
    Ok(ActionStep::call(change.action(targets), move |model, outcome| {
        outcome.map_err(|reason| model.instance_error(reason, &instances, caller.account))?;
        relabel(model, &change)
    }))
}

/// Returns the keys of all tags of some resources.
fn keys_of(model: &CloudModel<'_>, caller: Caller, ids: &[&str]) -> Vec<String> {
    let of = |id: &&str| -> Vec<String> {
        let instance = model.read_instance_id(id).ok().and_then(|id| model.session.instance(id));
        match instance.filter(|view| view.account == caller.account) {
            Some(view) => view.tags.keys().cloned().collect(),
            None => model.labels.of(caller.account, id).tags.into_keys().collect(),
        }
    };
    let keys: BTreeSet<String> = ids.iter().flat_map(of).collect();
    keys.into_iter().collect()
}

/// Checks that a resource which is no instance exists for the caller, and can have tags.
fn check_labelled(model: &mut CloudModel<'_>, caller: Caller, id: &str) -> Result<(), ApiError> {
    let storage = model.session.storage();
    let number = |kind| model.ids.read(kind, id).and_then(|number| u32::try_from(number).ok());
    let account = caller.account;
    let unknown = if let Some(number) = number(IdKind::Volume) {
        let found = storage.volume(VolumeId(number)).filter(|volume| volume.account == account);
        found.is_none().then_some((Failure::InvalidVolumeNotFound, "volume"))
    } else if let Some(number) = number(IdKind::Snapshot) {
        let found = storage.snapshot(SnapshotId(number)).filter(|snapshot| snapshot.account == account);
        found.is_none().then_some((Failure::InvalidSnapshotNotFound, "snapshot"))
    } else if let Some(number) = number(IdKind::Allocation) {
        let owner = model.session.network().elastic().account_of(ElasticAddressId(number));
        (owner != Some(account)).then_some((Failure::InvalidAllocationIdNotFound, "allocation ID"))
    } else if let Some(number) = number(IdKind::Interface) {
        let found = model.session.network().interface(account, InterfaceId(number));
        found.is_none().then_some((Failure::InvalidNetworkInterfaceIdNotFound, "networkInterface ID"))
    } else if model.ids.read(IdKind::SpotRequest, id).is_some() {
        return spot_requests::named(model, caller, id).map(drop);
    } else if model.ids.read(IdKind::DedicatedHost, id).is_some() {
        return model.dedicated_host(account, id).map(drop);
    } else if let Some(number) = number(IdKind::KeyPair) {
        return model.key_pairs.numbered(account, number).map(drop).ok_or_else(|| unknown_pair(id));
    } else if let Some(number) = number(IdKind::SecurityGroup) {
        let found = model.session.security().group(SecurityGroupId(number));
        let is_own = found.is_ok_and(|group| group.owner.account == account);
        (!is_own).then_some((Failure::InvalidGroupNotFound, "security group"))
    } else {
        let message = format!(
            "The ID '{id}' is not valid: instances, volumes, snapshots, elastic addresses, network interfaces, dedicated hosts, \
             security groups, spot requests and key pairs have tags here"
        );
        return Err(ApiError::client("InvalidID", message));
    };
    unknown.map_or(Ok(()), |(failure, what)| Err(ApiError::not_found(failure, what, id)))
}

/// Returns EC2's name for the kind of resource that an id stands for.
fn kind_of(id: &str) -> &'static str {
    let kinds = [
        ("i-", "instance"),
        ("vol-", "volume"),
        ("snap-", "snapshot"),
        ("eipalloc-", "elastic-ip"),
        ("sg-", "security-group"),
        ("eni-", "network-interface"),
        ("key-", "key-pair"),
        ("h-", "dedicated-host"),
        ("sir-", "spot-instances-request"),
    ];
    kinds.iter().find(|(prefix, _)| id.starts_with(prefix)).map_or("", |(_, kind)| kind)
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
                "resource-type" => kind_of(id).to_string(),
                "key" => key.clone(),
                _ => value.clone(),
            }],
        })
    };
    let others = model.labels.of_account(caller.account).flat_map(|(id, labels)| {
        let tag = |(key, value): (&String, &String)| (id.to_string(), key.clone(), value.clone());
        labels.tags.iter().map(tag).collect::<Vec<_>>()
    });
    let tags = instances.flat_map(of).chain(others).filter(meets).zip(0..);
    let (tags, next) = page.cut(tags, |(_, number)| *number);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("tagSet", tags, |xml, ((id, key, value), _)| {
            xml.text("resourceType", kind_of(&id));
            xml.text("resourceId", id);
            xml.text("key", key);
            xml.text("value", value);
        });
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}
