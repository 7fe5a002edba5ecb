//! Lookup of the class of a host's capacity and free amounts: a hash table of class ids with linear probing.
//! The keys are in the classes themselves, which the next step reads anyway.

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

/// Table of classes. It never shrinks by itself: after classes are dropped it is built anew from the others.
#[derive(Clone, Debug)]
pub struct ClassTable {
    /// Ids of classes; a power of two, at most half full.
    ids: Vec<u32>,
    len: usize,
}

impl Default for ClassTable {
    fn default() -> ClassTable {
        ClassTable { ids: vec![EMPTY; 64], len: 0 }
    }
}

impl ClassTable {
    /// Returns the class with a hash that `is_it`.
    #[inline]
    pub fn find(&self, hash: usize, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash & (self.ids.len() - 1);
        loop {
            match self.ids[at] {
                EMPTY => return None,
                id if is_it(id) => return Some(id),
                _ => at = (at + 1) & (self.ids.len() - 1),
            }
        }
    }

    /// Adds a class that is not in the table; `hash_of` gives the hash of a class.
    pub fn add(&mut self, id: u32, hash_of: impl Fn(u32) -> usize) {
        if 2 * (self.len + 1) > self.ids.len() {
            let ids: Vec<u32> = self.ids.iter().copied().filter(|id| *id != EMPTY).collect();
            *self = ClassTable { ids: vec![EMPTY; 2 * self.ids.len()], len: 0 };
            ids.into_iter().for_each(|id| self.put(id, &hash_of));
        }
        self.put(id, &hash_of);
    }

    /// Makes the table again from these classes.
    pub fn refill(&mut self, ids: impl Iterator<Item = u32>, hash_of: impl Fn(u32) -> usize) {
        self.ids.fill(EMPTY);
        self.len = 0;
        ids.for_each(|id| self.put(id, &hash_of));
    }

    fn put(&mut self, id: u32, hash_of: &impl Fn(u32) -> usize) {
        let mut at = hash_of(id) & (self.ids.len() - 1);
        while self.ids[at] != EMPTY {
            at = (at + 1) & (self.ids.len() - 1);
        }
        self.ids[at] = id;
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
                table.add(keys.len() as u32 - 1, |id| keys[id as usize].hash());
            }
            if step % 3_000 == 0 {
                plain.retain(|_, id| *id % 3 == 0);
                table.refill(plain.values().copied(), |id| keys[id as usize].hash());
            }
        }
    }
}
