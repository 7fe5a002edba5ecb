//! What the alarms of the control plane will look at, loaded before they ring. Nothing here changes anything.

use super::super::Cloud;
use super::super::instance::Slot;
use crate::control_plane::job::JobId;
use crate::control_plane::plane::requests::Subject;
use crate::control_plane::plane::{Alarm, Plane};
use crate::engine::memory::prefetch;

impl Cloud {
    /// An alarm rings soon. The end of a service, which most of them are about, leads to the cache, to the record of
    /// what the call is about, and to the instance itself.
    #[inline]
    pub(in super::super) fn prefetch_for_alarm(&self, alarm: Alarm, number: u32) {
        let Some(request) = served(alarm, number).and_then(|job| self.plane().request_of(job)) else {
            return;
        };
        let subject = request.profile.subject;
        self.plane().prefetch_places(subject);
        if let Subject::Instance { slot, .. } = subject {
            prefetch(self.instances.get(Slot(slot)));
        }
        if let Some(call) = &request.call {
            self.prefetch_targets(call);
        }
    }

    /// The same a little later: what was loaded then says where to look next.
    #[inline]
    pub(in super::super) fn prefetch_further_for_alarm(&self, alarm: Alarm, number: u32) {
        if let Some(request) = served(alarm, number).and_then(|job| self.plane().request_of(job)) {
            self.plane().prefetch_cached(request.profile.subject);
        }
    }

    fn plane(&self) -> &Plane {
        &self.control.as_ref().expect("there is a control plane").plane
    }
}

/// The job whose service ends, if that is what an alarm is about.
fn served(alarm: Alarm, number: u32) -> Option<JobId> {
    (alarm == Alarm::Served).then_some(JobId(number))
}
