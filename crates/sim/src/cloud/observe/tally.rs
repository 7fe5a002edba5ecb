//! Tallies of calls and instances by outcome.

use serde::{Deserialize, Serialize};

use plimsoll_base::failure::Failure;
use plimsoll_base::units::{Duration, EnumMap, Time};
use plimsoll_model::operation::Operation;

/// Requests by outcome, each counted once.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Number requested.
    pub requested: u64,
    /// Number granted.
    pub succeeded: u64,
    /// Number refused, by reason.
    pub failed_by: EnumMap<Failure, u64>,
}

impl Tally {
    /// Returns the number refused, for any reason.
    pub fn failed(&self) -> u64 {
        self.failed_by.iter().map(|(_, count)| count).sum()
    }

    /// Returns the number refused by a fault of the service.
    pub fn failed_by_service(&self) -> u64 {
        let faults = self.failed_by.iter().filter(|(failure, _)| failure.is_fault_of_service());
        faults.map(|(_, count)| count).sum()
    }

    /// Returns granted ÷ asked for, 0 to 1; 1 when nothing was asked for.
    pub fn success_ratio(&self) -> f64 {
        if self.requested == 0 { 1.0 } else { self.succeeded as f64 / self.requested as f64 }
    }

    /// Returns the reasons that occurred, in the order of the register, each with its count.
    pub fn failures(&self) -> impl Iterator<Item = (Failure, u64)> {
        self.failed_by.iter().map(|(failure, count)| (failure, *count)).filter(|(_, count)| *count > 0)
    }
}

/// Events of hosts and instances that no call asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Disruptions {
    /// Hosts that failed.
    pub host_failures: u64,
    /// Instances that moved to another host without a break.
    pub migrations: u64,
    /// Instances that came up again on another host.
    pub recoveries: u64,
    /// Instances that were stopped or ended because of their host.
    pub instances_lost: u64,
    /// Instances whose capacity the spot market took back.
    pub spot_interruptions: u64,
    /// Spot instances among them whose capacity an on-demand launch needed.
    pub spot_reclaimed: u64,
}

/// First refusal for a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FirstFailure {
    /// The reason.
    pub failure: Failure,
    /// Time from the start of the scenario.
    pub at: Time,
    /// Operation refused.
    pub operation: Operation,
}

/// Time that some launches took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchLatency {
    /// Median.
    pub median: Duration,
    /// 99th percentile.
    pub p99: Duration,
}
