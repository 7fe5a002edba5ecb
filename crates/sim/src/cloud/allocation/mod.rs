//! Allocation: capacity on hosts for instances, and the types and reservations that decide on it.

pub mod allocator;
pub mod instance_types;
pub mod membership;
pub mod requests;
pub mod reservation_members;
