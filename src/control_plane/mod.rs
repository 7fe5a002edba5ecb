//! The mechanisms of a control plane in simulated time: what an API call waits for, and what refuses it.
//!
//! Each is by itself: it knows neither calls nor a clock. The caller says when something happens, draws the
//! times that things take, and schedules what comes of it.

pub mod breaker;
pub mod cache;
pub mod image_cache;
pub mod job;
pub mod link;
pub mod message_queue;
pub mod pool;
pub mod presence;
pub mod replicas;
pub mod retry;
pub mod station;
pub mod throttle;
pub mod token_bucket;

#[cfg(test)]
mod testing;
