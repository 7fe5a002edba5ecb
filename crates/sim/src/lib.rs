//! Simulator: the scenario, the cloud that joins the modelled parts, and the figures of a finished run.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod scenario;

pub mod cloud;

pub mod summary;
