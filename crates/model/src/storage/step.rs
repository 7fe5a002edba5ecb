//! What takes simulated time in the storage: a step, and when it is due. The caller keeps the time.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Duration, ImageId, SnapshotId, VolumeId};

/// A step to finish after a while: the caller calls [`Storage::finish`](super::Storage::finish) then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Due {
    /// How long it takes from now.
    pub after: Duration,
    /// What is done then.
    pub step: Step,
}

/// The end of something that takes time. Eight bytes: an event of the queue holds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Of a volume's state or attachment.
    Volume {
        /// The volume.
        volume: VolumeId,
        /// It means nothing any more when the volume has another one.
        stamp: u16,
        /// What is over.
        end: VolumeStep,
    },
    /// Of a volume's modification.
    Modification(VolumeId),
    /// A snapshot is copied.
    Snapshot(SnapshotId),
    /// An image is registered.
    Image(ImageId),
}

/// What is over for a volume.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum VolumeStep {
    /// Its creation.
    Created,
    /// Attaching it.
    Attached,
    /// Detaching it.
    Detached,
    /// Its deletion.
    Deleted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_eight_bytes() {
        assert_eq!(size_of::<Step>(), 8);
    }
}
