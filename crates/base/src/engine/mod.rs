//! The engine: clock, event queue, random streams, digest, and checkpoints. It is independent of clouds.

pub mod checkpoint;
pub mod digest;
pub mod memory;
pub mod queue;
pub mod random;
