//! First shortage of a run: what ran out first, where, with what was asked and what was left.

use serde::{Deserialize, Serialize};

use crate::cloud::api::refused::Refused;
use plimsoll_base::failure::{Failure, LimitHit};
use plimsoll_base::units::{Time, TypeId, ZoneId};
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::shortage::Shortage;

/// First refusal for want of something that is counted: room, addresses, a quota.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FirstShortage {
    /// The reason.
    pub failure: Failure,
    /// Time from the start of the scenario.
    pub at: Time,
    /// Operation refused.
    pub operation: Operation,
    /// Type of the instance, if one was named.
    pub kind: Option<TypeId>,
    /// Zone in which it was wanting; `None` where several were tried, or none.
    pub zone: Option<ZoneId>,
    /// Number of zones that were tried; 0 for requests about no zone.
    pub zones: u16,
    /// Limit that decided.
    pub limit: Option<LimitHit>,
    /// Room that the hosts had; `None` where something else was wanting.
    pub room: Option<Shortage>,
    /// Instances that were asked for all or none, in one zone; 1 for other requests.
    pub together: u32,
    /// Number of them that the zone with most room could take.
    pub placed: u32,
}

impl FirstShortage {
    /// Returns the shortage that a refusal tells of, without the room on the hosts.
    pub fn of(at: Time, operation: Operation, refused: &Refused) -> FirstShortage {
        let Refused { reason, kind, zone, launch: _, placed } = *refused;
        let zones = u16::from(zone.is_some());
        FirstShortage {
            failure: reason.failure,
            at,
            operation,
            kind,
            zone,
            zones,
            limit: reason.limit,
            room: None,
            together: 1,
            placed,
        }
    }
}
