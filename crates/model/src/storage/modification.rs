//! The modification of a volume: its new properties, the states, and the table of legal transitions.
//!
//! ```text
//! modify ─▶ modifying ─modified─▶ optimizing ─optimized─▶ completed ─modify─▶ modifying
//! ```
//!
//! States are those of the EBS user guide, "Monitor the progress of Amazon EBS volume modifications". They
//! are apart from the state of the volume, which stays available or in use.

use serde::{Deserialize, Serialize};

use super::provisioned::Provisioned;
use crate::transition::Transition;
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::names;
use plimsoll_base::units::{Duration, Time};

/// The most modifications of a volume that may begin within [`MODIFICATION_WINDOW`]: "up to four times within a
/// rolling 24-hour period" (`ModifyVolume` of the EC2 API as botocore 1.44.8 describes it).
pub const MOST_MODIFICATIONS: usize = 4;

/// The rolling period that modifications are counted in.
pub const MODIFICATION_WINDOW: Duration = Duration::from_seconds(24 * 3600);

/// IOPS of a volume that becomes gp3, io1 or io2 without asking for any (`ModifyVolume`, "Iops").
const IOPS_OF_CHANGED_TYPE: u32 = 3_000;

/// Properties that a volume is to have; `None` keeps those it has (`ModifyVolume`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ModifyVolume {
    /// Its type.
    pub kind: Option<VolumeType>,
    /// Its size, which only grows \[GiB\].
    pub size_gib: Option<u32>,
    /// Provisioned IOPS \[IOPS\].
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\].
    pub throughput_mibps: Option<u32>,
}

impl ModifyVolume {
    /// Returns what a volume becomes, or why it cannot.
    pub(super) fn of(&self, old: &Provisioned) -> Result<Provisioned, FailureReason> {
        if *self == ModifyVolume::default() {
            return Err(Failure::MissingParameter.into());
        }
        let kind = self.kind.unwrap_or(old.kind);
        let same = kind == old.kind;
        let size_gib = self.size_gib.unwrap_or(old.size_gib);
        if size_gib < old.size_gib {
            let (asked, least) = (u64::from(size_gib), u64::from(old.size_gib));
            return Err(Failure::InvalidParameterValue.because(LimitKind::VolumeSize, asked, least));
        }
        let kept_iops = if same { old.performance.iops } else { IOPS_OF_CHANGED_TYPE };
        let iops = self.iops.or(kind.provisions_iops().then_some(kept_iops));
        let kept_throughput =
            (same && kind.provisions_throughput()).then_some(old.performance.throughput_mibps);
        let throughput = self.throughput_mibps.or(kept_throughput);
        Provisioned::new(kind, Some(size_gib), iops, throughput, None)
    }
}

/// The last modification of a volume. The new values are reserved, shown and paid for from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VolumeModification {
    /// Its state.
    pub state: ModificationState,
    /// When it was accepted.
    pub started: Time,
}

/// State of a modification (`DescribeVolumesModifications`, "modification-state").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ModificationState {
    /// The change is being made.
    Modifying,
    /// The change is made, data are still being moved.
    Optimizing,
    /// Ended.
    Completed,
}

names! { ModificationState { Modifying = "modifying", Optimizing = "optimizing", Completed = "completed" } }

impl ModificationState {
    /// Returns the state after `trigger`, or the refusal.
    pub const fn on(self, trigger: ModificationTrigger) -> Transition<ModificationState> {
        MODIFICATION_TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of a modification's transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModificationTrigger {
    /// `ModifyVolume` once more.
    Modify,
    /// Modifying is over.
    Modified,
    /// Optimizing is over.
    Optimized,
}

/// The table of legal transitions of modifications: a row for each trigger, a column for each state.
#[rustfmt::skip]
const MODIFICATION_TRANSITIONS: [[Transition<ModificationState>; ModificationState::ALL.len()]; 3] = {
    use ModificationState::{Completed, Modifying, Optimizing};
    use Transition::{Never, To};
    const NO: Transition<ModificationState> = Transition::Refused(Failure::IncorrectModificationState);
    [
        //              modifying       optimizing     completed
        /* modify    */ [NO,             NO,            To(Modifying)],
        /* modified  */ [To(Optimizing), Never,         Never],
        /* optimized */ [Never,          To(Completed), Never],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition;

    #[test]
    fn every_modification_state_and_trigger() {
        use ModificationTrigger::*;
        let triggers = [(Modify, "modify"), (Modified, "modified"), (Optimized, "optimized")];
        let expected = "\
modify: modifying ! IncorrectModificationState
modify: optimizing ! IncorrectModificationState
modify: completed -> modifying
modified: modifying -> optimizing
optimized: optimizing -> completed";
        let states = ModificationState::ALL.map(|state| (state, state.name()));
        assert_eq!(
            transition::print(&states, &triggers, ModificationState::on, ModificationState::name),
            expected
        );
    }
}
