//! A pool of addresses that hands out the lowest free one: a bitmap of three levels, 64 to the word.
//!
//! A bit of the root is set when its branch has a free address, a bit of a branch when its leaf has
//! one, a bit of a leaf when the address is free. Finding the lowest is three counts of trailing
//! zeros, whatever the size. The rejected alternative, a list of free addresses, hands them out in
//! the order of their release, which makes assignments hard to predict. A block is a quarter of a
//! leaf; the lowest free one is found by a scan over the leaves that have a free address.

use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::persist;

/// Children of a word.
const FANOUT: u32 = 64;

/// The most addresses a pool can have: three levels of 64.
pub const MAX_ADDRESSES: u32 = FANOUT * FANOUT * FANOUT;

/// Addresses of a block: a prefix is a /28 (EC2 user guide, "Prefix delegation for network interfaces").
pub const BLOCK: u32 = 16;

/// The lowest bit of each block of a leaf.
const BLOCK_STARTS: u64 = 0x0001_0001_0001_0001;

/// The addresses of one subnet in one VPC, by their offset from the network address.
#[derive(Clone, Debug)]
pub struct AddressPool {
    /// A bit for each branch.
    root: u64,
    /// Number of `words` that are branches.
    branches: u32,
    /// Addresses that can be handed out.
    capacity: u32,
    /// Of these, handed out.
    used: u32,
    /// The branches, then the leaves.
    words: Box<[u64]>,
}

persist! { AddressPool {
    values: [root, used, words],
    derived: [branches, capacity],
} }

impl AddressPool {
    /// Returns a pool of the offsets `0..size` without the `reserved` first ones and the last one.
    pub fn new(size: u32, reserved: u32) -> AddressPool {
        AddressPool::of(size, reserved, |_| true)
    }

    /// Returns a pool of those of the offsets of [`AddressPool::new`] that are meant.
    pub fn of(size: u32, reserved: u32, is_meant: impl Fn(u32) -> bool) -> AddressPool {
        assert!((reserved + 1..=MAX_ADDRESSES).contains(&size), "a pool of {size} addresses");
        let leaves = size.div_ceil(FANOUT);
        let branches = leaves.div_ceil(FANOUT);
        let words = vec![0; (branches + leaves) as usize].into_boxed_slice();
        let mut pool = AddressPool { root: 0, branches, capacity: 0, used: 0, words };
        for offset in (reserved..size - 1).filter(|offset| is_meant(*offset)) {
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
        self.used = self.used.checked_sub(1).expect("an address was given back that was not handed out");
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

    /// Hands out the lowest aligned block of 16 free addresses, as its first; `None` when there is none.
    pub fn allocate_block(&mut self) -> Option<u32> {
        let leaf = self.leaves_with_free().find(|&leaf| whole_blocks(self.leaf(leaf)) != 0)?;
        let start = whole_blocks(self.leaf(leaf)).trailing_zeros();
        let word = &mut self.words[(self.branches + leaf) as usize];
        *word &= !block_mask(start);
        if *word == 0 {
            let branch = leaf / FANOUT;
            let word = &mut self.words[branch as usize];
            *word &= !(1 << (leaf % FANOUT));
            if *word == 0 {
                self.root &= !(1 << branch);
            }
        }
        self.used += BLOCK;
        Some(leaf * FANOUT + start)
    }

    /// Takes a block back. Panics when not all of it was handed out.
    pub fn release_block(&mut self, first: u32) {
        assert!(first.is_multiple_of(BLOCK), "address {first} does not begin a block");
        (first..first + BLOCK).for_each(|offset| self.release(offset));
    }

    /// Returns the number of aligned blocks of 16 free addresses: as many prefixes could still be handed out.
    pub fn free_blocks(&self) -> u32 {
        self.leaves_with_free().map(|leaf| whole_blocks(self.leaf(leaf)).count_ones()).sum()
    }

    /// Returns true if the other 15 addresses of the block of `offset` are free: handing it out has broken a
    /// free block, giving it back makes one.
    pub fn rest_of_block_is_free(&self, offset: u32) -> bool {
        let block = block_mask(offset % FANOUT / BLOCK * BLOCK);
        (self.leaf(offset / FANOUT) | 1 << (offset % FANOUT)) & block == block
    }

    /// Returns true if `offset` is free.
    pub fn is_free(&self, offset: u32) -> bool {
        self.leaf(offset / FANOUT) >> (offset % FANOUT) & 1 != 0
    }

    /// Panics unless the levels of the bitmap and the counts agree.
    pub fn assert_consistent(&self) {
        let (branches, leaves) = self.words.split_at(self.branches as usize);
        let free: u32 = leaves.iter().map(|leaf| leaf.count_ones()).sum();
        assert_eq!(free, self.free(), "a pool's bitmap and its counts disagree");
        let above =
            |words: &[u64]| (0..).zip(words).fold(0, |bits, (i, word)| bits | u64::from(*word != 0) << i);
        assert_eq!(self.root, above(branches), "a pool's root and branches disagree");
        for (branch, leaves) in branches.iter().zip(leaves.chunks(FANOUT as usize)) {
            assert_eq!(*branch, above(leaves), "a pool's branches and leaves disagree");
        }
    }

    /// Returns the leaves that have a free address, from the lowest.
    fn leaves_with_free(&self) -> impl Iterator<Item = u32> {
        let leaves = |branch: u32| bits(self.words[branch as usize]).map(move |bit| branch * FANOUT + bit);
        bits(self.root).flat_map(leaves)
    }

    fn leaf(&self, leaf: u32) -> u64 {
        self.words[(self.branches + leaf) as usize]
    }

    /// Returns the number of addresses that are free.
    pub fn free(&self) -> u32 {
        self.capacity - self.used
    }

    /// Returns the number of addresses handed out.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Returns the number of addresses that can be handed out in all.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Starts loading what giving back `offset` will touch.
    #[inline]
    pub fn prefetch(&self, offset: u32) {
        prefetch(&self.words[(self.branches + offset / FANOUT) as usize]);
    }
}

/// Returns the positions of the bits that are set, from the lowest.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lowest = (word != 0).then(|| word.trailing_zeros());
        word &= word.wrapping_sub(1);
        lowest
    })
}

/// Returns the block of a leaf that begins at bit `start`.
fn block_mask(start: u32) -> u64 {
    0xffff << start
}

/// Returns the first bit of each block of a leaf that is free as a whole.
fn whole_blocks(leaf: u64) -> u64 {
    // After each step a bit stands for twice as many in a row.
    let runs = [1, 2, 4, 8].into_iter().fold(leaf, |runs, length| runs & (runs >> length));
    runs & BLOCK_STARTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
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

    impl Plain {
        fn free_blocks(&self) -> Vec<u32> {
            let starts = (0..MAX_ADDRESSES).step_by(BLOCK as usize);
            let within = starts.take_while(|start| self.0.last().is_some_and(|last| start <= last));
            within.filter(|&start| (start..start + BLOCK).all(|offset| self.0.contains(&offset))).collect()
        }

        fn allocate_block(&mut self) -> Option<u32> {
            let start = self.free_blocks().first().copied()?;
            (start..start + BLOCK).for_each(|offset| assert!(self.0.remove(&offset)));
            Some(start)
        }
    }

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
    fn single_addresses_and_blocks_share_what_a_set_has() {
        for (seed, size) in [16, 32, 64, 100, 256, 4096, 4097].into_iter().enumerate() {
            let mut random = Seed(seed as u64).stream(Purpose::Placement, 1);
            let mut pool = AddressPool::new(size, 4);
            let mut plain = Plain((4..size - 1).collect());
            let (mut singles, mut blocks) = (Vec::new(), Vec::new());
            for step in 0..4_000 {
                let filling = step / 500 % 2 == 0;
                let take = random.below(8) < if filling { 7 } else { 2 };
                let of_a_block = random.below(4) == 0;
                match (take, of_a_block) {
                    (true, true) => {
                        let first = pool.allocate_block();
                        assert_eq!(first, plain.allocate_block(), "size {size}, step {step}");
                        blocks.extend(first);
                    }
                    (true, false) => {
                        let offset = pool.allocate();
                        assert_eq!(offset, plain.0.pop_first(), "size {size}, step {step}");
                        if let Some(offset) = offset {
                            let block = offset / BLOCK * BLOCK..(offset / BLOCK + 1) * BLOCK;
                            let rest = block.filter(|other| *other != offset).all(|o| plain.0.contains(&o));
                            assert_eq!(pool.rest_of_block_is_free(offset), rest);
                        }
                        singles.extend(offset);
                    }
                    (false, true) if !blocks.is_empty() => {
                        let first: u32 = blocks.swap_remove(random.below(blocks.len() as u64) as usize);
                        pool.release_block(first);
                        plain.0.extend(first..first + BLOCK);
                    }
                    (false, _) if !singles.is_empty() => {
                        let offset = singles.swap_remove(random.below(singles.len() as u64) as usize);
                        pool.release(offset);
                        plain.0.insert(offset);
                    }
                    _ => {}
                }
                assert_eq!(pool.free() as usize, plain.0.len());
                assert_eq!(pool.free_blocks() as usize, plain.free_blocks().len());
            }
            pool.assert_consistent();
        }
    }

    #[test]
    fn a_fragmented_pool_has_no_block_while_addresses_are_free() {
        let mut pool = AddressPool::new(64, 4);
        // The first and the last block have reserved addresses: two are left.
        assert_eq!(
            (pool.allocate_block(), pool.allocate_block(), pool.allocate_block()),
            (Some(16), Some(32), None)
        );
        assert_eq!(pool.free(), 12 + 15);
        pool.release_block(16);
        let singles: Vec<u32> = (0..13).map(|_| pool.allocate().unwrap()).collect();
        assert_eq!(singles.last(), Some(&16));
        assert_eq!((pool.free_blocks(), pool.allocate_block(), pool.free()), (0, None, 30));
        pool.release(16);
        assert_eq!(pool.allocate_block(), Some(16));
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
