//! A hash table from keys to the numbers of slots: one memory access finds a key most of the time, and keys that are
//! about to be looked up can be prefetched.

use plimsoll_base::engine::memory::prefetch;

/// A key and the number of its slot.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: u64,
    /// The number of the slot plus 1; 0 where there is no entry.
    slot: u32,
}

/// Open addressing with linear probing, at most half full; a removal moves later entries up (Knuth, TAOCP volume 3,
/// section 6.4, algorithm R).
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Entries; their number is a power of two.
    entries: Vec<Entry>,
    len: usize,
}

/// Entries of an empty table.
const FEWEST: usize = 16;

impl Table {
    pub fn new() -> Table {
        Table { entries: vec![Entry::default(); FEWEST], len: 0 }
    }

    /// Returns where a key would best stand: the first bits of its product with 2⁶⁴ ÷ the golden ratio (Knuth, TAOCP volume
    /// 3, section 6.4), the same in every run.
    #[inline]
    fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.entries.len().trailing_zeros())) as usize
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.entries.len() - 1)
    }

    /// Returns where a key stands, or would be put.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let mut place = self.home(key);
        while self.entries[place].slot != 0 && self.entries[place].key != key {
            place = self.after(place);
        }
        place
    }

    /// Returns the slot of a key.
    #[inline]
    pub fn get(&self, key: u64) -> Option<u32> {
        self.entries[self.place(key)].slot.checked_sub(1)
    }

    /// Prefetches the entry that [`Table::get`] of a key will read.
    #[inline]
    pub fn prefetch(&self, key: u64) {
        prefetch(&self.entries[self.home(key)]);
    }

    /// Adds a key that is not there.
    pub fn insert(&mut self, key: u64, slot: u32) {
        if 2 * (self.len + 1) > self.entries.len() {
            self.grow();
        }
        let place = self.place(key);
        debug_assert!(self.entries[place].slot == 0, "a key is added twice");
        self.entries[place] = Entry { key, slot: slot + 1 };
        self.len += 1;
    }

    fn grow(&mut self) {
        let twice = vec![Entry::default(); 2 * self.entries.len()];
        let entries = std::mem::replace(&mut self.entries, twice);
        for entry in entries.into_iter().filter(|entry| entry.slot != 0) {
            let place = self.place(entry.key);
            self.entries[place] = entry;
        }
    }

    /// Takes a key out that is there.
    pub fn remove(&mut self, key: u64) {
        let mut hole = self.place(key);
        debug_assert!(self.entries[hole].slot != 0, "a key is taken out that is not there");
        self.len -= 1;
        let mut place = self.after(hole);
        while self.entries[place].slot != 0 {
            // An entry whose first choice is at the hole or before it moves up to it.
            let mask = self.entries.len() - 1;
            let from_home = place.wrapping_sub(self.home(self.entries[place].key)) & mask;
            if from_home >= (place.wrapping_sub(hole) & mask) {
                self.entries[hole] = self.entries[place];
                hole = place;
            }
            place = self.after(place);
        }
        self.entries[hole] = Entry::default();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn it_holds_what_a_plain_map_holds() {
        let mut random = Seed(3).stream(Purpose::Mix, 0);
        let (mut table, mut plain) = (Table::new(), BTreeMap::new());
        for step in 0..40_000u32 {
            // Neighbours, and keys whose products have the same first bits.
            let key = random.below(300) << (20 * random.below(3));
            match plain.remove(&key) {
                Some(_) if random.below(2) == 0 => table.remove(key),
                Some(slot) => {
                    plain.insert(key, slot);
                    assert_eq!(table.get(key), Some(slot));
                }
                None => {
                    assert_eq!(table.get(key), None);
                    table.insert(key, step);
                    plain.insert(key, step);
                }
            }
            if step % 1000 == 0 {
                assert!(plain.iter().all(|(key, slot)| table.get(*key) == Some(*slot)));
            }
        }
        assert_eq!(table.len, plain.len());
        plain.keys().for_each(|key| table.remove(*key));
        assert!(table.len == 0 && table.entries.iter().all(|entry| entry.slot == 0), "nothing is left");
    }
}
