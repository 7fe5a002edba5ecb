//! The host that was used last of those that fit; of those never used the lowest.
//!
//! Hosts are in slots, the one used last in the first. A use takes the next slot before all others and leaves the former one
//! empty; when no slot is left before, all hosts move up. A host whose use is undone finds its former slot again.

use std::cmp::Reverse;

use super::HostFilter;
use super::mask_levels::MaskLevels;
use super::shapes::{ShapeId, Shapes};
use crate::fleet::host::Host;
use crate::fleet::layout::Layouts;
use plimsoll_base::units::HostId;

/// Free slots before the hosts when they have moved up, beside one for each host.
const FREE_SLOTS: usize = if cfg!(test) { 5 } else { 1 << 12 };

/// Slot of a host, or one that it has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Slot {
    /// Number of the use, from 1; 0 for none.
    used: u64,
    /// Host, from the first one of the zone.
    offset: u32,
}

impl Slot {
    /// Returns what slots are in the order of.
    fn key(self) -> (Reverse<u64>, u32) {
        (Reverse(self.used), self.offset)
    }
}

/// The index of one zone.
#[derive(Clone, Debug)]
pub struct UseIndex {
    first: HostId,
    /// Slots in order, from `begin` on.
    slots: Vec<Slot>,
    begin: usize,
    /// By host: its slot.
    slot_of: Vec<usize>,
    /// By slot: requests that its host can take; none where the host has left it.
    masks: MaskLevels,
}

impl UseIndex {
    /// Returns an index over `count` hosts from `first`, none in it yet.
    pub fn new(first: HostId, count: u32) -> UseIndex {
        let all = count as usize;
        let size = 2 * all + FREE_SLOTS;
        let mut slots = vec![Slot::default(); size];
        let offsets = slots[size - all..].iter_mut().zip(0..);
        offsets.for_each(|(slot, offset)| slot.offset = offset);
        UseIndex {
            first,
            slots,
            begin: size - all,
            slot_of: (size - all..size).collect(),
            masks: MaskLevels::new(size),
        }
    }

    /// Takes a host in, or notes that it changed. `used` is the number of its last use.
    #[inline]
    pub fn update(&mut self, id: HostId, used: u64, hosts: &[Host], layouts: Layouts<'_>, shapes: &Shapes) {
        let offset = id.0 - self.first.0;
        let mask = layouts.mask(id, &hosts[id.index()], shapes);
        let slot = self.slot_of[offset as usize];
        if self.slots[slot].used != used {
            self.masks.set(slot, 0);
            self.slot_of[offset as usize] = self.slot_for(Slot { used, offset });
        }
        self.set_mask(id, mask);
    }

    /// Notes that a host can take other requests.
    pub fn set_mask(&mut self, id: HostId, mask: u64) {
        self.masks.set(self.slot_of[(id.0 - self.first.0) as usize], mask);
    }

    /// Takes a host out.
    pub fn remove(&mut self, id: HostId) {
        self.set_mask(id, 0);
    }

    /// Returns the slot for a host that was used at another time than that of the slot it has.
    fn slot_for(&mut self, wanted: Slot) -> usize {
        if self.slots.get(self.begin).is_none_or(|newest| wanted.used > newest.used) && self.begin > 0 {
            self.begin -= 1;
            self.slots[self.begin] = wanted;
            return self.begin;
        }
        let former = self.slots[self.begin..].binary_search_by_key(&wanted.key(), |slot| slot.key());
        match former {
            Ok(at) => self.begin + at,
            Err(_) => self.move_up(wanted),
        }
    }

    /// Gives every host a slot anew, one of them for another use than before. Returns the slot of that.
    #[cold]
    fn move_up(&mut self, changed: Slot) -> usize {
        let mut kept: Vec<(Slot, u64)> =
            self.slot_of.iter().map(|slot| (self.slots[*slot], self.masks.get(*slot))).collect();
        kept[changed.offset as usize].0 = changed;
        kept.sort_unstable_by_key(|(slot, _)| slot.key());
        self.masks = MaskLevels::new(self.slots.len());
        self.begin = self.slots.len() - kept.len();
        for (at, (slot, mask)) in (self.begin..).zip(kept) {
            self.slots[at] = slot;
            self.slot_of[slot.offset as usize] = at;
            self.masks.set(at, mask);
        }
        self.slot_of[changed.offset as usize]
    }

    /// Returns the host used last of those that fit and are let through.
    pub fn first(
        &self,
        shape: ShapeId,
        (hosts, layouts): (&[Host], Layouts<'_>),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let (need, request) = (shapes.need(shape), shapes.request(shape));
        let mut at = self.begin;
        loop {
            at = self.masks.next_meeting(at, need)?;
            let id = HostId(self.first.0 + self.slots[at].offset);
            let fits = shapes.is_exact() || layouts.fits(id, &hosts[id.index()], request);
            if fits && filter.is_none_or(|allowed| allowed.allows(id)) {
                return Some(id);
            }
            at += 1;
        }
    }
}
