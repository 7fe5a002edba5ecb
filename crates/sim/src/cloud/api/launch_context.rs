//! A launch in progress, and the resources allocated for each of its instances.

use crate::cloud::allocation::allocator::{HostAllocation, PendingAllocation, ReservationCriteria};
use plimsoll_base::units::{AccountId, CapacityReservationId, HostId, InstanceId, SubnetId, Time, ZoneId};
use plimsoll_model::fleet::topology::Affinity;
use plimsoll_model::placement::exits::ExitHour;
use plimsoll_model::placement::request::Request;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::placement::strategy::Undo;
use plimsoll_model::workload::call::Launch;

/// Launch in progress: its time, account and request.
#[derive(Clone, Copy)]
pub struct LaunchContext<'a> {
    pub now: Time,
    pub account: AccountId,
    /// Request for each of its instances, in the zone that is tried now.
    pub request: Request,
    pub preference: Preference,
    pub launch: &'a Launch,
    /// End of its instance, where that is not the launch's: of one that is there when the run begins.
    pub known_end: Option<Time>,
    /// True of a resident of the trace: what it was bought for is no question any more.
    pub is_bought: bool,
}

impl LaunchContext<'_> {
    /// Returns the reservations that its instances may use.
    #[inline]
    pub fn criteria(&self) -> ReservationCriteria {
        ReservationCriteria { kind: self.launch.kind, preference: self.preference }
    }
}

/// Resources allocated for an instance that is not registered yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allocation {
    /// Id that the instance will have.
    pub id: InstanceId,
    pub host: HostId,
    /// Parts of the host, where it is divided.
    pub affinity: Affinity,
    pub reservation: Option<CapacityReservationId>,
    pub zone: ZoneId,
    pub subnet: SubnetId,
    pub address: u32,
    pub has_public_address: bool,
    /// Hour in which the instance is predicted to end.
    pub exit: ExitHour,
    /// State of the strategy before the allocation.
    pub undo: Undo,
}

impl Allocation {
    /// Returns the capacity on the host, to be undone.
    pub fn on_host(&self) -> PendingAllocation {
        let Allocation { host, affinity, reservation, undo, .. } = *self;
        PendingAllocation { allocation: HostAllocation { host, affinity, reservation }, undo }
    }
}
