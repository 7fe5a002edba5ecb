//! A snapshot of a volume: its states and the table of legal transitions.
//!
//! ```text
//! create ─▶ pending ─completed─▶ completed ─delete─▶ deleted      pending ─copying failed─▶ error
//! ```
//!
//! A snapshot keeps, and is billed for, the blocks that are in none before it: the first of a volume all that
//! was written to it, each later one what has changed since the one before (EBS user guide, "How Amazon EBS
//! snapshots work"). How much that is, a [`ChangeRate`] says. What a deleted snapshot kept and the next one
//! needs counts for the next one.

use serde::{Deserialize, Serialize};

use crate::transition::Transition;
use plimsoll_base::failure::Failure;
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, Duration, NS_PER_S, SnapshotId, Time, VolumeId};

/// A snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its number.
    pub id: SnapshotId,
    /// Owner.
    pub account: AccountId,
    /// The volume it was made of, which may be gone.
    pub volume: VolumeId,
    /// Size of the volume \[GiB\].
    pub size_gib: u32,
    /// Size of the blocks that are in no snapshot before it \[MiB\].
    pub kept_mib: u64,
    /// Time it was moved to the archive tier, if it is there.
    pub archived: Option<Time>,
    /// Its state.
    pub state: SnapshotState,
    /// When its creation was accepted.
    pub started: Time,
    /// When it was complete.
    pub completed: Option<Time>,
    /// When it was gone.
    pub deleted: Option<Time>,
    /// True if it was deleted before it was complete, and goes when it is: "the snapshot must complete before the
    /// deletion takes effect" (EBS user guide, "Delete an Amazon EBS snapshot").
    pub delete_asked: bool,
    /// Number of images that use it.
    pub images: u32,
}

/// State of a snapshot (`DescribeSnapshots`, "status"; `deleted` is ours).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum SnapshotState {
    /// Being copied.
    Pending,
    /// Volumes and images can be made of it.
    Completed,
    /// Copying failed.
    Error,
    /// Deleted for good.
    Deleted,
}

names! { SnapshotState {
    Pending = "pending",
    Completed = "completed",
    Error = "error",
    Deleted = "deleted",
} }

impl SnapshotState {
    /// Returns the state after `trigger`, or the refusal.
    pub const fn on(self, trigger: SnapshotTrigger) -> Transition<SnapshotState> {
        TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of a snapshot's transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SnapshotTrigger {
    /// `DeleteSnapshot`.
    Delete,
    /// A volume or an image is made of it.
    Use,
    /// Copying is over.
    Completed,
    /// Copying did not succeed.
    Failed,
}

/// The table of legal transitions of snapshots: a row for each trigger, a column for each state.
#[rustfmt::skip]
const TRANSITIONS: [[Transition<SnapshotState>; SnapshotState::ALL.len()]; 4] = {
    use SnapshotState::{Completed, Deleted, Error};
    use Transition::{Never, Stay, To};
    const NO: Transition<SnapshotState> = Transition::Refused(Failure::IncorrectState);
    const GONE: Transition<SnapshotState> = Transition::Refused(Failure::InvalidSnapshotNotFound);
    [
        //              pending        completed    error        deleted
        /* delete    */ [Stay,          To(Deleted), To(Deleted), GONE],
        /* use       */ [NO,            Stay,        NO,          GONE],
        /* completed */ [To(Completed), Never,       Never,       Never],
        /* failed    */ [To(Error),     Never,       Never,       Never],
    ]
};

/// The least time that is billed in the archive tier (EBS user guide, "Pricing and billing for archiving Amazon
/// EBS snapshots").
pub const MINIMUM_ARCHIVE: Duration = Duration::from_seconds(90 * 86_400);

/// A share in its unit \[10⁻⁹\].
const WHOLE: u128 = 1_000_000_000;

/// Written share of volumes, and its rate of change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChangeRate {
    /// Share of a volume's size that was ever written \[10⁻⁹\].
    pub written: u32,
    /// Share of a volume's size whose blocks change in a day \[10⁻⁹\]; `None` if unknown: all of what
    /// was written then counts as changed.
    pub changed_per_day: Option<u32>,
}

impl ChangeRate {
    /// Returns what a snapshot of a volume of a size keeps, so long after the one before, if there is one \[MiB\].
    pub fn kept_mib(&self, size_gib: u32, since_last: Option<Duration>) -> u64 {
        let size_mib = u128::from(size_gib) * 1024;
        let written = u128::from(self.written);
        let changed = since_last.zip(self.changed_per_day).map_or(written, |(time, rate)| {
            (u128::from(rate) * u128::from(time.0)).div_ceil(u128::from(DAY.0))
        });
        let kept = (size_mib * changed.min(written)).div_ceil(WHOLE);
        u64::try_from(kept).expect("no more than the size")
    }
}

const DAY: Duration = Duration::from_seconds(86_400);

/// Returns how long copying takes, at a rate \[MiB/s\]; without one, no time.
pub fn copy_time(size_gib: u32, mibps: Option<u32>) -> Duration {
    let Some(mibps) = mibps else { return Duration::ZERO };
    let ns = u128::from(size_gib) * 1024 * u128::from(NS_PER_S) / u128::from(mibps);
    Duration(u64::try_from(ns).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition;

    #[test]
    fn every_snapshot_state_and_trigger() {
        use SnapshotTrigger::*;
        let triggers = [(Delete, "delete"), (Use, "use"), (Completed, "completed"), (Failed, "failed")];
        let expected = "\
delete: pending
delete: completed -> deleted
delete: error -> deleted
delete: deleted ! InvalidSnapshot.NotFound
use: pending ! IncorrectState
use: completed
use: error ! IncorrectState
use: deleted ! InvalidSnapshot.NotFound
completed: pending -> completed
failed: pending -> error";
        let states = SnapshotState::ALL.map(|state| (state, state.name()));
        assert_eq!(transition::print(&states, &triggers, SnapshotState::on, SnapshotState::name), expected);
    }

    #[test]
    fn a_snapshot_keeps_what_was_written_and_then_what_changed() {
        let rate = ChangeRate { written: 500_000_000, changed_per_day: Some(20_000_000) };
        let after = |hours: u64| Some(Duration::from_seconds(hours * 3600));
        // 100 GiB, half of them written; 2 % a day are 2,048 MiB, a twelfth of that 171.
        let kept =
            [None, after(24), after(2), after(0), after(24 * 365)].map(|time| rate.kept_mib(100, time));
        assert_eq!(kept, [51_200, 2_048, 171, 0, 51_200]);
        let unknown = ChangeRate { written: 1_000_000_000, changed_per_day: None };
        assert_eq!([None, after(1)].map(|time| unknown.kept_mib(100, time)), [102_400; 2]);
        let most = ChangeRate { changed_per_day: Some(1_000_000_000), ..unknown };
        assert_eq!(most.kept_mib(u32::MAX, Some(Duration(u64::MAX))), u64::from(u32::MAX) * 1024);
    }

    #[test]
    fn copying_takes_size_by_rate() {
        assert_eq!(copy_time(100, Some(100)), Duration::from_seconds(1024));
        assert_eq!(copy_time(1, Some(3)), Duration(341_333_333_333));
        assert_eq!(copy_time(16_384, None), Duration::ZERO);
        assert_eq!(copy_time(u32::MAX, Some(1)), Duration::from_seconds(u64::from(u32::MAX) * 1024));
    }
}
