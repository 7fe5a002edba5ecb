//! Token buckets, from the first call to the ten-millionth.

use super::Finding;
use crate::control_plane::token_bucket::{Limit, TokenBucket};
use crate::units::figures::seconds;
use crate::units::{Duration, NS_PER_S, Time};

/// Tokens in a full bucket, tokens that flow in a second, calls of one token each.
const CASES: [(u64, u64, u64); 3] = [
    (100, 20, 1_000),
    (1_000, 2, 100_000),
    // Ten million instances from one account: 57.9 days at two a second (EC2 API reference, "Request throttling").
    (1_000, 2, 10_000_000),
];

pub fn run() -> Vec<Finding> {
    CASES.into_iter().map(check).collect()
}

/// Checks a bucket whose calls come as soon as they may.
fn check((bucket, per_s, calls): (u64, u64, u64)) -> Finding {
    let limit = Limit { bucket, milli_per_s: 1000 * per_s };
    let mut tokens = TokenBucket::full(limit);
    let mut now = Time::ZERO;
    for _ in 0..calls {
        while let Err(Duration(wait)) = tokens.try_take(limit, now, 1) {
            now = Time(now.0 + wait);
        }
    }
    let exactly = Time((calls - bucket) * NS_PER_S / per_s);
    Finding::exact(
        format!("seconds until call {calls} is let through, {bucket} at once and {per_s} a second"),
        seconds(exactly.0),
        seconds(now.0),
    )
}
