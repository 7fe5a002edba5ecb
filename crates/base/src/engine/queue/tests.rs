use super::*;
use crate::engine::random::{Purpose, Seed, Stream};
use std::collections::BTreeMap;

/// Reference implementation: an ordered map.
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

/// Returns a delay from one of several worlds: zero, a few ns, seconds, hours, years, a shared second.
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
fn what_has_been_popped_takes_no_memory() {
    let mut queue = EventQueue::<u64>::new();
    // Few enough to be sorted at once, and so far ahead that all that follows comes before the last.
    (0..50).for_each(|event| queue.push(Time(event << 40), 0, event));
    (0..100).for_each(|event| queue.push(Time(event), 0, event));
    for event in 0..1_000_000 {
        let (now, _) = queue.pop().expect("as many are pushed as are popped");
        queue.push(Time(now.0 + 100), 0, event);
    }
    assert!(queue.ready.capacity() < 10_000, "{} places for 150 events", queue.ready.capacity());
}

/// A run that begins empty: its first events are hours apart, so that the first bucket that is sorted is as wide as all that follow.
#[test]
fn the_heap_is_not_used_where_the_first_events_are_far_apart() {
    let mut random = Seed(12).stream(Purpose::Arrival, 0);
    let (mut fast, mut plain) = (EventQueue::<u64>::new(), Plain::default());
    let mut is_base_lowered = false;
    for event in 0..30_000 {
        let now = event << 24;
        while let Some((at, found)) = fast.pop_until(Time(now)) {
            assert_eq!(plain.pop(), Some((at, found)));
        }
        let (at, base) = (now + random.below(1 << 45), fast.base);
        fast.push(Time(at), 0, event);
        plain.push(at, 0, event);
        is_base_lowered |= fast.base < base;
    }
    assert!(is_base_lowered, "the buckets were never moved to a lower base");
    assert!(fast.early.is_empty(), "{} events are in the heap", fast.early.len());
    assert!(fast.len() > 10_000, "{} are pending", fast.len());
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
fn the_next_event_is_known_where_none_was_due() {
    let mut random = Seed(11).stream(Purpose::Arrival, 0);
    let mut queue = EventQueue::<u64>::new();
    let lane = queue.lane(Duration(500), 0);
    assert_eq!(queue.next_at(), None);
    for event in 0..2_000 {
        queue.push(Time(random.below(1_000_000)), 0, event);
    }
    let mut limit = 0;
    while !queue.is_empty() {
        limit += random.below(2_000);
        while let Some((now, event)) = queue.pop_until(Time(limit)) {
            if event < 2_000 {
                queue.push_lane(lane, now, event + 2_000);
            }
        }
        let told = queue.next_at();
        assert!(told.is_none_or(|next| next > Time(limit)), "{told:?} is after {limit}");
        if let Some(next) = told {
            assert_eq!(queue.pop_until(Time(next.0 - 1)), None, "nothing comes before");
            assert_eq!(queue.pop_until(next).map(|(at, _)| at), Some(next));
        }
    }
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
fn what_comes_after_the_end_is_not_kept() {
    let mut random = Seed(5).stream(Purpose::Arrival, 0);
    let (mut fast, mut plain, end) = (EventQueue::<u64>::new(), Plain::default(), 1 << 33);
    // At first what is on the lane comes before the end, and soon after it.
    let (mut dropped, mut on_lane, lasts) = (0, 0, end - (1 << 12));
    let lane = fast.lane(Duration(lasts), 0);
    fast.end_at(Time(end));
    for event in 0..20_000 {
        let now = fast.now().0;
        let is_on_lane = random.below(4) == 0;
        let at = if is_on_lane { now + lasts } else { now.saturating_add(delay(&mut random, now)) };
        match is_on_lane {
            true => fast.push_lane(lane, Time(now), event),
            false => fast.push(Time(at), 0, event),
        }
        plain.push(at, 0, event);
        if at > end {
            plain.pending.pop_last();
            dropped += 1;
            on_lane += u32::from(is_on_lane);
        }
        assert_eq!(fast.len(), plain.pending.len());
        if random.below(4) == 0 {
            assert_eq!(fast.pop(), plain.pop());
        }
    }
    assert!(dropped > 1_000 && on_lane > 100, "{dropped} were dropped, {on_lane} of them on the lane");
    assert!(fast.len() > 1_000, "{} are left", fast.len());
    std::iter::from_fn(|| Some((fast.pop(), plain.pop()))).take(20_000).for_each(|(a, b)| assert_eq!(a, b));
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

#[test]
fn it_is_known_what_comes_before_a_place() {
    let mut queue = EventQueue::new();
    (0..40).for_each(|at| queue.push(Time(10 * at), 0, at));
    assert_eq!(queue.pop(), Some((Time(0), 0)));
    // The first of those that are left is at 10.
    assert!(queue.comes_before(Time(59), 5) && !queue.comes_before(Time(60), 5));
    assert!(!queue.comes_before(Time(0), 39), "no event is there");
}
