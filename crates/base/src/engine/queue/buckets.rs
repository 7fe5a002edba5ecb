//! Events far away, unsorted in the buckets of a radix heap, over one pool of chunks.

use super::Entry;
use crate::engine::memory::prefetch;

/// Bits of a digit.
pub(super) const DIGIT_BITS: u32 = 8;
/// Buckets of a level: one a digit value.
const RADIX: usize = 1 << DIGIT_BITS;
/// Levels: digits in a 64-bit time.
const LEVELS: usize = (u64::BITS / DIGIT_BITS) as usize;
/// Entries of a chunk: about a kilobyte, so that a bucket of a few events wastes little.
const CHUNK_ENTRIES: usize = 42;
/// Chunks allocated at once: about four megabytes, room for huge pages.
const SLAB_CHUNKS: usize = 4096;
/// No chunk.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Chunk<E> {
    entries: [Entry<E>; CHUNK_ENTRIES],
    /// The chunk before it in its bucket, or after it in the free list.
    next: u32,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// The chunk that is being filled.
    last: u32,
    /// Entries in the last chunk.
    filled: u32,
    /// Entries in all.
    count: u32,
}

const EMPTY: Bucket = Bucket { last: NONE, filled: CHUNK_ENTRIES as u32, count: 0 };

/// Unsorted buckets by level and digit, over one pool of chunks.
pub(super) struct Buckets<E> {
    buckets: Box<[[Bucket; RADIX]; LEVELS]>,
    /// A bit per bucket that holds something.
    occupied: [[u64; RADIX / 64]; LEVELS],
    /// Chunks used so far, so many to a slab.
    slabs: Vec<Vec<Chunk<E>>>,
    /// The first chunk of those that are free to be used again.
    free: u32,
}

/// Returns the level of the highest digit in which a time differs from the base. One that differs in none belongs to the finest.
#[inline]
fn level_of(differing: u64) -> usize {
    ((63 - (differing | 1).leading_zeros()) / DIGIT_BITS) as usize
}

impl<E: Copy + Default> Buckets<E> {
    pub fn new() -> Self {
        Buckets {
            buckets: Box::new([[EMPTY; RADIX]; LEVELS]),
            occupied: [[0; RADIX / 64]; LEVELS],
            slabs: Vec::new(),
            free: NONE,
        }
    }

    #[inline]
    fn chunk(&mut self, id: u32) -> &mut Chunk<E> {
        &mut self.slabs[id as usize / SLAB_CHUNKS][id as usize % SLAB_CHUNKS]
    }

    #[inline]
    pub fn push(&mut self, base: u64, entry: Entry<E>) {
        debug_assert!(entry.at >= base);
        let level = level_of(entry.at ^ base);
        let digit = (entry.at >> (level as u32 * DIGIT_BITS)) as usize % RADIX;
        let mut bucket = self.buckets[level][digit];
        if bucket.filled as usize == CHUNK_ENTRIES {
            let fresh = self.allocate();
            self.chunk(fresh).next = bucket.last;
            bucket.last = fresh;
            bucket.filled = 0;
            self.occupied[level][digit / 64] |= 1 << (digit % 64);
        }
        self.chunk(bucket.last).entries[bucket.filled as usize] = entry;
        bucket.filled += 1;
        bucket.count += 1;
        self.buckets[level][digit] = bucket;
    }

    /// Returns the bucket with the earliest times.
    pub fn first(&self) -> Option<(usize, usize)> {
        for (level, words) in self.occupied.iter().enumerate() {
            for (i, word) in words.iter().enumerate() {
                if *word != 0 {
                    return Some((level, i * 64 + word.trailing_zeros() as usize));
                }
            }
        }
        None
    }

    pub fn count(&self, level: usize, digit: usize) -> u32 {
        self.buckets[level][digit].count
    }

    /// Empties a bucket, giving every entry, in no order that matters.
    pub fn take(&mut self, level: usize, digit: usize, mut each: impl FnMut(Entry<E>)) {
        let bucket = std::mem::replace(&mut self.buckets[level][digit], EMPTY);
        self.occupied[level][digit / 64] &= !(1 << (digit % 64));
        let (mut id, mut filled) = (bucket.last, bucket.filled as usize);
        while id != NONE {
            let chunk = self.chunk(id);
            chunk.entries[..filled].iter().for_each(|entry| each(*entry));
            let next = chunk.next;
            self.release(id);
            (id, filled) = (next, CHUNK_ENTRIES);
        }
    }

    /// Moves the entries of a bucket to finer ones, now that `base` is its beginning.
    pub fn spread(&mut self, level: usize, digit: usize, base: u64) {
        let bucket = std::mem::replace(&mut self.buckets[level][digit], EMPTY);
        self.occupied[level][digit / 64] &= !(1 << (digit % 64));
        let (mut id, mut filled) = (bucket.last, bucket.filled as usize);
        while id != NONE {
            let next = self.chunk(id).next;
            if next != NONE {
                prefetch(self.chunk(next));
            }
            for i in 0..filled {
                let entry = self.chunk(id).entries[i];
                self.push(base, entry);
            }
            self.release(id);
            (id, filled) = (next, CHUNK_ENTRIES);
        }
    }

    /// Moves entries to where they belong under a lower base: those of the levels below the highest digit in which the bases
    /// differ.
    pub fn lower(&mut self, before: u64, base: u64) {
        let differing = level_of(before ^ base);
        let mut moved = Vec::new();
        while let Some((level, digit)) = self.first().filter(|(level, _)| *level < differing) {
            self.take(level, digit, |entry| moved.push(entry));
        }
        moved.into_iter().for_each(|entry| self.push(base, entry));
    }

    fn allocate(&mut self) -> u32 {
        if self.free == NONE {
            return self.push_chunk();
        }
        let id = self.free;
        self.free = self.chunk(id).next;
        id
    }

    /// Adds a chunk to the last slab. It is written when it is needed, so that it is in the cache then.
    fn push_chunk(&mut self) -> u32 {
        if self.slabs.last().is_none_or(|slab| slab.len() == SLAB_CHUNKS) {
            self.slabs.push(Vec::with_capacity(SLAB_CHUNKS));
        }
        let before = (self.slabs.len() - 1) * SLAB_CHUNKS;
        let slab = self.slabs.last_mut().expect("there is one");
        let id = u32::try_from(before + slab.len()).expect("fewer than 2³² chunks");
        slab.push(Chunk { entries: [Entry::default(); CHUNK_ENTRIES], next: NONE });
        id
    }

    /// Passes every entry to `show`, in no order.
    pub fn each(&self, mut show: impl FnMut(&Entry<E>)) {
        for bucket in self.buckets.iter().flatten() {
            let (mut id, mut filled) = (bucket.last, bucket.filled as usize);
            while id != NONE {
                let chunk = &self.slabs[id as usize / SLAB_CHUNKS][id as usize % SLAB_CHUNKS];
                chunk.entries[..filled].iter().for_each(&mut show);
                (id, filled) = (chunk.next, CHUNK_ENTRIES);
            }
        }
    }

    fn release(&mut self, id: u32) {
        self.chunk(id).next = self.free;
        self.free = id;
    }
}
