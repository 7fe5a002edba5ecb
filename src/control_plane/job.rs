//! What goes from station to station.

use serde::{Deserialize, Serialize};

use super::slab::Number;

/// A job: one attempt of a call inside the control plane. The number is used again once the job is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct JobId(pub u32);

impl JobId {
    /// The number as an index into an array.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Number for JobId {
    #[inline]
    fn new(number: u32) -> JobId {
        JobId(number)
    }

    #[inline]
    fn get(self) -> u32 {
        self.0
    }
}
