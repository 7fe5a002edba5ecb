//! Pools of instances that are kept ready for jobs.
//!
//! A job takes the instance that has been ready longest, or waits for the next one that comes up, first in, first out; either
//! way the pool orders another. The instance ends with its job. `state` owns pools and jobs; `flow` is what happens to them.

pub mod flow;
pub mod state;
