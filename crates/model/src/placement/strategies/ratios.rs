//! The measures L1, L2 and L∞ of what is free: ratios to what a host can sell, kept exact.

use crate::fleet::index::cost::RatioSum;
use crate::fleet::index::ranking::Candidate;
use plimsoll_base::units::{RESOURCES, Resources};

/// Returns a ratio a resource: `ratio` of (amount free, capacity, position), 0/1 for a resource that is left
/// out because the host has none of it or has it without limit.
pub fn per_resource(
    candidate: Candidate<'_>,
    ratio: impl Fn(u64, u64, usize) -> (u64, u64),
) -> [(u64, u64); RESOURCES] {
    std::array::from_fn(|i| match (candidate.sku.capacity.0[i], i) {
        (0, _) | (u32::MAX, Resources::NETWORK) => (0, 1),
        (capacity, _) => ratio(u64::from(candidate.free.0[i]), u64::from(capacity), i),
    })
}

/// Returns the sum of free ÷ capacity.
pub fn l1(candidate: Candidate<'_>) -> RatioSum {
    RatioSum::new(per_resource(candidate, |free, capacity, _| (free, capacity)))
}

/// Returns the sum of (free ÷ capacity)².
pub fn l2(candidate: Candidate<'_>) -> RatioSum {
    RatioSum::new(per_resource(candidate, |free, capacity, _| (free * free, capacity * capacity)))
}

/// Returns the greatest free ÷ capacity.
pub fn linf(candidate: Candidate<'_>) -> RatioSum {
    RatioSum::greatest_of(per_resource(candidate, |free, capacity, _| (free, capacity)))
}
