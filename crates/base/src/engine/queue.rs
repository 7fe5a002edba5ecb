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
//! moves a few kilobytes at most. Where more would have to move, the later part of `ready` goes back to the buckets: the
//! first events of a run may be months apart, and all that follows comes before the last of them. Events at one time are
//! not divided: where a crowd of them is most of `ready`, the event goes to the heap `early`.
//! Constant delays need no order at all: each has a lane, which is a plain FIFO.
//!
//! `ready` is kept a few dozen events long, so that a caller can look ahead and prefetch.

mod buckets;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use self::buckets::{Buckets, DIGIT_BITS};
use super::checkpoint::{Persist, Reader, RestoreError, Writer};
use crate::units::{Duration, Time};

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
    /// Time of the event \[ns\].
    at: u64,
    /// Rank in the upper bits, then the sequence number: the order of events at the same time.
    order: u64,
    event: E,
}

impl<E> Entry<E> {
    /// Returns the order as one number, which is compared without a branch.
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
    /// Events after this time never happen and are not kept.
    end: Time,
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
            end: Time::NEVER,
        }
    }
}

/// Position of the next event.
#[derive(Clone, Copy)]
enum Source {
    Ready,
    Early,
    Lane(usize),
}

impl<E: Copy + Default> EventQueue<E> {
    /// Returns an empty queue at time zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the time of the event popped last.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Returns the number of events pending.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Ends time: events after this that are scheduled from now on take their numbers in the order and are dropped. Most
    /// events of a short run of long lifetimes are such.
    pub fn end_at(&mut self, end: Time) {
        self.end = end;
    }

    /// Schedules an event. At equal times a lower rank comes first, then what was scheduled first.
    /// Scheduling in the past is a bug and panics.
    #[inline]
    pub fn push(&mut self, at: Time, rank: u8, event: E) {
        assert!(at >= self.now, "an event is scheduled in the past: {at:?} at {:?}", self.now);
        let entry = Entry { at: at.0, order: self.next_order(rank), event };
        if at > self.end {
            return;
        }
        self.len += 1;
        self.keep(entry);
    }

    /// Puts an event where it waits.
    #[inline]
    fn keep(&mut self, entry: Entry<E>) {
        if entry.at < self.sorted_until {
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
            // Otherwise popped entries would pile up where `ready` is never short enough for a refill.
            if 2 * self.head > self.ready.len() {
                self.forget_popped();
            }
        } else if self.shorten() {
            self.keep(entry);
        } else {
            self.early.push(Reverse(entry));
        }
    }

    /// Moves the later part of what is sorted back to the buckets. Events at one time stay together; `false` where none can move.
    #[cold]
    fn shorten(&mut self) -> bool {
        let sorted = &self.ready[self.head..];
        let until = sorted[MOVE_AT_MOST].at;
        let kept = self.head + sorted.partition_point(|entry| entry.at < until);
        // Fewer would be filled up from the buckets at once, with the crowd that comes after them.
        if kept - self.head < LOOK_AHEAD {
            return false;
        }
        if until < self.base {
            self.buckets.lower(self.base, until);
            self.base = until;
        }
        self.sorted_until = until;
        self.ready[kept..].iter().for_each(|entry| self.buckets.push(self.base, *entry));
        self.ready.truncate(kept);
        true
    }

    /// Passes time and event of everything pending to `show`, in no order.
    pub fn each(&self, mut show: impl FnMut(Time, E)) {
        self.each_entry(|entry| show(Time(entry.at), entry.event));
    }

    fn each_entry(&self, mut show: impl FnMut(&Entry<E>)) {
        self.ready[self.head..].iter().for_each(&mut show);
        self.early.iter().for_each(|Reverse(entry)| show(entry));
        self.lanes.iter().flat_map(|lane| &lane.entries).for_each(&mut show);
        self.buckets.each(show);
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
        if entry.at > self.end.0 {
            return;
        }
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

    /// Pops the next event from `ready`, `early` or a lane, if it is not after `limit`.
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

    /// Returns the time of the next event, if [`EventQueue::pop_until`] has returned none since the last change; otherwise the time of an
    /// event that is due soon, which need not be the next.
    pub fn next_at(&self) -> Option<Time> {
        self.next_source().map(|(first, _)| Time(first.at))
    }

    /// Pops the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.pop_until(Time::NEVER)
    }

    /// Returns the events at these places behind the next one, as far as they are known: a hint for prefetching,
    /// never to be relied on.
    #[inline]
    pub fn ahead(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = E> {
        let known = self.ready.len() - self.head;
        let (start, end) = (places.start.min(known), places.end.min(known));
        self.ready[self.head + start..self.head + end].iter().map(|entry| entry.event)
    }

    /// Returns true if an event at this time would come before the one that stands so many places behind the next; a hint
    /// likewise.
    #[inline]
    pub fn comes_before(&self, at: Time, place: usize) -> bool {
        self.ready.get(self.head + place).is_some_and(|entry| at.0 < entry.at)
    }

    fn next_order(&mut self, rank: u8) -> u64 {
        self.sequence += 1;
        assert!(self.sequence >> SEQUENCE_BITS == 0, "the sequence numbers are used up");
        u64::from(rank) << SEQUENCE_BITS | self.sequence
    }

    /// Returns the next event and its position.
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

    /// Makes room where events stood that have been popped.
    fn forget_popped(&mut self) {
        self.ready.drain(..self.head);
        self.head = 0;
    }

    /// Sorts buckets onto the end of `ready` until it is long enough or all are empty.
    #[cold]
    fn refill(&mut self) {
        self.forget_popped();
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
        self.each_entry(|entry| {
            let Entry { at, order, event } = *entry;
            let (rank, sequence) = ((order >> SEQUENCE_BITS) as u8, order & ((1 << SEQUENCE_BITS) - 1));
            out.put(&(at, rank, sequence, event));
        });
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        assert!(self.is_empty(), "a queue is restored before anything is scheduled");
        (self.sequence, self.now) = from.get()?;
        (self.base, self.sorted_until) = (self.now.0, self.now.0);
        self.len = from.get_length()?;
        for _ in 0..self.len {
            let (at, rank, sequence, event) = from.get::<(u64, u8, u64, E)>()?;
            if at < self.base || sequence > self.sequence {
                return Err(RestoreError::Corrupt);
            }
            let order = u64::from(rank) << SEQUENCE_BITS | sequence;
            self.buckets.push(self.base, Entry { at, order, event });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
