//! Dates of a host group: when its hosts arrive, and when they leave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::units::Duration;

/// Treatment of the instances of a host under maintenance, or of one that leaves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drain {
    /// Migrates them to other hosts, where they go on running.
    #[default]
    Migrate,
    /// Stops them (EC2 user guide, "Scheduled events", `instance-stop`).
    Stop,
    /// Terminates them (EC2 user guide, "Scheduled events", `instance-retirement` of instances without an
    /// EBS root volume).
    Terminate,
}

impl Drain {
    pub(super) fn is_migrate(&self) -> bool {
        *self == Drain::Migrate
    }
}

/// Time that the hosts of a group are there; by default always.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServiceWindow {
    /// Time at which they arrive, from the start of the run; zero: they are there.
    pub from: Duration,
    /// Time at which they leave for good, if they do.
    pub until: Option<Duration>,
    /// Time before that from which on they take no more instances.
    pub notice: Duration,
    /// Treatment of the instances still there when they leave.
    pub drain: Drain,
}

impl ServiceWindow {
    /// Returns true of hosts that arrive later or leave.
    pub fn is_limited(&self) -> bool {
        self.from > Duration::ZERO || self.until.is_some()
    }
}
