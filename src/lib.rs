//! plimsoll: a deterministic discrete-event capacity simulator for an EC2-like cloud.
//!
//! This file is the map. **The order of the modules is the rule of direction**: a module uses only
//! modules declared above it (`tests/it/architecture.rs` holds it to that).
#![warn(missing_docs)]

pub mod units;

pub mod input;

pub mod failure;

pub mod engine;

pub mod metrics;

pub mod catalogue;

pub mod fleet;

pub mod placement;

pub mod network;

pub mod lifecycle;

pub mod billing;

pub mod workload;

pub mod scenario;

pub mod cloud;

pub mod report;

pub mod cli;
