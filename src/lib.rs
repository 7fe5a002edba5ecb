//! plimsoll: a deterministic discrete-event capacity simulator for an EC2-like cloud.
//!
//! ```no_run
//! use plimsoll::scenario::{Overrides, Scenario};
//!
//! let file = std::path::Path::new("workloads/scenarios/quickstart.toml");
//! let scenario = Scenario::read(file, &Overrides::default())?;
//! let outcome = plimsoll::run(&scenario)?;
//! println!("{} of {} instances launched", outcome.launch.succeeded, outcome.launch.requested);
//! # Ok::<(), plimsoll::input::InputError>(())
//! ```
//!
//! `examples/own_strategy.rs` runs a placement strategy of its own.
//!
//! This crate joins the others: `base` (units, files, the engine), `model` (the parts of a cloud), `sim` (the cloud that
//! joins them), `experiment` (many runs), `report` (their result folders) and `server` (a cloud that clients call), each under `crates/`. The compiler holds the
//! direction between them, and `tests/it/architecture.rs` that between the modules of each.

pub use plimsoll_base::{
    catalogue, columnar, disk, engine, failure, input, metrics, persist, quote, table, units,
};
pub use plimsoll_experiment as experiment;
pub use plimsoll_model::{
    autoscaling, backoff, billing, control_plane, expression, faults, fleet, headroom, inventory, lifecycle,
    network, operation, placement, pools, queueing, quota, storage, waiting, workload,
};
pub use plimsoll_report as report;
#[cfg(feature = "serve")]
pub use plimsoll_server as server;
pub use plimsoll_sim::{cloud, scenario, summary};

#[cfg(all(feature = "mimalloc", target_os = "linux"))]
pub mod allocator;

use cloud::observe::Silent;
use cloud::outcome::Outcome;
use cloud::{Cloud, RunOptions};
use input::InputError;
use scenario::Scenario;

pub mod selftest;

#[doc(hidden)]
#[allow(rustdoc::invalid_html_tags)] // its comments are help texts, no Markdown
pub mod cli;

/// Runs a scenario to its end. Its seed and its files decide the outcome.
///
/// # Errors
///
/// Everything that is wrong with the scenario or its trace, each with its place.
pub fn run(scenario: &Scenario) -> Result<Outcome, InputError> {
    Cloud::new(scenario, RunOptions::default())?.run(&mut Silent)
}
