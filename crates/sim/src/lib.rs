//! The simulator: the parts of a modelled cloud, the cloud that joins them, and what a finished run says in figures.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

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
