//! Two hints to the machine that change no result: huge pages for big arrays, and prefetching.

/// Bytes that most processors load together.
const CACHE_LINE: usize = 64;

/// Asks for huge pages under a big array: a fifth of an event's time is spent on page tables otherwise.
///
/// Linux backs a region with huge pages only where it is told to (`madvise`, see
/// `/sys/kernel/mm/transparent_hugepage/enabled`). Elsewhere this does nothing.
#[allow(unused_variables)]
pub fn advise_huge_pages<T>(array: &[T]) {
    #[cfg(target_os = "linux")]
    {
        const HUGE_PAGE: usize = 2 << 20;
        let start = (array.as_ptr() as usize).next_multiple_of(HUGE_PAGE);
        let end = (array.as_ptr() as usize + size_of_val(array)) / HUGE_PAGE * HUGE_PAGE;
        if end > start {
            // SAFETY: MADV_HUGEPAGE never changes the contents of memory, and the range lies within
            // the array. A refusal is of no consequence.
            unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
        }
    }
}

/// The same for a vector that is about to be filled up to its capacity.
pub fn advise_huge_pages_for_capacity<T>(vector: &mut Vec<T>) {
    advise_huge_pages(vector.spare_capacity_mut());
}

/// Appends to an array that may grow big.
#[inline]
pub fn push_to_big<T>(array: &mut Vec<T>, item: T) {
    if array.len() == array.capacity() {
        grow(array, 1);
    }
    array.push(item);
}

/// Lengthens an array that may grow big, where it is shorter.
#[inline]
pub fn lengthen_big<T: Clone>(array: &mut Vec<T>, length: usize, item: T) {
    if array.len() < length {
        if array.capacity() < length {
            grow(array, length - array.len());
        }
        array.resize(length, item);
    }
}

#[cold]
fn grow<T>(array: &mut Vec<T>, more: usize) {
    array.reserve(more);
    advise_huge_pages_for_capacity(array);
}

/// Starts loading the cache line that holds `record`, without waiting for it.
#[inline(always)]
pub fn prefetch<T>(record: &T) {
    prefetch_line(std::ptr::from_ref(record).cast());
}

/// The same for every cache line that holds a part of `record`.
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
