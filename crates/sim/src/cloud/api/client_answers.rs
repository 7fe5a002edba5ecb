//! Answers to the calls of clients from outside the scenario, and the calls that wait for theirs.

use std::collections::BTreeMap;

use crate::cloud::api::open_requests::{SpotRequestNumber, SpotRequests};
use crate::cloud::api::released_hosts::ReleasedHosts;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{
    CapacityReservationId, ElasticAddressId, HostId, ImageId, InstanceId, InterfaceId, SnapshotId, Time,
    VolumeId,
};
use plimsoll_model::control_plane::plane::requests::RequestId;
use plimsoll_model::lifecycle::State;

/// Number of a client's call, in the order in which they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallNumber(pub u64);

/// Answer to a call of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Number of the call.
    pub call: CallNumber,
    /// Time at which the call took effect, or was refused.
    pub at: Time,
    /// Outcome. A launch of fewer instances than it asked for at most has succeeded.
    pub outcome: Result<Effects, FailureReason>,
}

/// Effects of a call that succeeded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// Instances that a launch brought, or that the call is about, in the order of the call.
    pub instances: Vec<InstanceChange>,
    /// Resources other than instances that the call made: several dedicated hosts, or one of anything else.
    pub created: Vec<CreatedResource>,
    /// Request for a spot instance that stays open.
    pub spot_request: Option<SpotRequestNumber>,
}

/// Instance that a call is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstanceChange {
    /// Id of the instance.
    pub id: InstanceId,
    /// State before the call; that of a new instance is `pending`.
    pub before: State,
    /// State after it.
    pub after: State,
}

/// Resource that a call made. Security groups and placement groups have names alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CreatedResource {
    /// Volume.
    Volume(VolumeId),
    /// Snapshot.
    Snapshot(SnapshotId),
    /// Image.
    Image(ImageId),
    /// Elastic address.
    Address(ElasticAddressId),
    /// Network interface.
    Interface(InterfaceId),
    /// Dedicated host.
    Host(HostId),
    /// Capacity reservation.
    Reservation(CapacityReservationId),
}

/// Calls of clients that wait for their answers, and answers that wait to be taken.
#[derive(Debug, Default)]
pub struct ClientCalls {
    /// Calls so far.
    pub calls: u64,
    /// Calls in the control plane, by request.
    in_plane: BTreeMap<RequestId, CallNumber>,
    /// Answers, in the order in which they were given.
    pub answers: Vec<Answer>,
    /// Dedicated hosts that were released.
    pub released_hosts: ReleasedHosts,
    /// Requests for spot instances that were not fulfilled at once.
    pub spot_requests: SpotRequests,
}

impl ClientCalls {
    /// Returns the number of the next call.
    pub fn next(&mut self) -> CallNumber {
        self.calls += 1;
        CallNumber(self.calls - 1)
    }

    /// Notes a call that has gone to the control plane.
    pub fn note(&mut self, request: RequestId, call: CallNumber) {
        self.in_plane.insert(request, call);
    }

    /// Returns whether a request is a call that was noted.
    pub fn is_noted(&self, request: RequestId) -> bool {
        self.in_plane.contains_key(&request)
    }

    /// Forgets a request that is settled; returns the call it was, if it was noted.
    pub fn settle(&mut self, request: RequestId) -> Option<CallNumber> {
        self.in_plane.remove(&request)
    }

    /// Returns whether a call waits in the control plane.
    pub fn is_waiting(&self) -> bool {
        !self.in_plane.is_empty()
    }
}
