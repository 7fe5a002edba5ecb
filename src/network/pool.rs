//! A pool of addresses that hands out the lowest free one: a bitmap of three levels, 64 to the word.
//!
//! A bit of the root is set when its branch has a free address, a bit of a branch when its leaf has
//! one, a bit of a leaf when the address is free. Finding the lowest is three counts of trailing
//! zeros, whatever the size. The rejected alternative, a list of free addresses, hands them out in
//! the order of their release, so that no one can say beforehand who gets which.

use crate::engine::memory::prefetch;

/// Children of a word.
const FANOUT: u32 = 64;

/// The most addresses a pool can have: three levels of 64.
pub const MAX_ADDRESSES: u32 = FANOUT * FANOUT * FANOUT;

/// The addresses of one subnet in one VPC, by their offset from the network address.
#[derive(Clone, Debug)]
pub struct AddressPool {
    /// A bit for each branch.
    root: u64,
    /// How many of `words` are branches.
    branches: u32,
    /// Addresses that can be handed out.
    capacity: u32,
    /// Of these, handed out.
    used: u32,
    /// The branches, then the leaves.
    words: Box<[u64]>,
}

impl AddressPool {
    /// A pool of the offsets `0..size` without the `reserved` first ones and the last one.
    pub fn new(size: u32, reserved: u32) -> AddressPool {
        assert!((reserved + 1..=MAX_ADDRESSES).contains(&size), "a pool of {size} addresses");
        let leaves = size.div_ceil(FANOUT);
        let branches = leaves.div_ceil(FANOUT);
        let words = vec![0; (branches + leaves) as usize].into_boxed_slice();
        let mut pool = AddressPool { root: 0, branches, capacity: 0, used: 0, words };
        for offset in reserved..size - 1 {
            pool.set_free(offset);
            pool.capacity += 1;
        }
        pool
    }

    /// Hands out the lowest free address; `None` when there is none.
    #[inline]
    pub fn allocate(&mut self) -> Option<u32> {
        if self.root == 0 {
            return None;
        }
        let branch = self.root.trailing_zeros();
        let leaf = branch * FANOUT + self.words[branch as usize].trailing_zeros();
        let word = &mut self.words[(self.branches + leaf) as usize];
        let offset = leaf * FANOUT + word.trailing_zeros();
        // The lowest set bit is the one found: `x & (x - 1)` clears it, and upwards as long as a word
        // runs empty.
        *word &= *word - 1;
        if *word == 0 {
            let word = &mut self.words[branch as usize];
            *word &= *word - 1;
            if *word == 0 {
                self.root &= self.root - 1;
            }
        }
        self.used += 1;
        Some(offset)
    }

    /// Takes an address back. Panics when it was not handed out.
    #[inline]
    pub fn release(&mut self, offset: u32) {
        self.set_free(offset);
        // More given back than taken: a reserved address, which starts as not free.
        self.used = self.used.checked_sub(1).expect("an address was given back that nobody had");
    }

    #[inline]
    fn set_free(&mut self, offset: u32) {
        let (leaf, branch) = (offset / FANOUT, offset / FANOUT / FANOUT);
        let word = &mut self.words[(self.branches + leaf) as usize];
        let bit = 1 << (offset % FANOUT);
        assert!(*word & bit == 0, "address {offset} is given back twice");
        *word |= bit;
        self.words[branch as usize] |= 1 << (leaf % FANOUT);
        self.root |= 1 << branch;
    }

    /// Addresses handed out.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Addresses that can be handed out in all.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Starts loading what giving back `offset` will touch.
    #[inline]
    pub fn prefetch(&self, offset: u32) {
        prefetch(&self.words[(self.branches + offset / FANOUT) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};
    use std::collections::BTreeSet;

    #[test]
    fn the_lowest_free_address_comes_first() {
        let mut pool = AddressPool::new(16, 4);
        assert_eq!(pool.capacity(), 11);
        let all: Vec<u32> = std::iter::from_fn(|| pool.allocate()).collect();
        assert_eq!(all, (4..15).collect::<Vec<_>>());
        pool.release(9);
        pool.release(6);
        assert_eq!((pool.allocate(), pool.allocate(), pool.allocate()), (Some(6), Some(9), None));
    }

    /// The plain pool: the set of the free addresses.
    struct Plain(BTreeSet<u32>);

    #[test]
    fn random_operations_give_what_a_set_gives() {
        for (seed, size) in [16, 64, 100, 4096, 4097, 65_536, MAX_ADDRESSES].into_iter().enumerate() {
            let mut random = Seed(seed as u64).stream(Purpose::Placement, 0);
            let mut pool = AddressPool::new(size, 4);
            let mut plain = Plain((4..size - 1).collect());
            let mut taken = Vec::new();
            // Swing between nearly empty and nearly full, so that words run empty and fill again.
            for step in 0..60_000u64 {
                let filling = step / u64::from(size.min(20_000)) % 2 == 0;
                if taken.is_empty() || random.below(8) < if filling { 7 } else { 1 } {
                    let offset = pool.allocate();
                    assert_eq!(offset, plain.0.pop_first(), "size {size}, step {step}");
                    taken.extend(offset);
                } else {
                    let offset = taken.swap_remove(random.below(taken.len() as u64) as usize);
                    pool.release(offset);
                    assert!(plain.0.insert(offset));
                }
                assert_eq!(pool.used() as usize, taken.len());
            }
        }
    }

    #[test]
    #[should_panic(expected = "given back twice")]
    fn giving_back_twice_is_a_bug() {
        let mut pool = AddressPool::new(16, 4);
        let offset = pool.allocate().unwrap();
        pool.release(offset);
        pool.release(offset);
    }
}
