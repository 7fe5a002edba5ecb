//! Libraries that read files, and assert where a damaged file contradicts itself.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static LIBRARY_IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// Returns true while a panic of this thread is a library's, over a damaged file: it is caught and becomes a problem.
pub fn panic_is_caught() -> bool {
    LIBRARY_IS_READING.get()
}

/// Reads by a library; `None` where it panics. What it was reading must not be used again then.
pub(super) fn caught<T>(read: impl FnOnce() -> T) -> Option<T> {
    LIBRARY_IS_READING.set(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    LIBRARY_IS_READING.set(false);
    result.ok()
}
