//! Steps of the storage that take simulated time, and when they are due. The caller keeps the time.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Duration, ImageId, SnapshotId, VolumeId};

/// A step to finish after a while: the caller calls [`Storage::finish`](super::Storage::finish) then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Due {
    /// Time from now until it is done.
    pub after: Duration,
    /// Step that is done then.
    pub step: StorageStep,
}

/// The end of something that takes time. Eight bytes: an event of the queue holds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StorageStep {
    /// Of a volume's state or attachment.
    Volume {
        /// The volume.
        volume: VolumeId,
        /// Stamp of the volume when the step began; with another stamp the step is void.
        stamp: u16,
        /// Step that ends.
        end: VolumeStep,
    },
    /// Of a volume's modification.
    Modification(VolumeId),
    /// A snapshot is copied.
    Snapshot(SnapshotId),
    /// An image is registered.
    Image(ImageId),
}

/// Ends of steps of a volume.
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
        assert_eq!(size_of::<StorageStep>(), 8);
    }
}
