//! Auto Scaling groups: their settings, the load that they serve, and the rules by which they change their size.
//!
//! - `config` is `[[autoscaling_groups]]`, with the names resolved; `sizes`, `group_type`, `policy`, `load`, `maintenance`, `mix` and
//!   `warm_pool` are its parts.
//! - `scaler` decides once a minute on the size, by `alarm`s and a forecast.
//!
//! Everything here is arithmetic; `cloud::autoscaling` applies it to instances.

pub mod alarm;
pub mod config;
pub mod group_type;
pub mod load;
pub mod maintenance;
pub mod mix;
pub mod policy;
pub mod scaler;
pub mod sizes;
pub mod warm_pool;

/// Thousandths in one.
pub const PER_ONE: u64 = 1000;
