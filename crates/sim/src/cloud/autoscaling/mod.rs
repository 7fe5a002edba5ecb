//! Auto Scaling groups: kept at a number of instances, which their policies change once a minute.
//!
//! `state` owns the groups; `flow` keeps them at their number and measures what they serve. The rules of the number itself are
//! `model::autoscaling`.

pub mod flow;
pub mod state;
