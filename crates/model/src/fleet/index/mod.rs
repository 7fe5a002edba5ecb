//! Indexes over hosts: each answers one question of the placement strategies without visiting every host;
//! the reference implementation of them all is `placement::scan`.
//!
//! - `by_id`: the first host from an id on that fits (first-fit, next-fit, anything that walks).
//! - `by_class`: the host with the least cost, where the cost depends on the free amounts (best-fit and
//!   similar ones). Hosts with the same capacity and the same free amounts form a class, and classes are few.
//!   Where the cost depends on the request too, and requests or new classes are too many for an order each,
//!   `kd_tree` bounds what classes with similar free amounts can cost (`bound`).
//! - `by_count`: the host with the fewest or the most instances, which classes by free amounts do not know.
//! - `by_use`: the host used last.
//!
//! Each takes a [`HostFilter`], for requests that may not go to every host: it is asked host by host, in the
//! order of the search, so that a rule that excludes few hosts costs little. Hardware that does not run a type
//! excludes many, but whole classes.

use plimsoll_base::units::HostId;

pub mod bound;
pub mod by_class;
pub mod by_count;
pub mod by_id;
pub mod by_use;
pub mod class_table;
pub mod cost;
mod kd_tree;
pub mod lazy_heap;
mod mask_levels;
pub mod ranking;
pub mod shapes;
pub mod tree;

/// Hosts that a search may find; `None` lets all through.
pub type HostFilter<'a> = Option<Allowed<'a>>;

/// Rule for the hosts that a search may find.
#[derive(Clone, Copy)]
pub struct Allowed<'a> {
    /// Hosts of this hardware, a bit for each number, are not among them.
    pub barred: u64,
    /// The rule, which knows the hardware too.
    pub rule: &'a dyn Fn(HostId) -> bool,
}

impl Allowed<'_> {
    /// Returns true if a host may be found.
    #[inline]
    pub fn allows(&self, id: HostId) -> bool {
        (self.rule)(id)
    }
}
