//! The engine: clock, event queue, random streams, digest. It knows nothing of clouds.

pub mod random;
