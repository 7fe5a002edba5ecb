//! `[placement]` of a scenario, as far as it is about launches that find no room.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Treatment of a launch for which no host has room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// Refusal with `InsufficientInstanceCapacity`.
    #[default]
    Refuse,
    /// Wait, in strict order: no launch passes one that waits before it for a zone that it could use too.
    Wait,
    /// Wait; a later launch may pass where the known lifetimes tell that it does not delay the first of the line (EASY).
    WaitBackfill,
}

impl WhenFull {
    /// Returns whether it is the default.
    pub fn is_refuse(&self) -> bool {
        *self == WhenFull::Refuse
    }
}

/// Fate of an instance whose room a launch of higher priority takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preempted {
    /// Another wait of its launch, before all others of its priority, for the rest of its lifetime.
    #[default]
    Requeue,
    /// Termination.
    Terminate,
}

impl Preempted {
    /// Returns whether it is the default.
    pub fn is_requeue(&self) -> bool {
        *self == Preempted::Requeue
    }
}
