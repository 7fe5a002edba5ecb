//! The allocator, in a program that is linked like the command.
#![cfg(all(feature = "jemalloc", target_os = "linux"))]

use std::ffi::{CStr, c_char, c_int, c_void};

unsafe extern "C" {
    /// `mallctl` (`jemalloc(3)`): reads an option into `old`, and sets nothing where `new` is null.
    fn _rjem_mallctl(
        name: *const c_char,
        old: *mut c_void,
        old_len: *mut usize,
        new: *mut c_void,
        new_len: usize,
    ) -> c_int;
}

#[test]
fn it_asks_for_huge_pages() {
    let mut option: *const c_char = std::ptr::null();
    let mut size = size_of_val(&option);
    // SAFETY: `opt.thp` is a text, given as a pointer of that size to what is never freed.
    let option = unsafe {
        let old = (&raw mut option).cast();
        assert_eq!(_rjem_mallctl(c"opt.thp".as_ptr(), old, &raw mut size, std::ptr::null_mut(), 0), 0);
        CStr::from_ptr(option)
    };
    // A kernel without huge pages has nothing to be asked for.
    assert!(option == c"always" || option == c"not supported", "{option:?}");
}
