//! The stages of the control plane, by the names that results and outages have for them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage that a call passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum StageName {
    /// What takes calls in.
    Gateway,
    /// What checks calls that write.
    Validation,
    /// What remembers answers of the database.
    Cache,
    /// The connections to the primary.
    PrimaryPool,
    /// The primary of the database.
    Primary,
    /// The connections to a read replica, numbered from 1.
    ReplicaPool(u8),
    /// A read replica, numbered from 1.
    Replica(u8),
    /// Messages that wait for a worker.
    Queue,
    /// A worker's own work.
    Workers,
    /// What does something with an instance.
    Hypervisor,
    /// What does something with volumes, snapshots and images.
    Storage,
    /// Downloads of images.
    Images,
}

impl StageName {
    /// Every stage that has servers, and so can be in an outage, in the order of the path.
    pub fn stations(replicas: u32) -> Vec<StageName> {
        use StageName::*;
        let mut names = vec![Gateway, Validation, Cache, Primary];
        names.extend((1..=replicas).map(|number| Replica(number.min(255) as u8)));
        names.extend([Workers, Hypervisor, Storage]);
        names
    }
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
