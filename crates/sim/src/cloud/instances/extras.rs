//! Extras: attributes that only some instances have, kept beside the records so that the others need no memory for them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::cloud::instances::reference::Slot;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::units::{CapacityReservationId, ImageId, Time};
use plimsoll_model::placement::request::Constraint;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::workload::call::LaunchOptions;

/// Notice of an interruption for capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpotNotice {
    /// Time of the interruption.
    pub at: Time,
    /// Time at which the instance has left its host.
    pub leaves: Time,
}

/// Attributes of an instance beyond its record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Extras {
    /// Options of the launch. A checkpoint holds them once for all instances that share them.
    #[serde(skip)]
    pub options: Option<Arc<LaunchOptions>>,
    /// Image of the launch.
    pub image: Option<ImageId>,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// Constraint on the host beside capacity.
    pub constraint: Option<Constraint>,
    /// Capacity reservations that the instance may use.
    pub preference: Preference,
    /// Capacity reservation whose slot it has now.
    pub reservation: Option<CapacityReservationId>,
    /// True if termination is refused.
    pub protected: bool,
    /// True if the spot market takes its capacity back.
    pub interrupted: bool,
    /// Notice of an interruption for capacity, if it has one.
    pub reclaimed: Option<SpotNotice>,
    /// True if the spot market has taken its capacity back, and it starts again when there is some at its price.
    pub waits_for_market: bool,
    /// True if the instance comes up again after its host failed, which is no launch or start.
    pub recovers: bool,
    /// Time at which it began to run, while it hibernates.
    pub hibernates_since: Option<Time>,
    /// True if the first interface is in security groups.
    pub has_joined: bool,
    /// Private addresses by which these groups know it.
    pub known_addresses: Vec<Ipv4Addr>,
}

impl Extras {
    /// Returns whether the instance was launched so that it can hibernate.
    pub fn can_hibernate(&self) -> bool {
        self.options.as_ref().is_some_and(|options| options.hibernation)
    }
}

/// The extras of the instances that have any, by slot.
#[derive(Clone, Debug, Default)]
pub struct ExtrasTable(Vec<Option<Box<Extras>>>);

/// Writes options that instances share once, and shares them again when read.
impl Persist for ExtrasTable {
    fn save(&self, out: &mut Writer<'_>) {
        let (mut numbers, mut shared) = (BTreeMap::new(), Vec::new());
        for options in self.0.iter().flatten().filter_map(|extras| extras.options.as_deref()) {
            numbers.entry(std::ptr::from_ref(options)).or_insert_with(|| {
                shared.push(options);
                shared.len() - 1
            });
        }
        out.put(&shared);
        out.put_length(self.0.len());
        for extras in &self.0 {
            let options = extras.as_ref().and_then(|extras| extras.options.as_deref());
            out.put(&(extras, options.map(|options| numbers[&std::ptr::from_ref(options)])));
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let shared: Vec<LaunchOptions> = from.get()?;
        let shared: Vec<Arc<LaunchOptions>> = shared.into_iter().map(Arc::new).collect();
        let length = from.get_length()?;
        self.0.reserve_exact(length);
        for _ in 0..length {
            let (mut extras, number): (Option<Box<Extras>>, Option<usize>) = from.get()?;
            if let (Some(extras), Some(number)) = (&mut extras, number) {
                extras.options = Some(shared.get(number).ok_or(RestoreError::Corrupt)?.clone());
            }
            self.0.push(extras);
        }
        Ok(())
    }
}

impl ExtrasTable {
    /// Returns the extras of an instance, if it has any.
    pub fn get(&self, slot: Slot) -> Option<&Extras> {
        self.0.get(slot.0 as usize)?.as_deref()
    }

    /// Returns the extras of an instance to change, if it has any.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Extras> {
        self.0.get_mut(slot.0 as usize)?.as_deref_mut()
    }

    /// Gives an instance extras, if it has none yet.
    pub fn make(&mut self, slot: Slot) -> &mut Extras {
        let slot = slot.0 as usize;
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        self.0[slot].get_or_insert_default()
    }

    /// Returns whether no instance has extras.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Removes and returns the extras of an instance that has ended.
    pub fn remove(&mut self, slot: Slot) -> Option<Box<Extras>> {
        self.0.get_mut(slot.0 as usize)?.take()
    }
}
