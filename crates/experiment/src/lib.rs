//! Many runs, evaluated together: replications, comparisons, baselines.
//!
//! A trial is one run and its figures ([`trial`]); trials run in parallel and come back in their order
//! ([`replicate`]). A [`comparison`] compares several variants, [`verdict`] by verdict, with the
//! [`statistics`] for it; later runs are checked against a [`baseline`]; an [`objective`] is a figure that a scenario
//! requires of its own run; a [`sweep`] runs over whole ranges of settings; [`sizing`] searches for the least sufficient
//! value of a setting, a [`recommendation`] for those of several that cost least. Nothing here knows a clock, a terminal or the number of threads.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod margin;

pub mod metric;

pub mod statistics;

pub mod figures;

pub mod objective;

pub mod trial;

pub mod trace_cache;

pub mod replicate;

pub mod verdict;

pub mod design;

pub mod estimate;

pub mod comparison;

pub mod baseline;

pub mod sizing;

pub mod recommendation;

pub mod sweep;

pub mod reproduce;

pub use comparison::Comparison;
pub use design::Design;
pub use figures::Figures;
pub use recommendation::Recommendation;
pub use replicate::{NoListener, ProgressListener, run_all};
pub use sizing::Sizing;
pub use trace_cache::TraceCache;
pub use trial::{Trial, Variant};
