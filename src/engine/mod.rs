//! The engine: clock, event queue, random streams, digest. It knows nothing of clouds.

pub mod digest;
pub mod memory;
pub mod queue;
pub mod random;
