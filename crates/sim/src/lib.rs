//! The simulator: the scenario, the cloud that joins the modelled parts, and what a finished run says in figures.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod scenario;

pub mod cloud;

pub mod summary;
