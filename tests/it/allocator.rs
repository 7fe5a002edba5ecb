//! The allocator, in a program that is linked like the command.
#![cfg(all(feature = "mimalloc", target_os = "linux"))]

#[test]
fn it_asks_for_huge_pages() {
    assert!(plimsoll::allocator::asks_for_huge_pages());
}
