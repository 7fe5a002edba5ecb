//! Allocator of the command: mimalloc, set to ask for huge pages.
//!
//! A large run reads records all over its memory. Where pages have 4 KiB, most of these reads wait for the page table
//! too, and so does a prefetch. Linux backs memory with huge pages only where a program asks for them (`madvise`, see
//! `/sys/kernel/mm/transparent_hugepage/enabled`). A program with an allocator of its own leaves the feature `mimalloc` out.

use libmimalloc_sys::{mi_option_large_os_pages, mi_option_set_enabled};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs before `main`, and so before the first allocation: mimalloc keeps the memory that it maps first.
// SAFETY: the section holds functions of this signature, which the C library calls one after another.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = ask_for_huge_pages;

extern "C" fn ask_for_huge_pages() {
    // SAFETY: sets a number among mimalloc's own; it may be called at any time (mimalloc's manual, "Runtime options").
    unsafe { mi_option_set_enabled(mi_option_large_os_pages, true) }
}

/// Returns whether mimalloc asks for huge pages.
pub fn asks_for_huge_pages() -> bool {
    // SAFETY: reads a number among mimalloc's own.
    unsafe { libmimalloc_sys::mi_option_is_enabled(mi_option_large_os_pages) }
}
