//! A volume: its size and performance, its states, and the table of legal transitions.
//!
//! ```text
//! create ─▶ creating ─created─▶ available ─attach─▶ in-use ─detached─▶ available
//! available ─delete─▶ deleting ─deleted─▶ deleted      creating ─creation failed─▶ error ─delete─▶ deleted
//! in-use ─its instance ended─▶ available or deleting
//! ```
//!
//! States are those of the EBS user guide, "Amazon EBS volume lifecycle".

use serde::{Deserialize, Serialize};

use super::attachment::VolumeAttachment;
use super::modification::VolumeModification;
use super::provisioned::Provisioned;
use crate::transition::Transition;
use plimsoll_base::failure::Failure;
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, InstanceId, SnapshotId, Time, VolumeId, ZoneId};

/// A volume.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Volume {
    /// Its number.
    pub id: VolumeId,
    /// Owner.
    pub account: AccountId,
    /// The zone it is in.
    pub zone: ZoneId,
    /// Size and performance; after a modification, those asked for.
    pub provisioned: Provisioned,
    /// The snapshot it was made from.
    pub snapshot: Option<SnapshotId>,
    /// Its state.
    pub state: VolumeState,
    /// Attachments: to one instance, or, with Multi-Attach, to several.
    pub attachments: Vec<VolumeAttachment>,
    /// Several instances may have it at once (`CreateVolume`, "MultiAttachEnabled").
    pub multi_attach: bool,
    /// Its last modification.
    pub modification: Option<VolumeModification>,
    /// When its modifications began, the last [`MOST_MODIFICATIONS`](super::MOST_MODIFICATIONS) of them.
    pub modified: Vec<Time>,
    /// Number of snapshots of it that are being copied.
    pub pending_snapshots: u16,
    /// When its creation was accepted.
    pub created: Time,
    /// When it was gone.
    pub deleted: Option<Time>,
    /// Counts the moves of state and attachment: a timer with another stamp is void.
    pub(super) stamp: u16,
}

impl Volume {
    /// Returns true if it is the root of the instance it is attached to. EC2 detaches it only while the instance
    /// is stopped, which the caller knows.
    pub fn is_root(&self) -> bool {
        self.attachments.iter().any(|attachment| attachment.root)
    }

    /// Returns its attachment to an instance.
    pub fn attachment_to(&self, instance: InstanceId) -> Option<&VolumeAttachment> {
        self.attachments.iter().find(|attachment| attachment.instance == instance)
    }

    /// Takes another state, so that timers set before mean nothing any more.
    pub(super) fn enter(&mut self, state: VolumeState) {
        self.state = state;
        self.stamp = self.stamp.wrapping_add(1);
    }
}

/// State of a volume (`DescribeVolumes`, "status").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum VolumeState {
    /// Being created.
    Creating,
    /// Attached to nothing.
    Available,
    /// Attached to an instance, from the call on that attaches it.
    InUse,
    /// Being deleted, and no longer paid for.
    Deleting,
    /// Deleted for good.
    Deleted,
    /// Its creation failed: it takes up nothing and costs nothing.
    Error,
}

names! { VolumeState {
    Creating = "creating",
    Available = "available",
    InUse = "in-use",
    Deleting = "deleting",
    Deleted = "deleted",
    Error = "error",
} }

impl VolumeState {
    /// Returns true if it is billed: from the acceptance of its creation to that of its deletion.
    pub const fn is_billed(self) -> bool {
        matches!(self, VolumeState::Creating | VolumeState::Available | VolumeState::InUse)
    }

    /// Returns true if it takes up room in its backend.
    pub const fn takes_room(self) -> bool {
        self.is_billed() || matches!(self, VolumeState::Deleting)
    }

    /// Returns what `trigger` does to a volume in this state.
    pub const fn on(self, trigger: VolumeTrigger) -> Transition<VolumeState> {
        VOLUME_TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of a volume's transitions: a call, the end of a step that takes time, the end of its instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VolumeTrigger {
    /// `AttachVolume`.
    Attach,
    /// `AttachVolume` of a volume that several instances may have.
    AttachAnother,
    /// `DetachVolume`.
    Detach,
    /// `DeleteVolume`.
    Delete,
    /// `ModifyVolume`.
    Modify,
    /// `CreateSnapshot`.
    CreateSnapshot,
    /// Creation is over.
    Created,
    /// Creation did not succeed.
    CreationFailed,
    /// Detaching is over.
    Detached,
    /// Its instance ended, and it is to be deleted then.
    DeletedWithInstance,
    /// Deletion is over.
    Deleted,
}

/// The table of legal transitions of volumes: a row for each trigger, a column for each state.
///
/// "VolumeInUse", "IncorrectState" and "InvalidVolume.NotFound" as in the EC2 API reference, "Error codes".
/// A failed volume takes no space, so that deleting it takes no time.
#[rustfmt::skip]
const VOLUME_TRANSITIONS: [[Transition<VolumeState>; VolumeState::ALL.len()]; 11] = {
    use VolumeState::{Available, Deleted, Deleting, Error, InUse};
    use Transition::{Never, Stay, To};
    const NO: Transition<VolumeState> = Transition::Refused(Failure::IncorrectState);
    const USED: Transition<VolumeState> = Transition::Refused(Failure::VolumeInUse);
    const GONE: Transition<VolumeState> = Transition::Refused(Failure::InvalidVolumeNotFound);
    [
        //                          creating       available     in-use         deleting     deleted  error
        /* attach              */ [NO,            To(InUse),    USED,          NO,          GONE,    NO],
        /* attach another      */ [NO,            To(InUse),    Stay,          NO,          GONE,    NO],
        /* detach              */ [NO,            NO,           Stay,          NO,          GONE,    NO],
        /* delete              */ [NO,            To(Deleting), USED,          NO,          GONE,    To(Deleted)],
        /* modify              */ [NO,            Stay,         Stay,          NO,          GONE,    NO],
        /* create snapshot     */ [NO,            Stay,         Stay,          NO,          GONE,    NO],
        /* created             */ [To(Available), Never,        Never,         Never,       Never,   Never],
        /* creation failed     */ [To(Error),     Never,        Never,         Never,       Never,   Never],
        /* detached            */ [Never,         Never,        To(Available), Never,       Never,   Never],
        /* deleted with instance */ [Never,       Never,        To(Deleting),  Never,       Never,   Never],
        /* deleted             */ [Never,         Never,        Never,         To(Deleted), Never,   Never],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition;

    #[test]
    fn every_volume_state_and_trigger() {
        use VolumeTrigger::*;
        let triggers = [
            (Attach, "attach"),
            (AttachAnother, "attach another"),
            (Detach, "detach"),
            (Delete, "delete"),
            (Modify, "modify"),
            (CreateSnapshot, "create-snapshot"),
            (Created, "created"),
            (CreationFailed, "creation failed"),
            (Detached, "detached"),
            (DeletedWithInstance, "deleted with its instance"),
            (Deleted, "deleted"),
        ];
        let expected = "\
attach: creating ! IncorrectState
attach: available -> in-use
attach: in-use ! VolumeInUse
attach: deleting ! IncorrectState
attach: deleted ! InvalidVolume.NotFound
attach: error ! IncorrectState
attach another: creating ! IncorrectState
attach another: available -> in-use
attach another: in-use
attach another: deleting ! IncorrectState
attach another: deleted ! InvalidVolume.NotFound
attach another: error ! IncorrectState
detach: creating ! IncorrectState
detach: available ! IncorrectState
detach: in-use
detach: deleting ! IncorrectState
detach: deleted ! InvalidVolume.NotFound
detach: error ! IncorrectState
delete: creating ! IncorrectState
delete: available -> deleting
delete: in-use ! VolumeInUse
delete: deleting ! IncorrectState
delete: deleted ! InvalidVolume.NotFound
delete: error -> deleted
modify: creating ! IncorrectState
modify: available
modify: in-use
modify: deleting ! IncorrectState
modify: deleted ! InvalidVolume.NotFound
modify: error ! IncorrectState
create-snapshot: creating ! IncorrectState
create-snapshot: available
create-snapshot: in-use
create-snapshot: deleting ! IncorrectState
create-snapshot: deleted ! InvalidVolume.NotFound
create-snapshot: error ! IncorrectState
created: creating -> available
creation failed: creating -> error
detached: in-use -> available
deleted with its instance: in-use -> deleting
deleted: deleting -> deleted";
        let states = VolumeState::ALL.map(|state| (state, state.name()));
        assert_eq!(transition::print(&states, &triggers, VolumeState::on, VolumeState::name), expected);
    }
}
