//! Lookup of the class of a host's capacity and free amounts: a hash table of class ids with linear probing.
//! The keys are in the classes themselves; the table has half of each hash, so that it reads hardly any key but the one it finds.

use super::ranking::ClassMarks;
use crate::fleet::host::{Host, SkuId};
use plimsoll_base::units::{RackId, Resources};

/// No class.
const EMPTY: u32 = u32::MAX;

/// Key of a class: the values that its hosts have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// Free amounts.
    pub free: Resources,
    /// The capacity.
    pub sku: SkuId,
    /// Further values, where hosts are told apart by them; else 0.
    pub marks: Marks,
}

/// Values beside amounts that the hosts of a class have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// Instances.
    pub instances: u32,
    /// Rack.
    pub rack: RackId,
    /// Group of hosts that are searched apart; 0 where there is one.
    pub group: u32,
    /// Time that the last instance has left, rounded up in steps \[h\].
    pub left_h: u32,
}

impl Marks {
    /// Returns those of a host that tell it apart under a ranking.
    #[inline]
    pub fn of(host: &Host, rack: impl FnOnce() -> RackId, marks: ClassMarks) -> Marks {
        Marks {
            instances: if marks.instances { host.instances } else { 0 },
            rack: if marks.rack { rack() } else { RackId(0) },
            group: 0,
            left_h: 0,
        }
    }
}

impl Key {
    /// Returns folded products of whole words: keys are few and not adversarial.
    #[inline]
    pub fn hash(&self) -> usize {
        let [a, b, c, d, e] = self.free.0.map(u64::from);
        let fold = |a: u64, b: u64| {
            let product = u128::from(a) * u128::from(b);
            product as u64 ^ (product >> 64) as u64
        };
        let amounts = fold((a | (b << 32)) ^ 0x9e37_79b9_7f4a_7c15, (c | (d << 32)) ^ 0xd6e8_feb8_6659_fd93);
        let marks = u64::from(self.marks.rack.0) << 32 | u64::from(self.marks.instances);
        let times = u64::from(self.marks.group) | u64::from(self.marks.left_h) << 8;
        let marks = marks.rotate_left(23) ^ times.rotate_left(43);
        let rest = (e | (u64::from(self.sku.0) << 32)) ^ marks;
        fold(amounts ^ rest, 0xe703_7ed1_a0b4_28db) as usize
    }
}

/// Entry of the table: a class and the lower half of its hash, which decides its place and tells most others apart without a
/// look at their keys.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    class: u32,
}

const UNUSED: Slot = Slot { hash: 0, class: EMPTY };

/// Table of classes. It never shrinks.
#[derive(Clone, Debug)]
pub struct ClassTable {
    /// A power of two, at most half full.
    slots: Vec<Slot>,
    len: usize,
}

impl Default for ClassTable {
    fn default() -> ClassTable {
        ClassTable { slots: vec![UNUSED; 64], len: 0 }
    }
}

impl ClassTable {
    /// Returns the class with a hash that `is_it`.
    #[inline]
    pub fn find(&self, hash: usize, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (hash, last) = (hash as u32, self.slots.len() - 1);
        let mut at = hash as usize & last;
        loop {
            let slot = self.slots[at];
            if slot.class == EMPTY {
                return None;
            }
            if slot.hash == hash && is_it(slot.class) {
                return Some(slot.class);
            }
            at = (at + 1) & last;
        }
    }

    /// Adds a class that is not in the table.
    pub fn add(&mut self, class: u32, hash: usize) {
        if 2 * (self.len + 1) > self.slots.len() {
            self.build_again(2 * self.slots.len(), |_| true);
        }
        self.put(Slot { hash: hash as u32, class });
    }

    /// Drops the classes that are not to be kept.
    pub fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.build_again(self.slots.len(), is_kept);
    }

    fn build_again(&mut self, len: usize, is_kept: impl Fn(u32) -> bool) {
        let before = std::mem::replace(&mut self.slots, vec![UNUSED; len]);
        self.len = 0;
        let is_kept = |slot: &Slot| slot.class != EMPTY && is_kept(slot.class);
        before.into_iter().filter(is_kept).for_each(|slot| self.put(slot));
    }

    fn put(&mut self, slot: Slot) {
        let last = self.slots.len() - 1;
        let mut at = slot.hash as usize & last;
        while self.slots[at].class != EMPTY {
            at = (at + 1) & last;
        }
        self.slots[at] = slot;
        self.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_an_ordered_map() {
        let mut random = Seed(1).stream(Purpose::Mix, 0);
        let (mut table, mut keys, mut plain) = (ClassTable::default(), Vec::new(), BTreeMap::new());
        for step in 0..20_000 {
            let free = Resources::new(random.below(90) as u32, random.below(40) as u32);
            let [instances, rack, group, left_h] = [0; 4].map(|_| random.below(2) as u32);
            let marks = Marks { instances, rack: RackId(rack), group, left_h };
            let key = Key { free, sku: SkuId(random.below(3) as u16), marks };
            let plain_key = (key.free, key.sku, (instances, rack, group, left_h));
            let expected = plain.get(&plain_key).copied();
            assert_eq!(table.find(key.hash(), |id| keys[id as usize] == key), expected);
            if expected.is_none() {
                keys.push(key);
                plain.insert(plain_key, keys.len() as u32 - 1);
                table.add(keys.len() as u32 - 1, key.hash());
            }
            if step % 3_000 == 0 {
                plain.retain(|_, id| *id % 3 == 0);
                table.retain(|id| id % 3 == 0);
            }
        }
    }
}
