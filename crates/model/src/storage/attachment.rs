//! A volume on an instance: the states of an attachment and the table of legal transitions.
//!
//! ```text
//! attach ─▶ attaching ─attached─▶ attached ─detach─▶ detaching ─detached─▶ detached
//! attaching, attached ─instance ended─▶ detaching, or detached where the volume is deleted with it
//! ```
//!
//! States are those of the EBS user guide, "Attach an Amazon EBS volume to an Amazon EC2 instance".

use serde::{Deserialize, Serialize};

use super::device::DeviceName;
use crate::transition::Transition;
use plimsoll_base::failure::Failure;
use plimsoll_base::names;
use plimsoll_base::units::{InstanceId, Time};

/// A volume on an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VolumeAttachment {
    /// The instance.
    pub instance: InstanceId,
    /// Device name on the instance.
    pub device: DeviceName,
    /// Its state.
    pub state: AttachmentState,
    /// When attaching was accepted.
    pub since: Time,
    /// Deletes it when the instance ends.
    pub delete_on_termination: bool,
    /// Marks the root device.
    pub root: bool,
    /// Counter of its volume at its last move: a timer with another stamp is void.
    pub(super) stamp: u16,
}

/// State of an attachment (`DescribeVolumes`, "attachment.status").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum AttachmentState {
    /// Being attached.
    Attaching,
    /// The instance can use it.
    Attached,
    /// Being detached.
    Detaching,
    /// Ended.
    Detached,
}

names! { AttachmentState {
    Attaching = "attaching",
    Attached = "attached",
    Detaching = "detaching",
    Detached = "detached",
} }

impl AttachmentState {
    /// Returns the state after `trigger`, or the refusal.
    pub const fn on(self, trigger: AttachmentTrigger) -> Transition<AttachmentState> {
        ATTACHMENT_TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of an attachment's transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttachmentTrigger {
    /// `DetachVolume`.
    Detach,
    /// Attaching is over.
    Attached,
    /// Detaching is over.
    Detached,
    /// The instance ended, and the volume stays.
    InstanceEnded,
    /// The instance ended, and the volume with it.
    DeletedWithInstance,
}

/// The table of legal transitions of attachments: a row for each trigger, a column for each state. A volume
/// that is being detached when its instance ends stays, even with deletion on termination.
#[rustfmt::skip]
const ATTACHMENT_TRANSITIONS: [[Transition<AttachmentState>; AttachmentState::ALL.len()]; 5] = {
    use AttachmentState::{Attached, Detached, Detaching};
    use Transition::{Never, Stay, To};
    const NO: Transition<AttachmentState> = Transition::Refused(Failure::IncorrectState);
    const GONE: Transition<AttachmentState> = Transition::Refused(Failure::InvalidAttachmentNotFound);
    [
        //                            attaching      attached       detaching     detached
        /* detach                */ [NO,            To(Detaching), NO,           GONE],
        /* attached              */ [To(Attached),  Never,         Never,        Never],
        /* detached              */ [Never,         Never,         To(Detached), Never],
        /* instance ended        */ [To(Detaching), To(Detaching), Stay,         Never],
        /* deleted with instance */ [To(Detached),  To(Detached),  Stay,         Never],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition;

    #[test]
    fn every_attachment_state_and_trigger() {
        use AttachmentTrigger::*;
        let triggers = [
            (Detach, "detach"),
            (Attached, "attached"),
            (Detached, "detached"),
            (InstanceEnded, "instance ended"),
            (DeletedWithInstance, "deleted with its instance"),
        ];
        let expected = "\
detach: attaching ! IncorrectState
detach: attached -> detaching
detach: detaching ! IncorrectState
detach: detached ! InvalidAttachment.NotFound
attached: attaching -> attached
detached: detaching -> detached
instance ended: attaching -> detaching
instance ended: attached -> detaching
instance ended: detaching
deleted with its instance: attaching -> detached
deleted with its instance: attached -> detached
deleted with its instance: detaching";
        let states = AttachmentState::ALL.map(|state| (state, state.name()));
        assert_eq!(
            transition::print(&states, &triggers, AttachmentState::on, AttachmentState::name),
            expected
        );
    }
}
