//! What people change about an instance beside its state: type, termination protection, tags.

use std::collections::BTreeSet;

use crate::cloud::allocation::requests;
use crate::cloud::api::{launch_options, security_groups};
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::failure::{Bound, Failure, Reason};
use plimsoll_model::workload::call::{Modification, Tag};

/// The most tags of a resource (EC2 user guide, "Tag restrictions").
const MAX_TAGS: usize = 50;

/// Whether a new resource may have the tags of these keys.
pub fn check_tags<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), Reason> {
    let asked = keys.collect::<BTreeSet<_>>().len();
    if asked <= MAX_TAGS {
        return Ok(());
    }
    Err(Failure::TagLimitExceeded.because(Bound::TagsPerResource, asked as u64, MAX_TAGS as u64))
}

/// Changes an instance; all of it or nothing.
pub fn modify(world: &mut World, slot: Slot, change: &Modification) -> Result<(), Reason> {
    // The changes that can be refused come first.
    if let Some(kind) = change.kind {
        let group = requests::request_of(world, slot).group();
        launch_options::check_group_type(world, &world.directory.types.get(kind).name, group)?;
    }
    if let Some(groups) = &change.security_groups {
        security_groups::change_groups(world, slot, groups)?;
    }
    if let Some(kind) = change.kind {
        // The index and the quotas have to know a type from now on that nobody has launched.
        world.learn_type(kind);
        world.instances.get_mut(slot).kind = kind;
    }
    if let Some(protected) = change.protected {
        world.instances.extras_mut(slot).protected = protected;
    }
    Ok(())
}

/// Puts tags on an instance, in the place of those with the same keys.
pub fn add_tags(world: &mut World, slot: Slot, tags: &[Tag]) -> Result<(), Reason> {
    let known = &mut world.instances.extras_mut(slot).tags;
    let is_new = |(i, tag): &(usize, &Tag)| {
        !known.contains_key(&tag.key) && tags[..*i].iter().all(|other| other.key != tag.key)
    };
    let (asked, left) = (tags.iter().enumerate().filter(is_new).count(), MAX_TAGS - known.len());
    if asked > left {
        return Err(Failure::TagLimitExceeded.because(Bound::TagsPerResource, asked as u64, left as u64));
    }
    for tag in tags {
        match known.get_mut(&tag.key) {
            Some(value) => value.clone_from(&tag.value),
            None => {
                known.insert(tag.key.clone(), tag.value.clone());
            }
        }
    }
    Ok(())
}

/// Takes the tags of these keys from an instance; those it does not have are no mistake (`DeleteTags`).
pub fn remove_tags(world: &mut World, slot: Slot, keys: &[String]) {
    let extras = world.instances.extras_mut(slot);
    for key in keys {
        extras.tags.remove(key);
    }
}
