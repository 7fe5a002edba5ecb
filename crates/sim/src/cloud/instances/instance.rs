//! Record of an instance, a cache line.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{AccountId, HostId, InstanceId, SubnetId, Time, TypeId, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::StopsId;

/// Record of an instance. Exactly one cache line: an event touches one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub struct Instance {
    /// Number in the order of launch.
    pub id: InstanceId,
    /// Time at which the instance entered its state.
    pub since: Time,
    /// Number in the demand, which its random streams are keyed by.
    pub number: u64,
    /// Host; meaningless unless [`Instance::has_host`].
    pub host: HostId,
    /// Type.
    pub kind: TypeId,
    /// Account.
    pub account: AccountId,
    /// Subnet, as the scenario numbers them.
    pub subnet: SubnetId,
    /// Private address there.
    pub address: u32,
    /// Cycle of stopping and starting it is in.
    pub cycle: u32,
    /// Zone.
    pub zone: ZoneId,
    /// The stop/start behaviour it follows, if any.
    pub stops: Option<StopsId>,
    /// Number of timers that name it, void ones included.
    pub timers: u16,
    /// Stamp of its valid timers; those with another stamp are void.
    pub stamp: u16,
    /// State.
    pub state: State,
    /// True if the instance has capacity on `host`.
    pub has_host: bool,
    /// True if the instance holds a public address now.
    pub has_public_address: bool,
    /// True if the instance gets a public address whenever it starts.
    pub wants_public_address: bool,
    /// True if the minimum for this start was billed before the run began.
    pub past_minimum: bool,
    /// True if the instance has extras.
    pub has_extras: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the size of a record: 64 bytes are 900 MiB at 14.4 million instances, so that growth is a decision.
    #[test]
    fn an_instance_is_64_bytes() {
        assert_eq!(size_of::<Instance>(), 64);
    }
}
