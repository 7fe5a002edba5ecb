//! The parts of a modelled cloud, each independent of the run: hosts and placement, network, storage, quotas, faults,
//! demand, control plane, money.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod transition;

pub mod draw;

pub mod backoff;

pub mod billing;

pub mod expression;

pub mod fleet;

pub mod waiting;

pub mod placement;

pub mod headroom;

pub mod network;

pub mod storage;

pub mod quota;

pub mod operation;

pub mod lifecycle;

pub mod faults;

pub mod workload;

pub mod pools;

pub mod autoscaling;

pub mod inventory;

pub mod queueing;

pub mod clients;

pub mod control_plane;
