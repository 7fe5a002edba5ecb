//! What will be looked at, loaded before: the records of a large fleet are far from the processor. Nothing here
//! changes anything.

use super::Plane;
use super::jobs::Task;
use super::path::RecordKey;
use super::requests::RequestId;
use crate::control_plane::job::JobId;
use crate::control_plane::throttle::Class;
use crate::workload::call::Call;
use plimsoll_base::units::AccountId;

impl Plane {
    /// The request that a job works on; `None` for an instance that comes up.
    #[inline]
    fn request_of(&self, job: JobId) -> Option<RequestId> {
        match self.jobs[job].task {
            Task::Attempt(request) | Task::Delivery(request, _) => Some(request),
            Task::BringUp(_) => None,
        }
    }

    /// Loads the request that a job works on.
    #[inline]
    pub fn prefetch_request(&self, job: JobId) {
        if let Some(request) = self.request_of(job) {
            self.requests.prefetch(request);
        }
    }

    /// The call that a job is to carry out, if it has had no effect yet.
    #[inline]
    pub fn call_of(&self, job: JobId) -> Option<&Call> {
        self.request_of(job).and_then(|request| self.requests.get(request)?.call.as_ref())
    }

    /// Returns what a job is about.
    #[inline]
    pub fn record_of(&self, job: JobId) -> RecordKey {
        self.jobs[job].path.record()
    }

    /// Loads the record of what a call is about, and the place where the cache knows it by its key.
    #[inline]
    pub fn prefetch_places(&self, record: RecordKey) {
        let RecordKey::Instance { slot, .. } = record else { return };
        self.records.prefetch(slot);
        if let (Some(key), Some(caches)) = (record.key(), &self.caches) {
            caches.records.prefetch_place(key);
        }
    }

    /// Loads the buckets that a call will take from.
    #[inline]
    pub fn prefetch_buckets(&self, account: AccountId, class: Class) {
        if let Some(throttle) = &self.throttle {
            throttle.prefetch(account, class);
        }
    }

    /// The same a little later: loads what the cache holds of it.
    #[inline]
    pub fn prefetch_cached(&self, record: RecordKey) {
        if let (RecordKey::Instance { .. }, Some(key), Some(caches)) = (record, record.key(), &self.caches) {
            caches.records.prefetch_value(key);
        }
    }
}
