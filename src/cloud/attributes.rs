//! What people change about an instance beside its state: type, termination protection, tags.

use std::collections::BTreeSet;

use super::Cloud;
use super::calls::Wish;
use super::extras::Extras;
use super::instance::Slot;
use crate::failure::{Bound, Failure, Reason};
use crate::workload::call::{Modification, Tag};

/// The most tags of a resource (EC2 user guide, "Tag restrictions").
const MAX_TAGS: usize = 50;

/// Whether a new resource may have the tags of these keys.
pub(super) fn check_tags<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), Reason> {
    let asked = keys.collect::<BTreeSet<_>>().len();
    if asked <= MAX_TAGS {
        return Ok(());
    }
    Err(Failure::TagLimitExceeded.because(Bound::TagsPerResource, asked as u64, MAX_TAGS as u64))
}

impl Cloud {
    /// Whether what is known of an instance beside its state allows a wish.
    pub(super) fn allowed(&self, slot: Slot, wish: Wish) -> Result<(), Failure> {
        let extras = self.extras.get(slot);
        match wish {
            Wish::Terminate if extras.is_some_and(|extras| extras.protected) => {
                Err(Failure::OperationNotPermitted)
            }
            Wish::Hibernate if !extras.is_some_and(Extras::can_hibernate) => {
                Err(Failure::UnsupportedHibernation)
            }
            _ => Ok(()),
        }
    }

    /// Changes an instance; all of it or nothing.
    pub(super) fn modify(&mut self, slot: Slot, change: &Modification) -> Result<(), Reason> {
        // The one change that can be refused comes first.
        if let Some(groups) = &change.security_groups {
            self.change_groups(slot, groups)?;
        }
        if let Some(kind) = change.kind {
            // The index and the quotas have to know a type from now on that nobody has launched.
            self.kind(kind);
            self.instances.get_mut(slot).kind = kind;
        }
        if let Some(protected) = change.protected {
            self.extras_mut(slot).protected = protected;
        }
        Ok(())
    }

    /// Puts tags on an instance, in the place of those with the same keys.
    pub(super) fn add_tags(&mut self, slot: Slot, tags: &[Tag]) -> Result<(), Reason> {
        let known = &mut self.extras_mut(slot).tags;
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
    pub(super) fn remove_tags(&mut self, slot: Slot, keys: &[String]) {
        let extras = self.extras_mut(slot);
        for key in keys {
            extras.tags.remove(key);
        }
    }
}
