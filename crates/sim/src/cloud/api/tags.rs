//! Tags of instances.

use std::collections::BTreeSet;

use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_model::workload::call::Tag;

/// The most tags of a resource (EC2 user guide, "Tag restrictions").
const MAX_TAGS: usize = 50;

/// Checks the number of tags of a new resource.
pub fn check_tags<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), FailureReason> {
    let asked = keys.collect::<BTreeSet<_>>().len();
    if asked <= MAX_TAGS {
        return Ok(());
    }
    Err(Failure::TagLimitExceeded.because(LimitKind::TagsPerResource, asked as u64, MAX_TAGS as u64))
}

/// Adds tags to an instance, replacing those with the same keys.
pub fn add_tags(world: &mut World, slot: Slot, tags: &[Tag]) -> Result<(), FailureReason> {
    let known = &mut world.instances.extras_mut(slot).tags;
    let is_new = |(i, tag): &(usize, &Tag)| {
        !known.contains_key(&tag.key) && tags[..*i].iter().all(|other| other.key != tag.key)
    };
    let (asked, left) = (tags.iter().enumerate().filter(is_new).count(), MAX_TAGS - known.len());
    if asked > left {
        return Err(Failure::TagLimitExceeded.because(LimitKind::TagsPerResource, asked as u64, left as u64));
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

/// Removes the tags of these keys from an instance; a key that it does not have is no error (`DeleteTags`).
pub fn remove_tags(world: &mut World, slot: Slot, keys: &[String]) {
    let extras = world.instances.extras_mut(slot);
    for key in keys {
        extras.tags.remove(key);
    }
}
