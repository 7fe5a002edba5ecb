//! The engine: clock, event queue, random streams, digest, and how state becomes bytes. It knows nothing of clouds.

pub mod checkpoint;
pub mod digest;
pub mod memory;
pub mod queue;
pub mod random;
