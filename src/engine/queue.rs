//! The event queue: pops in the order (time, rank, sequence), at a cost that stays flat from a
//! thousand to ten million pending events.
//!
//! Events far away wait unsorted in the buckets of a radix heap with digits of eight bits: an event's
//! bucket is the highest digit in which its time differs from `base`, and that digit. As time comes
//! near, a bucket is spread over finer ones, and a small enough one is sorted onto the end of `ready`,
//! from which events are popped. An event moves at most once a digit (in practice two or three times),
//! always to the end of a bucket, so nothing is searched and writes go to a few warm places.
//!
//! An event that is scheduled before the end of what is sorted already is inserted where it belongs in `ready`, which
//! moves a few kilobytes at most; where more would have to move, it goes to the heap `early` instead.
//! Constant delays need no order at all: each has a lane, which is a plain FIFO.
//!
//! `ready` is kept a few dozen events long, so that a caller can look ahead and prefetch.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::checkpoint::{Misfit, Persist, Reader, Writer};
use super::memory::{advise_huge_pages, prefetch};
use crate::units::{Duration, Time};

/// Bits of a digit.
const DIGIT_BITS: u32 = 8;
/// Buckets of a level: one a digit value.
const RADIX: usize = 1 << DIGIT_BITS;
/// Levels: digits in a 64-bit time.
const LEVELS: usize = (u64::BITS / DIGIT_BITS) as usize;
/// A bucket of at most this many events is sorted at once instead of spread further.
const SORT_AT_MOST: u32 = 64;
/// `ready` is refilled when it holds fewer events than this.
const LOOK_AHEAD: usize = 64;
/// The most events of `ready` that are moved to insert one.
const MOVE_AT_MOST: usize = 128;
/// Bits of the sequence number in an entry's order; the rank stands above.
const SEQUENCE_BITS: u32 = 56;

/// A pending event with its place in the order.
#[derive(Clone, Copy, Debug, Default)]
struct Entry<E> {
    /// When \[ns\].
    at: u64,
    /// Rank above the sequence number: what decides between events at the same time.
    order: u64,
    event: E,
}

impl<E> Entry<E> {
    /// The order as one number, which is compared without a branch.
    #[inline]
    fn key(&self) -> u128 {
        (u128::from(self.at) << 64) | u128::from(self.order)
    }
}

impl<E> Ord for Entry<E> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<E> PartialOrd for Entry<E> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

/// A lane for events with one constant delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lane(usize);

struct LaneQueue<E> {
    delay: Duration,
    rank: u8,
    entries: VecDeque<Entry<E>>,
}

/// Pending events of a simulation. `E` is small and `Copy`: eight bytes make entries of 24.
pub struct EventQueue<E> {
    buckets: Buckets<E>,
    /// Every bucket holds only times that are not before this.
    base: u64,
    /// Events before this time are in `ready` or `early`.
    sorted_until: u64,
    ready: Vec<Entry<E>>,
    /// The next of `ready` to pop.
    head: usize,
    /// Events for which too many of `ready` would have to move.
    early: BinaryHeap<Reverse<Entry<E>>>,
    lanes: Vec<LaneQueue<E>>,
    in_lanes: usize,
    sequence: u64,
    len: usize,
    now: Time,
}

impl<E: Copy + Default> Default for EventQueue<E> {
    fn default() -> Self {
        EventQueue {
            buckets: Buckets::new(),
            base: 0,
            sorted_until: 0,
            ready: Vec::new(),
            head: 0,
            early: BinaryHeap::new(),
            lanes: Vec::new(),
            in_lanes: 0,
            sequence: 0,
            len: 0,
            now: Time::ZERO,
        }
    }
}

/// Where the next event stands.
#[derive(Clone, Copy)]
enum Source {
    Ready,
    Early,
    Lane(usize),
}

impl<E: Copy + Default> EventQueue<E> {
    /// An empty queue at time zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time of the event popped last.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Events pending.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Schedules an event. At equal times a lower rank comes first, then what was scheduled first.
    /// Scheduling in the past is a bug and panics.
    #[inline]
    pub fn push(&mut self, at: Time, rank: u8, event: E) {
        assert!(at >= self.now, "an event is scheduled in the past: {at:?} at {:?}", self.now);
        let entry = Entry { at: at.0, order: self.next_order(rank), event };
        self.len += 1;
        if at.0 < self.sorted_until {
            self.insert(entry);
        } else {
            self.buckets.push(self.base, entry);
        }
    }

    /// Puts an event among those that are sorted, moving the shorter side.
    fn insert(&mut self, entry: Entry<E>) {
        let sorted = &self.ready[self.head..];
        let mut before = sorted.partition_point(|other| other.at <= entry.at);
        if before > 0 && sorted[before - 1].order > entry.order && sorted[before - 1].at == entry.at {
            // Of those at the same time some have a higher rank.
            before = sorted[..before].partition_point(|other| *other < entry);
        }
        let after = sorted.len() - before;
        let place = self.head + before;
        if before < after && before <= MOVE_AT_MOST && self.head > 0 {
            self.ready.copy_within(self.head..place, self.head - 1);
            self.head -= 1;
            self.ready[place - 1] = entry;
        } else if after <= MOVE_AT_MOST {
            self.ready.insert(place, entry);
        } else {
            self.early.push(Reverse(entry));
        }
    }

    /// Makes a lane: a FIFO for events that all happen `delay` after they are scheduled.
    pub fn lane(&mut self, delay: Duration, rank: u8) -> Lane {
        self.lanes.push(LaneQueue { delay, rank, entries: VecDeque::new() });
        Lane(self.lanes.len() - 1)
    }

    /// Schedules an event on a lane, seen from `now`, which must not run backwards.
    pub fn push_lane(&mut self, lane: Lane, now: Time, event: E) {
        assert!(now >= self.now, "an event is scheduled in the past: {now:?} at {:?}", self.now);
        let LaneQueue { delay, rank, .. } = self.lanes[lane.0];
        let entry = Entry { at: now.after(delay).0, order: self.next_order(rank), event };
        let entries = &mut self.lanes[lane.0].entries;
        assert!(entries.back().is_none_or(|last| last.at <= entry.at), "a lane's time runs backwards");
        entries.push_back(entry);
        self.len += 1;
        self.in_lanes += 1;
    }

    /// Pops the next event if it is not after `limit`.
    #[inline]
    pub fn pop_until(&mut self, limit: Time) -> Option<(Time, E)> {
        if self.ready.len() - self.head < LOOK_AHEAD {
            self.refill();
        }
        let entry = if self.early.is_empty() && self.in_lanes == 0 {
            let first = *self.ready.get(self.head).filter(|first| first.at <= limit.0)?;
            self.head += 1;
            first
        } else {
            self.pop_among(limit)?
        };
        self.len -= 1;
        self.now = Time(entry.at);
        Some((self.now, entry.event))
    }

    /// The next event where it need not stand in `ready`, if it is not after `limit`.
    #[inline]
    fn pop_among(&mut self, limit: Time) -> Option<Entry<E>> {
        let (first, source) = self.next_source()?;
        if first.at > limit.0 {
            return None;
        }
        match source {
            Source::Ready => self.head += 1,
            Source::Early => drop(self.early.pop()),
            Source::Lane(lane) => {
                self.in_lanes -= 1;
                self.lanes[lane].entries.pop_front();
            }
        }
        Some(first)
    }

    /// Pops the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.pop_until(Time::NEVER)
    }

    /// The events at these places behind the next one, as far as they are known: a hint for prefetching,
    /// never to be relied on.
    #[inline]
    pub fn ahead(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = E> {
        let known = self.ready.len() - self.head;
        let (start, end) = (places.start.min(known), places.end.min(known));
        self.ready[self.head + start..self.head + end].iter().map(|entry| entry.event)
    }

    fn next_order(&mut self, rank: u8) -> u64 {
        self.sequence += 1;
        assert!(self.sequence >> SEQUENCE_BITS == 0, "the sequence numbers are used up");
        u64::from(rank) << SEQUENCE_BITS | self.sequence
    }

    /// The next event and where it stands.
    #[inline]
    fn next_source(&self) -> Option<(Entry<E>, Source)> {
        let mut best = self.ready.get(self.head).map(|entry| (*entry, Source::Ready));
        let mut consider = |entry: &Entry<E>, source: Source| {
            if best.is_none_or(|(first, _)| *entry < first) {
                best = Some((*entry, source));
            }
        };
        if let Some(Reverse(entry)) = self.early.peek() {
            consider(entry, Source::Early);
        }
        if self.in_lanes > 0 {
            for (i, lane) in self.lanes.iter().enumerate() {
                if let Some(entry) = lane.entries.front() {
                    consider(entry, Source::Lane(i));
                }
            }
        }
        best
    }

    /// Sorts buckets onto the end of `ready` until it is long enough or all are empty.
    #[cold]
    fn refill(&mut self) {
        self.ready.drain(..self.head);
        self.head = 0;
        while self.ready.len() < LOOK_AHEAD {
            let Some((level, digit)) = self.buckets.first() else { return };
            let width = 1u64 << (level as u32 * DIGIT_BITS);
            // The digit replaces the base's own; all digits below become zero.
            let above = self.base.checked_shr((level as u32 + 1) * DIGIT_BITS).unwrap_or(0);
            let above = above.checked_shl((level as u32 + 1) * DIGIT_BITS).unwrap_or(0);
            self.base = above | (digit as u64 * width);
            if level == 0 || self.buckets.count(level, digit) <= SORT_AT_MOST {
                let from = self.ready.len();
                self.buckets.take(level, digit, |entry| self.ready.push(entry));
                self.ready[from..].sort_unstable_by_key(Entry::key);
                self.sorted_until = self.base.saturating_add(width);
            } else {
                self.buckets.spread(level, digit, self.base);
            }
        }
    }
}

/// The events in no order, each with its place in it. Where the delay of a lane has changed, or lanes are
/// new, the events that were on one wait among the others: their order is theirs.
impl<E: Copy + Default + Serialize + DeserializeOwned> Persist for EventQueue<E> {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(&(self.sequence, self.now));
        out.put_length(self.len);
        let mut put = |entry: &Entry<E>| {
            let Entry { at, order, event } = *entry;
            let (rank, sequence) = ((order >> SEQUENCE_BITS) as u8, order & ((1 << SEQUENCE_BITS) - 1));
            out.put(&(at, rank, sequence, event));
        };
        self.ready[self.head..].iter().for_each(&mut put);
        self.early.iter().for_each(|Reverse(entry)| put(entry));
        self.lanes.iter().flat_map(|lane| &lane.entries).for_each(&mut put);
        self.buckets.each(put);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), Misfit> {
        assert!(self.is_empty(), "a queue is restored before anything is scheduled");
        (self.sequence, self.now) = from.get()?;
        (self.base, self.sorted_until) = (self.now.0, self.now.0);
        self.len = from.get_length()?;
        for _ in 0..self.len {
            let (at, rank, sequence, event) = from.get::<(u64, u8, u64, E)>()?;
            if at < self.base || sequence > self.sequence {
                return Err(Misfit::Garbled);
            }
            let order = u64::from(rank) << SEQUENCE_BITS | sequence;
            self.buckets.push(self.base, Entry { at, order, event });
        }
        Ok(())
    }
}

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
struct Buckets<E> {
    buckets: Box<[[Bucket; RADIX]; LEVELS]>,
    /// A bit per bucket that holds something.
    occupied: [[u64; RADIX / 64]; LEVELS],
    slabs: Vec<Box<[Chunk<E>]>>,
    free: u32,
}

impl<E: Copy + Default> Buckets<E> {
    fn new() -> Self {
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
    fn push(&mut self, base: u64, entry: Entry<E>) {
        debug_assert!(entry.at >= base);
        let differing = entry.at ^ base;
        // A time equal to the base differs in no digit: it belongs to the finest level.
        let level = (63 - (differing | 1).leading_zeros()) / DIGIT_BITS;
        let digit = (entry.at >> (level * DIGIT_BITS)) as usize % RADIX;
        let level = level as usize;
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

    /// The bucket with the earliest times.
    fn first(&self) -> Option<(usize, usize)> {
        for (level, words) in self.occupied.iter().enumerate() {
            for (i, word) in words.iter().enumerate() {
                if *word != 0 {
                    return Some((level, i * 64 + word.trailing_zeros() as usize));
                }
            }
        }
        None
    }

    fn count(&self, level: usize, digit: usize) -> u32 {
        self.buckets[level][digit].count
    }

    /// Empties a bucket, giving every entry, in no order that matters.
    fn take(&mut self, level: usize, digit: usize, mut each: impl FnMut(Entry<E>)) {
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
    fn spread(&mut self, level: usize, digit: usize, base: u64) {
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

    fn allocate(&mut self) -> u32 {
        if self.free == NONE {
            self.grow();
        }
        let id = self.free;
        self.free = self.chunk(id).next;
        id
    }

    /// Shows every entry, in no order.
    fn each(&self, mut show: impl FnMut(&Entry<E>)) {
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

    #[cold]
    fn grow(&mut self) {
        let first = u32::try_from(self.slabs.len() * SLAB_CHUNKS).expect("fewer than 2³² chunks");
        let mut slab = Vec::with_capacity(SLAB_CHUNKS);
        super::memory::advise_huge_pages_for_capacity(&mut slab);
        for i in 0..SLAB_CHUNKS as u32 {
            let next = if i + 1 == SLAB_CHUNKS as u32 { NONE } else { first + i + 1 };
            slab.push(Chunk { entries: [Entry::default(); CHUNK_ENTRIES], next });
        }
        advise_huge_pages(&slab);
        self.slabs.push(slab.into_boxed_slice());
        self.free = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};
    use std::collections::BTreeMap;

    /// The plain twin: an ordered map.
    #[derive(Default)]
    struct Plain {
        pending: BTreeMap<(u64, u8, u64), u64>,
        sequence: u64,
    }

    impl Plain {
        fn push(&mut self, at: u64, rank: u8, event: u64) {
            self.sequence += 1;
            self.pending.insert((at, rank, self.sequence), event);
        }

        fn pop(&mut self) -> Option<(Time, u64)> {
            self.pending.pop_first().map(|((at, ..), event)| (Time(at), event))
        }
    }

    /// A delay from one of several worlds: zero, a few ns, seconds, hours, years, a shared second.
    fn delay(random: &mut Stream, now: u64) -> u64 {
        match random.below(7) {
            0 => 0,
            1 => random.below(4),
            2 => random.below(1 << 20),
            3 => random.below(1 << 33),
            4 => random.below(1 << 45),
            5 => random.below(1 << 58),
            _ => 1_000_000_000 - now % 1_000_000_000,
        }
    }

    fn agree(seed: u64, pushes_of_8: u64, operations: usize) {
        let mut random = Seed(seed).stream(Purpose::Arrival, 0);
        let (mut fast, mut plain) = (EventQueue::<u64>::new(), Plain::default());
        let lanes = [(fast.lane(Duration(5), 1), 5, 1), (fast.lane(Duration(1 << 30), 0), 1 << 30, 0)];
        for operation in 0..operations as u64 {
            let now = fast.now().0;
            if random.below(8) < pushes_of_8 {
                if random.below(4) == 0 {
                    let (lane, delay, rank) = lanes[random.below(2) as usize];
                    fast.push_lane(lane, Time(now), operation);
                    plain.push(now + delay, rank, operation);
                } else {
                    let (at, rank) = (now.saturating_add(delay(&mut random, now)), random.below(4) as u8);
                    fast.push(Time(at), rank, operation);
                    plain.push(at, rank, operation);
                }
            } else {
                assert_eq!(fast.pop(), plain.pop(), "seed {seed}, operation {operation}");
            }
            assert_eq!(fast.len(), plain.pending.len());
        }
        while !fast.is_empty() {
            assert_eq!(fast.pop(), plain.pop(), "seed {seed}, draining");
        }
        assert_eq!(plain.pop(), None);
    }

    #[test]
    fn agrees_with_an_ordered_map() {
        for seed in 0..40 {
            agree(seed, 4, 5_000);
            agree(seed, 6, 3_000);
        }
    }

    #[test]
    fn a_great_many_at_one_time_keep_their_order() {
        let mut queue = EventQueue::<u64>::new();
        for event in 0..10_000 {
            queue.push(Time(123_456_789_012), (event % 2) as u8, event);
        }
        let popped: Vec<u64> = std::iter::from_fn(|| queue.pop().map(|(_, event)| event)).collect();
        let expected: Vec<u64> = (0..10_000).step_by(2).chain((1..10_000).step_by(2)).collect();
        assert_eq!(popped, expected);
    }

    #[test]
    fn one_that_comes_into_a_crowd_keeps_its_place() {
        let mut random = Seed(9).stream(Purpose::Arrival, 0);
        let (mut fast, mut plain) = (EventQueue::<u64>::new(), Plain::default());
        let (mut inserted, mut early) = (0, 0);
        for event in 0..3_000 {
            let (at, rank) = (1_000_000 + random.below(3), random.below(3) as u8);
            fast.push(Time(at), rank, event);
            plain.push(at, rank, event);
        }
        for event in 3_000..9_000 {
            assert_eq!(fast.pop(), plain.pop());
            let at = fast.now().0 + random.below(3);
            let (pending, rank) = (fast.early.len(), random.below(3) as u8);
            fast.push(Time(at), rank, event);
            plain.push(at, rank, event);
            if at < fast.sorted_until {
                *(if fast.early.len() > pending { &mut early } else { &mut inserted }) += 1;
            }
        }
        assert!(inserted > 100 && early > 100, "{inserted} were inserted, {early} came early");
        while !fast.is_empty() {
            assert_eq!(fast.pop(), plain.pop(), "draining");
        }
        assert_eq!(plain.pop(), None);
    }

    #[test]
    fn the_end_of_time_can_be_reached() {
        let mut queue = EventQueue::<u64>::new();
        queue.push(Time(u64::MAX), 0, 1);
        queue.push(Time(u64::MAX - 1), 0, 2);
        assert_eq!(queue.pop(), Some((Time(u64::MAX - 1), 2)));
        queue.push(Time(u64::MAX), 0, 3);
        assert_eq!(queue.pop(), Some((Time(u64::MAX), 1)));
        assert_eq!(queue.pop(), Some((Time(u64::MAX), 3)));
    }

    #[test]
    fn popping_until_a_limit_leaves_what_is_later() {
        let mut queue = EventQueue::<u64>::new();
        queue.push(Time(10), 0, 1);
        assert_eq!(queue.pop_until(Time(9)), None);
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.pop_until(Time(10)), Some((Time(10), 1)));
    }

    #[test]
    #[should_panic(expected = "scheduled in the past")]
    fn the_past_is_closed() {
        let mut queue = EventQueue::<u64>::new();
        queue.push(Time(10), 0, 1);
        queue.pop();
        queue.push(Time(9), 0, 2);
    }

    #[test]
    fn an_entry_is_24_bytes() {
        assert_eq!(size_of::<Entry<u64>>(), 24);
    }
}
