//! Numbers of jobs, which go from station to station.

use serde::{Deserialize, Serialize};

use super::slab::number;

/// A job: one attempt of a call inside the control plane. The number is used again once the job is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct JobId(pub u32);

number!(JobId);
