//! The control plane in simulated time: the stages at which an API call waits or is refused before it takes effect.
//!
//! The mechanisms are independent of each other, and know neither calls nor a clock. The caller passes the time of
//! each event, draws service times, and schedules the consequences. [`plane`] is that caller: it takes calls through
//! the mechanisms, as [`config`] describes.

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
mod slab;
pub mod stage;
pub mod station;
pub mod throttle;
pub mod token_bucket;

#[cfg(test)]
mod testing;
