//! Placement: which host takes an instance. A strategy states its rule once; the `index` answers it without
//! a look at every host, the `scan` by looking at each, and both take the same host, always. `constraints`
//! says once which hosts may take a request at all, from `groups`, `tenancies` and `reservations`; the
//! `placer` puts all of it together.
//!
//! To add a strategy: its own file under `strategies/`, and its lines in the register there.

pub mod config;
pub mod constraints;
mod dedicated_hosts;
pub mod diagnosis;
pub mod entry;
mod explain;
pub mod groups;
mod index;
pub mod placer;
pub mod provisions;
mod racks;
pub mod register;
pub mod request;
pub mod reservations;
mod restore;
pub mod scan;
mod strategies;
pub mod strategy;
pub mod tenancies;
mod vacancies;

#[cfg(test)]
mod tests;
