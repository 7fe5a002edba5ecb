//! plimsoll: a deterministic discrete-event capacity simulator for an EC2-like cloud.
//!
//! This crate joins the others: `base` (units, files, the engine), `model` (the parts of a cloud), `sim` (the cloud that joins them), `experiment` (many runs) and
//! `report` (what they leave behind), each under `crates/`. The compiler holds the direction between them, and
//! `tests/it/architecture.rs` that between the modules of each.

pub use plimsoll_base::{catalogue, columnar, disk, engine, failure, input, metrics, quote, table, units};
pub use plimsoll_experiment as experiment;
pub use plimsoll_model::{
    billing, control_plane, faults, fleet, headroom, lifecycle, network, operation, placement, queueing,
    quota, storage, workload,
};
pub use plimsoll_report as report;
pub use plimsoll_sim::{cloud, scenario, summary};

#[cfg(all(feature = "mimalloc", target_os = "linux"))]
pub mod allocator;

pub mod selftest;

#[doc(hidden)]
pub mod cli;
