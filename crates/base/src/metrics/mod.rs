//! Figures over simulated time: integrals, means and peaks of what is totalled elsewhere, and durations.

mod durations;
mod gauges;
mod level;
mod trend;

pub use durations::Durations;
pub use gauges::{Gauges, PeakRatio};
pub use level::Level;
pub use trend::{Exhaustion, Trend};
