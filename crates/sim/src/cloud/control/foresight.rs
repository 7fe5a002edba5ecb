//! What calls to the control plane and its alarms will look at, loaded before. Nothing here changes anything.

use super::super::Cloud;
use super::super::reference::Slot;
use super::Control;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_model::control_plane::job::JobId;
use plimsoll_model::control_plane::plane::path::RecordKey;
use plimsoll_model::control_plane::plane::{Plane, PlaneTimer};
use plimsoll_model::control_plane::throttle::Class;
use plimsoll_model::workload::call::Call;

impl Control {
    /// A call comes soon: loads what throttles it, unless it asks for everything, which few do.
    #[inline]
    pub(in super::super) fn prefetch_buckets(&self, call: &Call) {
        self.plane.prefetch_buckets(call.account, Class::of(call.action.operation(), true));
    }
}

impl Cloud {
    /// An alarm rings soon. The end of a service, which most of them are about, leads to the request, to the record of
    /// what it is about, to the cache, and to the instance itself.
    #[inline]
    pub(in super::super) fn prefetch_for_timer(&self, timer: PlaneTimer, number: u32) {
        let Some(job) = served(timer, number) else { return };
        self.plane().prefetch_request(job);
        let record = self.plane().record_of(job);
        self.plane().prefetch_places(record);
        if let RecordKey::Instance { slot, .. } = record {
            prefetch(self.instances.get(Slot(slot)));
        }
    }

    /// The same a little later: what was loaded then says where to look next.
    #[inline]
    pub(in super::super) fn prefetch_further_for_alarm(&self, timer: PlaneTimer, number: u32) {
        let Some(job) = served(timer, number) else { return };
        self.plane().prefetch_cached(self.plane().record_of(job));
        if let Some(call) = self.plane().call_of(job) {
            self.prefetch_targets(call);
        }
    }

    fn plane(&self) -> &Plane {
        &self.control.as_ref().expect("there is a control plane").plane
    }
}

/// The job whose service ends, if that is what an alarm is about.
fn served(timer: PlaneTimer, number: u32) -> Option<JobId> {
    (timer == PlaneTimer::Served).then_some(JobId(number))
}
