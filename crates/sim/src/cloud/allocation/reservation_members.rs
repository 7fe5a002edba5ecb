//! Instances on hosts by capacity reservation: those in one, and those outside that an open one may take over.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::cloud::instances::reference::Slot;
use plimsoll_base::units::{CapacityReservationId, InstanceId};
use plimsoll_model::placement::reservations::Attributes;

/// Instances by the reservation that they are in, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReservationMembers {
    pub inside: BTreeMap<CapacityReservationId, BTreeMap<InstanceId, Slot>>,
    /// Instances in no reservation, for only those attributes that an open reservation has had.
    pub outside: BTreeMap<Attributes, BTreeMap<InstanceId, Slot>>,
}
