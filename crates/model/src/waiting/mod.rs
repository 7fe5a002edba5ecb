//! Waiting for room: the policy of a full cloud, and the line of the launches that wait.

pub mod config;
pub mod line;
