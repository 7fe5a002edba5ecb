//! Simulation: the event loop, and the beginning, checking and saving of a run.

pub mod assembly;
pub mod checkpoint;
pub mod conservation;
pub mod event;
pub mod event_trace;
pub mod events;
pub mod known_ids;
pub mod milestones;
pub mod prefetch;
pub mod provisioning;
pub mod runner;
pub mod steady_state;
pub mod timers;
