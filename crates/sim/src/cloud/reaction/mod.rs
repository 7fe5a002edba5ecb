//! Reactions: what follows from the answers of the cloud. A launch that finds no room waits in line, preempts others, or is
//! tried again, as another type or in another zone, until it has succeeded or is refused for good.
//!
//! - `state` owns the open launches and the line; `open_launch` is one of them, `tally` their counts.
//! - `policies` are what senders do about room that is short.
//! - `attempts` makes a request for an open launch, and decides what follows from its answer.
//! - `line` serves those that wait; `backfill` and `preemption` are its rules. `reclaim` takes the room of spot instances, and `room`
//!   is what all three reckon with.
//! - `work` is called after every event and call.

pub mod attempts;
pub mod backfill;
pub mod line;
pub mod open_launch;
pub mod policies;
pub mod preemption;
pub mod reclaim;
pub mod room;
pub mod state;
pub mod tally;
pub mod work;
