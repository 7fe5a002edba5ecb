//! Slots by key, used again, and the order in which their values were last used.

use serde::{Deserialize, Serialize};

use super::table::Table;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::units::Time;

/// No slot.
const NONE: u32 = u32::MAX;

/// A cached value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Value {
    pub version: u64,
    /// Time of its expiry.
    pub expires: Time,
}

/// State of a key: a value, loads in progress, or both. Fits one line of the processor's cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub(super) struct Slot {
    pub key: u64,
    pub value: Option<Value>,
    /// Loads of this key on their way.
    pub loads: u32,
    /// The value used next before, and next after it.
    older: u32,
    newer: u32,
}

/// The slots. Those with a value are linked in the order of use.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// By key.
    index: Table,
    oldest: u32,
    newest: u32,
    values: u32,
}

impl Slots {
    pub fn new() -> Slots {
        Slots {
            slots: Vec::new(),
            free: Vec::new(),
            index: Table::new(),
            oldest: NONE,
            newest: NONE,
            values: 0,
        }
    }

    /// Returns the number of values.
    pub fn values(&self) -> u32 {
        self.values
    }

    /// Returns the slot of a key.
    #[inline]
    pub fn find(&self, key: u64) -> Option<u32> {
        self.index.get(key)
    }

    /// Prefetches the place of a key in the table.
    #[inline]
    pub fn prefetch_place(&self, key: u64) {
        self.index.prefetch(key);
    }

    /// Prefetches the slot of a key, whose place in the table is in the processor's cache.
    #[inline]
    pub fn prefetch_slot(&self, key: u64) {
        if let Some(slot) = self.find(key) {
            prefetch(self.get(slot));
        }
    }

    /// Returns the slot of a key, a new one without value or loads where there is none.
    pub fn find_or_add(&mut self, key: u64) -> u32 {
        if let Some(slot) = self.find(key) {
            return slot;
        }
        let fresh = Slot { key, value: None, loads: 0, older: NONE, newer: NONE };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = fresh;
                slot
            }
            None => {
                self.slots.push(fresh);
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(key, slot);
        slot
    }

    #[inline]
    pub fn get(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    /// Returns the loads of a slot's key on their way, to be changed.
    pub fn loads_mut(&mut self, slot: u32) -> &mut u32 {
        &mut self.slots[slot as usize].loads
    }

    /// Gives a slot a value, used just now.
    pub fn put(&mut self, slot: u32, value: Value) {
        if self.slots[slot as usize].value.replace(value).is_some() {
            self.touch(slot);
        } else {
            self.values += 1;
            self.link(slot);
        }
    }

    /// Marks the value as the one used last.
    #[inline]
    pub fn touch(&mut self, slot: u32) {
        if self.newest != slot {
            self.unlink(slot);
            self.link(slot);
        }
    }

    /// Returns the slot whose value was not used for longest.
    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// Takes the value away, and with it the slot where nothing is on its way.
    pub fn take(&mut self, slot: u32) -> Option<Value> {
        let value = self.slots[slot as usize].value.take();
        if value.is_some() {
            self.values -= 1;
            self.unlink(slot);
        }
        self.tidy(slot);
        value
    }

    /// Frees the slot where there is neither a value nor a load on its way.
    pub fn tidy(&mut self, slot: u32) {
        let Slot { key, value, loads, .. } = self.slots[slot as usize];
        if value.is_none() && loads == 0 {
            self.index.remove(key);
            self.free.push(slot);
        }
    }

    fn link(&mut self, slot: u32) {
        let older = self.newest;
        self.slots[slot as usize].older = older;
        self.slots[slot as usize].newer = NONE;
        match older {
            NONE => self.oldest = slot,
            older => self.slots[older as usize].newer = slot,
        }
        self.newest = slot;
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { older, newer, .. } = self.slots[slot as usize];
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
    }

    /// Returns every slot in use: those with a value from the oldest on, then the others in the order of their places.
    fn each(&self) -> impl Iterator<Item = &Slot> {
        let with_value = std::iter::successors(self.oldest(), |&slot| {
            Some(self.slots[slot as usize].newer).filter(|newer| *newer != NONE)
        });
        let loading = self.slots.iter().filter(|slot| slot.value.is_none() && slot.loads > 0);
        with_value.map(|slot| self.get(slot)).chain(loading)
    }
}

/// Written as the slots in use, in order: their positions do not matter.
impl Serialize for Slots {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let slots: Vec<&Slot> = self.each().collect();
        slots.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Slots, D::Error> {
        let mut slots = Slots::new();
        for Slot { key, value, loads, .. } in Vec::<Slot>::deserialize(deserializer)? {
            let slot = slots.find_or_add(key);
            *slots.loads_mut(slot) = loads;
            if let Some(value) = value {
                slots.put(slot, value);
            }
        }
        Ok(slots)
    }
}

/// Two are equal if they hold the same values in the same order.
impl PartialEq for Slots {
    fn eq(&self, other: &Slots) -> bool {
        let state = |slot: &Slot| (slot.key, slot.value, slot.loads);
        self.each().map(state).eq(other.each().map(state))
    }
}

impl Eq for Slots {}
