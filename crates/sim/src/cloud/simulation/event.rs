//! Events of the cloud: one closed enum over the events of all parts.

use serde::{Deserialize, Serialize};

use crate::cloud::instances::reference::Slot;
use plimsoll_base::units::{CapacityReservationId, ImageId, SnapshotId, VolumeId};
use plimsoll_model::control_plane::plane::PlaneTimer;
use plimsoll_model::storage::{StorageStep, VolumeStep};

/// Event in the queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Timer of an instance.
    Instance(Timer, Stamp, Slot),
    /// A step of a volume is over. The storage's steps are variants of their own: nested, they would take
    /// four bytes more.
    Volume(VolumeStep, Stamp, VolumeId),
    /// A step of a volume's modification is over.
    Modification(VolumeId),
    /// A snapshot is copied.
    Snapshot(SnapshotId),
    /// An image is registered.
    Image(ImageId),
    /// A host fails, is maintained, or comes back.
    Fault,
    /// A capacity reservation of the scenario, by its number there, begins (`true`) or is over.
    Term(u32, bool),
    /// The end date of a capacity reservation has come.
    Expiry(CapacityReservationId),
    /// A minute of an Auto Scaling group, by its number, is over.
    GroupMinute(u32),
    /// A job of a source, by its number over all layers, comes.
    Job(u32),
    /// A timer of an open launch, and its number.
    OpenLaunch(LaunchTimer, u32),
    /// A timer of the control plane, and the number of its subject.
    Control(PlaneTimer, u32),
    /// A waiter of a client, by its number, polls again.
    Waiter(u32),
    /// Open requests for spot instances are tried again.
    SpotRequests,
}

/// Stamp of a timer of an instance. Timers of earlier phases carry an older stamp and are void.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Stamp(pub u16);

/// Meaning of an instance's timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Timer {
    /// The lifetime is over. Valid whatever the stamp.
    #[default]
    LifetimeOver,
    /// The instance has booted.
    Booted,
    /// The instance has stopped.
    Stopped,
    /// The instance has shut down.
    Terminated,
    /// The stop/start behaviour stops the instance.
    StopDue,
    /// The stop/start behaviour starts the instance.
    StartDue,
    /// The spot price is checked again.
    SpotWatch,
    /// The spot market takes its capacity back.
    Interrupted,
    /// The spot market recommends to replace it.
    RebalanceRecommended,
}

/// Meaning of the timer of an open launch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum LaunchTimer {
    /// Time for the next attempt.
    Retry,
    /// End of the longest wait.
    LongestWait,
    /// End of the notice to instances of lower priority.
    PreemptionDue,
}

impl Default for Event {
    fn default() -> Event {
        Event::Instance(Timer::default(), Stamp::default(), Slot::default())
    }
}

impl From<StorageStep> for Event {
    fn from(step: StorageStep) -> Event {
        match step {
            StorageStep::Volume { volume, stamp, end } => Event::Volume(end, Stamp(stamp), volume),
            StorageStep::Modification(volume) => Event::Modification(volume),
            StorageStep::Snapshot(snapshot) => Event::Snapshot(snapshot),
            StorageStep::Image(image) => Event::Image(image),
        }
    }
}

/// Order of events at one time: departures, host faults, timers, calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Rank {
    /// The end of a lifetime.
    Departure = 0,
    /// A host fails, is worked on, or comes back.
    HostFault = 1,
    /// Any other timer. Calls come after it; they are not queued.
    Timer = 2,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the size of an event: eight bytes make an entry of the event queue 24; four more make it 32.
    #[test]
    fn an_event_is_eight_bytes() {
        assert_eq!(size_of::<Event>(), 8);
    }
}
