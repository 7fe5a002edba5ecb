//! Hosts, racks and zones: what the cloud runs on.

pub mod config;
pub mod host_file;
