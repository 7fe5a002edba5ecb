//! Which host takes an instance.

pub mod config;
