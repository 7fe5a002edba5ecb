//! What people change about an instance beside its state: type, termination protection, tags.

use std::collections::BTreeSet;

use super::Cloud;
use super::calls::Wish;
use super::extras::Extras;
use super::reference::Slot;
use plimsoll_base::catalogue;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{PlacementGroupId, TypeId, ZoneId};
use plimsoll_model::fleet::hardware::Model;
use plimsoll_model::placement::groups::GroupRule;
use plimsoll_model::workload::call::{Interruption, LaunchOptions, LaunchTenancy, Modification, Tag};

/// The most tags of a resource (EC2 user guide, "Tag restrictions").
const MAX_TAGS: usize = 50;

/// From so much memory on an instance cannot hibernate (EC2 user guide, "Prerequisites for Amazon EC2 instance
/// hibernation": "must be less than 150 GiB").
const HIBERNATED_MIB: u32 = 150 * 1024;

/// Returns whether a new resource may have the tags of these keys.
pub(super) fn check_tags<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), FailureReason> {
    let asked = keys.collect::<BTreeSet<_>>().len();
    if asked <= MAX_TAGS {
        return Ok(());
    }
    Err(Failure::TagLimitExceeded.because(LimitKind::TagsPerResource, asked as u64, MAX_TAGS as u64))
}

impl Cloud {
    /// Returns whether what is known of an instance beside its state allows a wish.
    pub(super) fn allowed(&self, slot: Slot, wish: Wish) -> Result<(), Failure> {
        let extras = self.extras.get(slot);
        match wish {
            Wish::Terminate if extras.is_some_and(|extras| extras.protected) => {
                Err(Failure::OperationNotPermitted)
            }
            // Only EC2 starts an instance again that the spot market has stopped (EC2 user guide, "Behavior of Spot
            // Instance interruptions").
            Wish::Start if extras.is_some_and(|extras| extras.waits_for_market) => {
                Err(Failure::IncorrectInstanceState)
            }
            Wish::Hibernate if !extras.is_some_and(Extras::can_hibernate) => {
                Err(Failure::UnsupportedHibernation)
            }
            _ => Ok(()),
        }
    }

    /// Returns whether a type can be launched with these options at all.
    pub(super) fn check_type(
        &self,
        kind: TypeId,
        options: &LaunchOptions,
        group: Option<PlacementGroupId>,
    ) -> Result<(), FailureReason> {
        let name = self.directory.types.get(kind).name.as_str();
        self.check_group_type(name, group)?;
        if options.spot.is_some() && options.tenancy == LaunchTenancy::Host {
            // `SpotPlacement`, "Tenancy": "The host tenancy is not supported for Spot Instances."
            return Err(Failure::InvalidParameterCombination.into());
        }
        if let Some(spot) = options.spot {
            let persists = options.interruption() != Interruption::Terminate;
            // "You can't launch a Spot Instance that is configured to stop or hibernate on interruption in a placement
            // group"; `HibernationOptionsRequest`: "If you set InstanceInterruptionBehavior to a value other than
            // hibernate, you'll get an error".
            let contradicts = options.hibernation
                && spot.interruption.is_some_and(|interruption| interruption != Interruption::Hibernate);
            if contradicts || (persists && group.is_some()) {
                return Err(Failure::InvalidParameterCombination.into());
            }
        }
        let memory = self.known(kind).amounts.memory_mib();
        let is_bare_metal = catalogue::find(name).is_some_and(|entry| entry.bare_metal);
        if options.hibernation && (is_bare_metal || memory >= HIBERNATED_MIB) {
            return Err(Failure::UnsupportedHibernation.into());
        }
        Ok(())
    }

    /// Returns whether a zone offers a type.
    pub(super) fn is_offered(&self, kind: TypeId, zone: ZoneId) -> bool {
        if !self.known(kind).is_limited {
            return true;
        }
        let name = self.directory.types.get(kind).name.as_str();
        let architectures = catalogue::find(name).map_or("", |entry| entry.arch.as_str());
        let model = Model { name, architectures };
        let barred = self.fleet.barring(&model);
        Cloud::offers(&self.offers[zone.index()], &self.fleet, zone, &model, barred)
    }

    /// Checks that instances of a type can be members of a group (EC2 user guide, "Placement group rules and limitations":
    /// of the current generation all "except for burstable performance instances (for example, T2), Mac1 instances, and
    /// M7i-flex instances" go into cluster groups).
    fn check_group_type(&self, name: &str, group: Option<PlacementGroupId>) -> Result<(), FailureReason> {
        let is_cluster = |group| matches!(self.placer.groups.rule(group), GroupRule::Cluster { .. });
        let family = name.split_once('.').map_or("", |(family, _)| family);
        let is_burstable = family.starts_with('t') && family[1..].starts_with(|c: char| c.is_ascii_digit());
        let is_excluded = is_burstable || family.starts_with("mac") || family == "m7i-flex";
        if group.is_some_and(is_cluster) && is_excluded {
            return Err(Failure::InvalidParameterCombination.into());
        }
        Ok(())
    }

    /// Changes an instance; all of it or nothing.
    pub(super) fn modify(&mut self, slot: Slot, change: &Modification) -> Result<(), FailureReason> {
        // The changes that can be refused come first.
        if let Some(kind) = change.kind {
            let group = self.request_of(slot).group();
            self.check_group_type(&self.directory.types.get(kind).name, group)?;
        }
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
    pub(super) fn add_tags(&mut self, slot: Slot, tags: &[Tag]) -> Result<(), FailureReason> {
        let known = &mut self.extras_mut(slot).tags;
        let is_new = |(i, tag): &(usize, &Tag)| {
            !known.contains_key(&tag.key) && tags[..*i].iter().all(|other| other.key != tag.key)
        };
        let (asked, left) = (tags.iter().enumerate().filter(is_new).count(), MAX_TAGS - known.len());
        if asked > left {
            return Err(Failure::TagLimitExceeded.because(
                LimitKind::TagsPerResource,
                asked as u64,
                left as u64,
            ));
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
