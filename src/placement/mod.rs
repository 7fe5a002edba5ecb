//! Placement: which host takes an instance. A strategy states its rule once; the `placer` answers it
//! from an index, the `scan` by looking at every host, and both take the same host, always.
//!
//! To add a strategy: its own file under `strategies/`, and its lines in the register there.

pub mod config;
pub mod placer;
pub mod register;
pub mod scan;
mod strategies;
pub mod strategy;

#[cfg(test)]
mod tests;
