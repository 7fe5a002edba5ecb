//! Demand: traces, synthetic arrivals and synthetic calls, as one stream of calls in time order.
//!
//! [`demand`] is the whole of it: it opens a [`trace`], compiles [`arrivals`] and [`calls`], and merges them. [`call`]
//! defines a call, and [`directory`] the names it may use.

pub mod arrivals;
pub mod block_device;
pub mod call;
pub mod calls;
mod day_rate;
pub mod demand;
pub mod directory;
pub mod distribution;
pub mod generate;
pub mod handles;
pub mod jobs;
pub mod launch_policy;
pub mod names;
pub mod process;
pub mod profile;
pub mod residents;
pub mod resource_call;
pub mod settings;
pub mod trace;
