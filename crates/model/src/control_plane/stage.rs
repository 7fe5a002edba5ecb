//! Names of the stages of the control plane in results and outages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Name of a stage that a call passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum StageName {
    /// Receives calls.
    Gateway,
    /// Stage that checks calls that write.
    Validation,
    /// Cache of answers of the database.
    Cache,
    /// Connections to the primary.
    PrimaryPool,
    /// Primary of the database.
    Primary,
    /// Connections to a read replica, numbered from 1.
    ReplicaPool(u8),
    /// Read replica, numbered from 1.
    Replica(u8),
    /// Messages that wait for a worker.
    Queue,
    /// Own work of the workers.
    Workers,
    /// Work of the hypervisor on an instance.
    Hypervisor,
    /// Work of the storage on volumes, snapshots and images.
    Storage,
    /// Downloads of images.
    Images,
}

impl fmt::Display for StageName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        use StageName::*;
        match self {
            Gateway => out.write_str("gateway"),
            Validation => out.write_str("validation"),
            Cache => out.write_str("cache"),
            PrimaryPool => out.write_str("primary-pool"),
            Primary => out.write_str("primary"),
            ReplicaPool(number) => write!(out, "replica-{number}-pool"),
            Replica(number) => write!(out, "replica-{number}"),
            Queue => out.write_str("queue"),
            Workers => out.write_str("workers"),
            Hypervisor => out.write_str("hypervisor"),
            Storage => out.write_str("storage"),
            Images => out.write_str("images"),
        }
    }
}
