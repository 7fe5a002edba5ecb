//! Instances that have been asked for and have no host yet: for those who call they are there, and pending.

use super::super::Cloud;
use plimsoll_model::control_plane::plane::path::Route;
use plimsoll_model::workload::call::{Action, Call, Targets};

impl Cloud {
    /// Notes a launch whose instances have a name.
    #[inline]
    pub(super) fn note_launching(&mut self, call: &Call) {
        let Action::Launch(launch) = &call.action else { return };
        if let Some(handle) = launch.handle {
            *self.control_mut().launching.entry(handle).or_insert(0) += 1;
        }
    }

    /// Such a launch has its effect, or is refused for good.
    #[inline]
    pub(super) fn note_launched(&mut self, call: &Call) {
        let Action::Launch(launch) = &call.action else { return };
        let Some(handle) = launch.handle else { return };
        let launching = &mut self.control_mut().launching;
        let left = launching.get_mut(&handle).expect("the launch was noted when it was called for");
        *left -= 1;
        if *left == 0 {
            launching.remove(&handle);
        }
    }

    /// Returns how many names of a call stand for no instance yet, but for some that are being launched.
    pub(in crate::cloud) fn launching_among(&self, targets: &Targets) -> usize {
        let Some(control) = &self.control else { return 0 };
        if control.launching.is_empty() {
            return 0;
        }
        let is_launching =
            |handle: &&_| control.launching.contains_key(*handle) && self.named(**handle).is_empty();
        targets.handles().iter().filter(is_launching).count()
    }

    /// Returns whether a worker is to do something with instances that are being launched.
    pub(super) fn is_early(&self, call: &Call) -> bool {
        let is_for_a_worker = Route::of(call.action.operation()) == Route::Instance;
        is_for_a_worker && call.action.targets().is_some_and(|targets| self.launching_among(targets) > 0)
    }
}
