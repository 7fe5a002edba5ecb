//! Refusals as flows return them.

use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{TypeId, ZoneId};
use plimsoll_model::workload::call::Launch;

/// Refused request, as far as its flow knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    pub reason: FailureReason,
    pub kind: Option<TypeId>,
    pub zone: Option<ZoneId>,
    /// Number in the demand of the first instance that a launch asks for; `None` for other calls.
    pub launch: Option<u64>,
    /// Instances of the launch that a zone had room for before it was undone, since all or none were asked for; the most of
    /// all zones.
    pub placed: u32,
}

impl Refused {
    /// Returns a refusal that concerns no instance or zone.
    pub fn outright(reason: impl Into<FailureReason>) -> Refused {
        Refused { reason: reason.into(), kind: None, zone: None, launch: None, placed: 0 }
    }

    /// Returns the refusal of a launch, in the zone it names or the last one tried.
    pub fn launch(launch: &Launch, reason: FailureReason, zone: Option<ZoneId>) -> Refused {
        Refused { reason, kind: Some(launch.kind), zone, launch: Some(launch.first_instance), placed: 0 }
    }
}
