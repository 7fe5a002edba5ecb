//! Auto Scaling groups: kept at a number of instances, which their policies change once a minute.
//!
//! - `state` owns the groups, `members` are the instances of one, `service` is what it serves, `warm` its prepared instances.
//! - `flow` keeps them at their number; `orders` decides what is ordered and what ends, `warm_flow` tends the warm pools.
//!
//! The rules of the number itself are `model::autoscaling`.

pub mod flow;
pub mod members;
pub mod orders;
pub mod service;
pub mod state;
pub mod warm;
pub mod warm_flow;
