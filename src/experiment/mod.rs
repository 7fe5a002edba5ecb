//! Many runs, and what they say together: replications, comparisons, baselines.
//!
//! A trial is one run and its figures ([`trial`]); trials run in parallel and come back in their order
//! ([`replicate`]); [`statistics`] tell how well a mean is known. Nothing here knows a clock, a terminal or the
//! number of threads.

pub mod metric;
pub mod replicate;
pub mod statistics;
pub mod trial;

pub use replicate::{Audience, Silent, run_all};
pub use trial::{Figures, Trial, Variant};
