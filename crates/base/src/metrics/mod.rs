//! Figures over simulated time: integrals, means and peaks, and durations.

mod durations;
pub mod forecast;
mod gauges;
mod level;
mod queue_history;
mod time_weighted;
mod usage;

pub use durations::Durations;
pub use gauges::{Gauges, PeakRatio};
pub use level::Level;
pub use queue_history::QueueHistory;
pub use time_weighted::TimeWeighted;
pub use usage::UseOverTime;
