use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, at, cases};

const RULES: CacheRules = CacheRules {
    capacity: 2,
    ttl: Some(Duration::from_seconds(10)),
    invalidate_on_write: true,
    coalesce: false,
};
const FIRST: Lookup = Lookup::Miss { already_loading: false };
const STAMPEDE: Lookup = Lookup::Miss { already_loading: true };

fn load(cache: &mut Cache, now: u64, key: u64) {
    assert_eq!(cache.lookup(at(now), key, 0), FIRST);
    cache.fill(at(now), key, 0);
}

#[test]
fn a_value_lives_its_time_from_its_load() {
    let mut cache = Cache::new(RULES);
    load(&mut cache, 0, 1);
    assert_eq!(cache.lookup(Time(at(10).0 - 1), 1, 0), Lookup::Hit { stale: false });
    assert_eq!(cache.lookup(at(10), 1, 0), FIRST);
    let counts = cache.counts();
    assert_eq!((counts.hits, counts.misses, counts.expired, counts.hit_ratio()), (1, 2, 1, Some(1.0 / 3.0)));
    assert_eq!(CacheCounts::default().hit_ratio(), None);
}

#[test]
fn the_least_recently_used_is_evicted() {
    let mut cache = Cache::new(RULES);
    load(&mut cache, 0, 1);
    load(&mut cache, 0, 2);
    cache.lookup(at(1), 1, 0);
    load(&mut cache, 1, 3);
    assert_eq!(cache.lookup(at(1), 2, 0), FIRST);
    assert_eq!(cache.lookup(at(1), 1, 0), Lookup::Hit { stale: false });
    assert_eq!((cache.counts().evicted, cache.values()), (1, 2));
}

#[test]
fn what_nobody_asks_for_again_is_not_kept_for_ever() {
    let mut cache = Cache::new(CacheRules { capacity: u32::MAX, ..RULES });
    for second in 0..1000 {
        load(&mut cache, second, second);
    }
    // A value lives for ten seconds.
    assert_eq!(cache.values(), 10);
}

#[test]
fn a_write_is_forgotten_or_served_stale() {
    for invalidate_on_write in [true, false] {
        let mut cache = Cache::new(CacheRules { invalidate_on_write, ..RULES });
        load(&mut cache, 0, 1);
        cache.wrote(1);
        let expected = if invalidate_on_write { FIRST } else { Lookup::Hit { stale: true } };
        assert_eq!(cache.lookup(at(1), 1, 1), expected);
        assert_eq!(cache.counts().invalidated, u64::from(invalidate_on_write));
    }
}

#[test]
fn a_load_overtaken_by_a_write_brings_a_stale_value() {
    let mut cache = Cache::new(RULES);
    assert_eq!(cache.lookup(at(0), 1, 0), FIRST);
    cache.wrote(1);
    cache.fill(at(1), 1, 0);
    assert_eq!(cache.lookup(at(2), 1, 1), Lookup::Hit { stale: true });
}

#[test]
fn a_stampede_loads_as_often_as_it_misses() {
    let mut cache = Cache::new(RULES);
    let looks: Vec<Lookup> = (0..3).map(|_| cache.lookup(at(0), 1, 0)).collect();
    assert_eq!(looks, [FIRST, STAMPEDE, STAMPEDE]);
    for _ in 0..3 {
        assert!(cache.fill(at(1), 1, 0).is_empty());
    }
    assert_eq!((cache.counts().stampedes, cache.counts().fills, cache.values()), (2, 3, 1));
}

#[test]
fn who_waits_for_a_load_gets_it_in_order() {
    let mut cache = Cache::new(CacheRules { coalesce: true, ..RULES });
    for key in [1, 2] {
        assert_eq!(cache.lookup(at(0), key, 0), FIRST);
        for job in [3, 1, 2] {
            assert_eq!(cache.lookup(at(0), key, 0), STAMPEDE);
            cache.wait(key, JobId(job));
        }
    }
    assert_eq!(cache.fill(at(1), 1, 0), [3, 1, 2].map(JobId));
    assert_eq!(cache.load_failed(2), [3, 1, 2].map(JobId));
    assert_eq!(cache.lookup(at(1), 2, 0), FIRST, "a failed load leaves nothing");
    assert_comes_back(&cache);
}

#[test]
fn without_room_nothing_is_kept() {
    let mut cache = Cache::new(CacheRules { capacity: 0, ..RULES });
    load(&mut cache, 0, 1);
    load(&mut cache, 0, 1);
    assert_eq!((cache.values(), cache.counts().evicted), (0, 2));
}

#[test]
#[should_panic(expected = "filled in that no job loads")]
fn filling_without_a_load_is_a_bug() {
    Cache::new(RULES).fill(at(0), 1, 0);
}

/// A cache in its simplest form: a list of values, the newest used last.
#[derive(Default)]
struct Plain {
    values: Vec<(u64, u64, Time)>,
    loads: BTreeMap<u64, u32>,
}

impl Plain {
    fn lookup(&mut self, now: Time, key: u64, current: u64) -> Lookup {
        self.values.retain(|(held, _, expires)| *held != key || *expires > now);
        if let Some(place) = self.values.iter().position(|(held, ..)| *held == key) {
            let value = self.values.remove(place);
            self.values.push(value);
            return Lookup::Hit { stale: value.1 < current };
        }
        let loads = self.loads.entry(key).or_default();
        *loads += 1;
        Lookup::Miss { already_loading: *loads > 1 }
    }

    fn fill(&mut self, now: Time, key: u64, version: u64, expires: Time, capacity: u32) {
        *self.loads.get_mut(&key).expect("it is loading") -= 1;
        while self.values.first().is_some_and(|(held, _, expires)| *held != key && *expires <= now) {
            self.values.remove(0);
        }
        self.values.retain(|(held, ..)| *held != key);
        self.values.push((key, version, expires));
        if self.values.len() > capacity as usize {
            self.values.remove(0);
        }
    }
}

#[derive(Clone, Debug)]
enum Action {
    Lookup(u64),
    Fill(u64),
    Fail(u64),
    Wrote(u64),
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_cache_does_what_a_plain_list_does(
        capacity in 0..5u32,
        ttl in prop::option::of(0..20u64),
        invalidate_on_write in any::<bool>(),
        actions in prop::collection::vec(
            (0..4u64, prop_oneof![
                4 => (0..7u64).prop_map(Action::Lookup),
                4 => (0..7u64).prop_map(Action::Fill),
                1 => (0..7u64).prop_map(Action::Fail),
                1 => (0..7u64).prop_map(Action::Wrote),
            ]),
            0..150,
        ),
    ) {
        let rules = CacheRules { capacity, ttl: ttl.map(Duration), invalidate_on_write, coalesce: false };
        let (mut cache, mut plain) = (Cache::new(rules), Plain::default());
        let (mut now, mut versions, mut looks) = (Time::ZERO, [0u64; 7], 0);
        for (past, action) in actions {
            now = now.after(Duration(past));
            match action {
                Action::Lookup(key) => {
                    looks += 1;
                    let current = versions[key as usize];
                    prop_assert_eq!(cache.lookup(now, key, current), plain.lookup(now, key, current));
                }
                Action::Fill(key) if plain.loads.get(&key).is_some_and(|loads| *loads > 0) => {
                    let version = versions[key as usize];
                    cache.fill(now, key, version);
                    let expires = ttl.map_or(Time::NEVER, |ttl| now.after(Duration(ttl)));
                    plain.fill(now, key, version, expires, capacity);
                }
                Action::Fail(key) if plain.loads.get(&key).is_some_and(|loads| *loads > 0) => {
                    cache.load_failed(key);
                    *plain.loads.get_mut(&key).expect("it is loading") -= 1;
                }
                Action::Fill(_) | Action::Fail(_) => {}
                Action::Wrote(key) => {
                    versions[key as usize] += 1;
                    cache.wrote(key);
                    plain.values.retain(|(held, ..)| !invalidate_on_write || *held != key);
                }
            }
            let CacheCounts { hits, misses, fills, evicted, expired, invalidated, .. } = cache.counts();
            prop_assert_eq!(hits + misses, looks);
            prop_assert_eq!(cache.values() as usize, plain.values.len());
            // A fill over a value that is there replaces it: neither comes nor goes.
            prop_assert!(fills >= evicted + expired + invalidated + u64::from(cache.values()));
        }
        assert_comes_back(&cache);
    }
}
