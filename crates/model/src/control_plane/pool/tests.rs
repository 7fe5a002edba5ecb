use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, at, cases};

const RULES: PoolRules = PoolRules {
    min: 1,
    max: Some(3),
    idle_timeout: Some(Duration::from_seconds(10)),
    connect: Duration(5_000_000),
    queue_limit: Some(1),
};
const CONNECT: Acquired = Acquired::Connect(RULES.connect);

#[test]
fn connections_are_made_up_to_the_most_and_then_waited_for() {
    let mut pool = ConnectionPool::new(RULES);
    let acquired: Vec<Acquired> = (0..5).map(|job| pool.acquire(at(0), JobId(job))).collect();
    assert_eq!(acquired, [Acquired::Idle, CONNECT, CONNECT, Acquired::Wait(Ticket(0)), Acquired::Refused]);
    let next = Next { job: JobId(3), waited: Duration::from_seconds(2) };
    assert_eq!(pool.release(at(2), at(0)), Some(next));
    assert_eq!(pool.acquire(at(3), JobId(5)), Acquired::Wait(Ticket(1)));
    assert!(pool.abandon(at(4), Ticket(1)));
    assert_eq!(pool.release(at(5), at(2)), None);
    assert_eq!(pool.acquire(at(6), JobId(6)), Acquired::Idle);
    let usage = pool.usage(at(6));
    assert_eq!((usage.arrivals, usage.refused, usage.timed_out, usage.completed), (7, 1, 1, 2));
    assert_eq!(pool.counts(), PoolCounts { connected: 2, closed: 0, open_peak: 3 });
    pool.assert_conserved(at(6));
    assert_comes_back(&pool);
}

#[test]
fn idle_connections_close_down_to_the_least() {
    let mut pool = ConnectionPool::new(RULES);
    for job in 0..3 {
        pool.acquire(at(0), JobId(job));
    }
    pool.release(at(1), at(0));
    pool.release(at(5), at(0));
    // At 11 s the one idle since 1 s closes, the one idle since 5 s is taken.
    assert_eq!(pool.acquire(at(11), JobId(3)), Acquired::Idle);
    assert_eq!((pool.open(), pool.counts().closed), (2, 1));
    pool.release(at(12), at(0));
    pool.release(at(12), at(11));
    assert_eq!(pool.acquire(at(1_000), JobId(4)), Acquired::Idle);
    assert_eq!((pool.open(), pool.counts().closed), (1, 2), "the least stays open");
    assert_eq!(pool.acquire(at(1_000), JobId(5)), CONNECT);
    pool.assert_conserved(at(1_000));
}

proptest! {
    #![proptest_config(cases(300))]

    /// Beside a plain list of the moments since which connections are idle.
    #[test]
    fn a_pool_does_what_a_plain_one_does(
        min in 0..3u32,
        more in prop::option::of(1..3u32),
        timeout in prop::option::of(0..12u64),
        queue_limit in prop::option::of(0..3u32),
        actions in prop::collection::vec((0..6u64, any::<bool>(), any::<usize>()), 0..100),
    ) {
        let max = more.map(|more| min + more);
        let idle_timeout = timeout.map(Duration);
        let mut pool = ConnectionPool::new(PoolRules { min, max, idle_timeout, connect: Duration(1), queue_limit });
        let (mut now, mut held, mut waiting) = (Time::ZERO, Vec::new(), 0u32);
        let mut idle = vec![Time::ZERO; min as usize];
        for (past, acquires, which) in actions {
            now = now.after(Duration(past));
            if !acquires && held.is_empty() {
                continue;
            }
            while timeout.is_some_and(|timeout| idle.first().is_some_and(|since| since.0 + timeout <= now.0))
                && held.len() + idle.len() > min as usize
            {
                idle.remove(0);
            }
            if acquires {
                let acquired = pool.acquire(now, JobId(0));
                let expected = if max.is_some_and(|max| held.len() >= max as usize) {
                    match queue_limit.is_some_and(|limit| waiting >= limit) {
                        true => "refused",
                        false => "waits",
                    }
                } else if idle.pop().is_some() { "idle" } else { "connects" };
                let found = match acquired {
                    Acquired::Refused => "refused",
                    Acquired::Wait(_) => "waits",
                    Acquired::Idle => "idle",
                    Acquired::Connect(_) => "connects",
                };
                prop_assert_eq!(found, expected);
                match expected {
                    "waits" => waiting += 1,
                    "refused" => {}
                    _ => held.push(now),
                }
            } else {
                let acquired = held.remove(which % held.len());
                let next = pool.release(now, acquired);
                prop_assert_eq!(next.is_some(), waiting > 0);
                if waiting > 0 {
                    waiting -= 1;
                    held.push(now);
                } else {
                    idle.push(now);
                }
            }
            pool.assert_conserved(now);
            prop_assert_eq!(pool.open() as usize, held.len() + idle.len());
        }
    }
}
