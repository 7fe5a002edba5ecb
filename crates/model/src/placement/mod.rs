//! Placement: the choice of a host for an instance.
//!
//! A `strategy` states its rule once; the `index` answers it without visiting every host, the `scan` by visiting each, and
//! both always select the same host. A `request` states its requirements; `constraints` derives from them, with `groups`
//! and `tenancies`, the hosts that may take it. The `placer` joins all of these; `reservations` hold room by means of the
//! placer; a `diagnosis` explains one decision, a `shortage` what the hosts were short of.
//!
//! To add a strategy: its own file under `strategies/`, and its two lines in the register there.

pub mod callables;
pub mod config;
pub mod constraints;
mod dedicated_hosts;
pub mod diagnosis;
pub mod entry;
pub mod exits;
mod explain;
pub mod expression_names;
pub mod fragments;
pub mod groups;
mod index;
pub mod placer;
pub mod prediction;
pub mod provisions;
mod racks;
pub mod register;
pub mod request;
pub mod reservations;
mod restore;
pub mod scan;
pub mod shortage;
pub mod stale;
mod strategies;
pub mod strategy;
pub mod tenancies;
mod vacancies;
pub mod views;

#[cfg(test)]
mod tests;
