//! Prefetching: a hint to the processor that changes no result.

/// Bytes that most processors load together.
const CACHE_LINE: usize = 64;

/// Starts loading the cache line that holds `record`, without waiting for it.
#[inline(always)]
pub fn prefetch<T>(record: &T) {
    prefetch_line(std::ptr::from_ref(record).cast());
}

/// Starts loading every cache line that holds a part of `record`.
#[inline(always)]
pub fn prefetch_all<T>(record: &T) {
    let first = std::ptr::from_ref(record).cast::<u8>();
    (0..size_of::<T>()).step_by(CACHE_LINE).for_each(|offset| prefetch_line(first.wrapping_add(offset)));
}

#[inline(always)]
#[allow(unused_variables)]
fn prefetch_line(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching reads nothing and faults on nothing; SSE is part of every x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
}
