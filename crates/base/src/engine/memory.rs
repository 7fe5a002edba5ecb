//! Two hints to the machine that change no result: huge pages, and prefetching.

/// Bytes that most processors load together.
const CACHE_LINE: usize = 64;

/// The allocator of every program that contains this library with its feature `jemalloc`: it asks for huge pages under
/// all that it hands out.
///
/// A large run looks at records all over its memory. Where pages have 4 KiB, most of these looks wait for the page table
/// too, and so does a prefetch. Linux backs memory with huge pages only where it is told to (`madvise`, see
/// `/sys/kernel/mm/transparent_hugepage/enabled`). A program with an allocator of its own leaves the feature out.
#[cfg(all(feature = "jemalloc", target_os = "linux"))]
mod allocator {
    use tikv_jemallocator::Jemalloc;

    #[global_allocator]
    static ALLOCATOR: Jemalloc = Jemalloc;

    /// The options that jemalloc starts with, as C has a text (`jemalloc(3)`, "opt.thp").
    // SAFETY: jemalloc declares a pointer of this name, weak, for programs to define; nothing else is called so.
    #[used]
    #[unsafe(export_name = "_rjem_malloc_conf")]
    pub static OPTIONS: &[u8; 11] = b"thp:always\0";
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
