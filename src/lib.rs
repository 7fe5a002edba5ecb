//! plimsoll: a deterministic discrete-event capacity simulator for an EC2-like cloud.
//!
//! This file is the map. **The order of the modules is the rule of direction**: a module uses only
//! modules declared above it (`tests/it/architecture.rs` holds it to that).
#![warn(missing_docs)]
// `for` over a map or set takes the hash order too, which the bans of clippy.toml do not see.
#![warn(clippy::iter_over_hash_type)]

pub mod units;

pub mod quote;

pub mod input;

pub mod disk;

pub mod failure;

pub mod engine;

pub mod metrics;

pub mod columnar;

pub mod table;

pub mod catalogue;

pub mod billing;

pub mod fleet;

pub mod placement;

pub mod headroom;

pub mod network;

pub mod storage;

pub mod quota;

pub mod operation;

pub mod lifecycle;

pub mod faults;

pub mod workload;

pub mod queueing;

pub mod control_plane;

pub mod scenario;

pub mod cloud;

pub mod summary;

pub mod experiment;

pub mod report;

pub mod selftest;

pub mod cli;
