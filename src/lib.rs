//! plimsoll: a deterministic discrete-event capacity simulator for an EC2-like cloud.
//!
//! This crate joins the others: `base` (units, files, the engine), `sim` (the modelled cloud), `experiment` (many runs) and
//! `report` (what they leave behind), each under `crates/`. The compiler holds the direction between them, and
//! `tests/it/architecture.rs` that between the modules of each.

pub use plimsoll_base::{catalogue, columnar, disk, engine, failure, input, metrics, quote, table, units};
pub use plimsoll_experiment as experiment;
pub use plimsoll_report as report;
pub use plimsoll_sim::{
    billing, cloud, control_plane, faults, fleet, headroom, lifecycle, network, operation, placement,
    queueing, quota, scenario, storage, summary, workload,
};

pub mod selftest;

#[doc(hidden)]
pub mod cli;
