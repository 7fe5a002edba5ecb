//! Base of every other crate of plimsoll: units, errors, files, tables, and the engine of a discrete-event simulation.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

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
