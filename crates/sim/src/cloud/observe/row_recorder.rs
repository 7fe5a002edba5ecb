//! Rows of instances for the tables, and the history of each live instance that its rows need. Recorded only where the
//! observer asks for rows.
//!
//! Instances that ended before the warm-up did have no rows, and figures count from there on.

use serde::{Deserialize, Serialize};

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, InstanceId, Time};
use plimsoll_model::lifecycle::State;

/// Histories of the instances.
#[derive(Clone, Debug, Default)]
pub struct RowRecorder {
    pub window_start: Time,
    /// Histories by slot. An entry may be of an instance that has ended.
    histories: Vec<InstanceHistory>,
}

persist! { RowRecorder {
    values: [histories],
    derived: [window_start],
} }

/// History of an instance, as far as its rows need it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct InstanceHistory {
    /// Instance; `None` in a slot that has had none.
    pub instance: Option<InstanceId>,
    /// Time of the launch; `None`: before the run.
    pub launched: Option<Time>,
    pub running: Duration,
    pub stopped: Duration,
    pub starts: u32,
    pub billed_s: u64,
}

impl RowRecorder {
    /// Returns a recorder of figures that count from the end of the warm-up.
    pub fn new(window_start: Time) -> RowRecorder {
        RowRecorder { window_start, ..RowRecorder::default() }
    }

    /// Returns the history in a slot. It begins when it is asked for first, which is when its instance leaves the state
    /// it was launched in, at the latest.
    pub fn history(&mut self, slot: Slot, instance: &Instance) -> &mut InstanceHistory {
        let slot = slot.0 as usize;
        if self.histories.len() <= slot {
            self.histories.resize_with(slot + 1, InstanceHistory::default);
        }
        let history = &mut self.histories[slot];
        if history.instance != Some(instance.id) {
            // Residents are running from the start.
            let launched = (instance.state == State::Pending).then_some(instance.since);
            *history =
                InstanceHistory { instance: Some(instance.id), launched, ..InstanceHistory::default() };
        }
        history
    }

    /// Adds the time until `now` that the instance has been in its state.
    pub fn passed(&mut self, now: Time, slot: Slot, instance: &Instance) {
        let counted = Duration(now.0.saturating_sub(instance.since.max(self.window_start).0));
        let history = self.history(slot, instance);
        match instance.state {
            State::Running => history.running.0 += counted.0,
            State::Stopped => history.stopped.0 += counted.0,
            _ => {}
        }
    }
}
