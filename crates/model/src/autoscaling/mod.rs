//! Auto Scaling groups: their settings, the load that they serve, and the rules by which they change their size.
//!
//! Everything here is arithmetic; `cloud::autoscaling` applies it to instances.

pub mod alarm;
pub mod config;
pub mod load;
pub mod scaler;
