use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, at, cases};
use plimsoll_base::units::NS_PER_S;

#[test]
fn a_bucket_refills_to_the_nanosecond() {
    let limit = Limit { bucket: 5, milli_per_s: 2_000 };
    let mut bucket = TokenBucket::full(limit);
    assert_eq!(bucket.try_take(limit, at(0), 5), Ok(()));
    assert_eq!(bucket.try_take(limit, at(0), 1), Err(Duration(NS_PER_S / 2)));
    assert_eq!(bucket.try_take(limit, Time(NS_PER_S / 2 - 1), 1), Err(Duration(1)));
    assert_eq!(bucket.try_take(limit, Time(NS_PER_S / 2), 1), Ok(()));
    assert_eq!((bucket.tokens(limit, at(1)), bucket.tokens(limit, at(100))), (1, 5));
    assert_eq!(bucket.try_take(limit, at(100), 0), Ok(()), "nothing is always there");
}

#[test]
fn what_never_is_there_is_never_waited_for() {
    let never = Err(Duration(u64::MAX));
    let limit = Limit { bucket: 5, milli_per_s: 2_000 };
    assert_eq!(TokenBucket::full(limit).try_take(limit, at(0), 6), never);
    assert_eq!(TokenBucket::full(limit).try_take(limit, at(0), u64::MAX), never);
    let dry = Limit { bucket: 1, milli_per_s: 0 };
    let mut bucket = TokenBucket::full(dry);
    assert_eq!(bucket.try_take(dry, at(0), 1), Ok(()));
    assert_eq!(bucket.try_take(dry, at(1_000_000), 1), never);
}

#[test]
fn the_largest_bucket_and_rate_do_not_overflow() {
    let limit = Limit { bucket: Limit::MOST_TOKENS, milli_per_s: u64::MAX };
    let mut bucket = TokenBucket::full(limit);
    assert_eq!(bucket.try_take(limit, at(0), Limit::MOST_TOKENS), Ok(()));
    assert_eq!(bucket.tokens(limit, Time(u64::MAX)), Limit::MOST_TOKENS);
}

#[test]
fn ten_million_launches_of_one_account_take_their_days() {
    // A bucket of 1,000 that refills by 2 a second: (10⁷ − 1,000) ÷ 2 s, 57.86 days, to the nanosecond.
    let limit = Limit { bucket: 1_000, milli_per_s: 2_000 };
    let mut bucket = TokenBucket::full(limit);
    let mut now = Time::ZERO;
    for _ in 0..10_000_000 {
        while let Err(delay) = bucket.try_take(limit, now, 1) {
            now = now.after(delay);
        }
    }
    assert_eq!(now, at((10_000_000 - 1_000) / 2));
}

/// Returns what a bucket holds, from the bound on what flows out of it: at each moment since, it held at most all it can
/// (Le Boudec and Thiran, Network Calculus, section 1.2). In 10⁻¹² tokens.
fn plain_level(limit: Limit, taken: &[(u64, u64)], now: u64) -> i128 {
    let since = |from: u64, first: usize| {
        let out: i128 = taken[first..].iter().map(|(_, tokens)| i128::from(*tokens)).sum();
        let inflow = i128::from(now - from) * i128::from(limit.milli_per_s);
        (i128::from(limit.bucket) - out) * 1_000_000_000_000 + inflow
    };
    (0..taken.len())
        .map(|i| since(taken[i].0, i))
        .chain([since(now, taken.len())])
        .min()
        .expect("never empty")
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_bucket_is_exact(
        bucket in 1..50u64,
        milli_per_s in 0..40_000u64,
        calls in prop::collection::vec((0..3_000_000_000u64, 0..60u64), 1..40),
    ) {
        let limit = Limit { bucket, milli_per_s };
        let mut tokens = TokenBucket::full(limit);
        let (mut now, mut taken) = (0u64, Vec::new());
        for (past, wanted) in calls {
            now += past;
            let level = plain_level(limit, &taken, now);
            prop_assert_eq!(i128::from(tokens.tokens(limit, Time(now))), level / 1_000_000_000_000);
            match tokens.try_take(limit, Time(now), wanted) {
                Ok(()) => {
                    prop_assert!(level >= i128::from(wanted) * 1_000_000_000_000);
                    taken.push((now, wanted));
                }
                Err(Duration(u64::MAX)) => prop_assert!(wanted > bucket || milli_per_s == 0),
                Err(Duration(delay)) => {
                    let at_last = tokens.clone().try_take(limit, Time(now + delay), wanted);
                    let too_early = tokens.clone().try_take(limit, Time(now + delay - 1), wanted);
                    prop_assert_eq!((at_last, too_early), (Ok(()), Err(Duration(1))));
                }
            }
        }
        assert_comes_back(&tokens);
    }
}
