//! The control plane in simulated time: what an API call waits for, and what refuses it, before it takes effect.
//!
//! The mechanisms are each by themselves: they know neither calls nor a clock. The caller says when something
//! happens, draws the times that things take, and schedules what comes of it. [`plane`] is that caller: it takes calls
//! through them, as [`config`] says.

pub mod breaker;
pub mod cache;
mod checks;
pub mod config;
pub mod count;
pub mod image_cache;
pub mod job;
pub mod link;
pub mod message_queue;
pub mod occupancy;
pub mod plane;
pub mod pool;
pub mod presets;
pub mod replicas;
pub mod retry;
mod slab;
pub mod stage;
pub mod station;
pub mod throttle;
pub mod token_bucket;

#[cfg(test)]
mod testing;
