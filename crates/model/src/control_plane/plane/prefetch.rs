//! Prefetches what will be read soon: the records of a large fleet do not fit the caches of the processor. Nothing here
//! changes state.

use super::Plane;
use super::jobs::Task;
use super::path::RecordKey;
use super::requests::RequestId;
use crate::control_plane::job::JobId;
use crate::control_plane::throttle::ApiClass;
use crate::workload::call::Call;
use plimsoll_base::units::AccountId;

impl Plane {
    /// Returns the request that a job works on; `None` for the bring-up of an instance.
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

    /// Returns the call that a job carries out, if it has had no effect yet.
    #[inline]
    pub fn call_of(&self, job: JobId) -> Option<&Call> {
        self.request_of(job).and_then(|request| self.requests.get(request)?.call.as_ref())
    }

    /// Returns the record that a job reads.
    #[inline]
    pub fn record_of(&self, job: JobId) -> RecordKey {
        self.jobs[job].path.record()
    }

    /// Loads the record that a call reads, and its place in the cache.
    #[inline]
    pub fn prefetch_places(&self, record: RecordKey) {
        let RecordKey::Instance { slot, .. } = record else { return };
        self.database.records.prefetch(slot);
        if let (Some(key), Some(caches)) = (record.key(), &self.database.caches) {
            caches.records.prefetch_place(key);
        }
    }

    /// Loads the buckets that a call will take from.
    #[inline]
    pub fn prefetch_buckets(&self, account: AccountId, class: ApiClass) {
        if let Some(throttle) = &self.throttle {
            throttle.prefetch(account, class);
        }
    }

    /// Loads the entry of the cache, once its place is loaded.
    #[inline]
    pub fn prefetch_cached(&self, record: RecordKey) {
        if let (RecordKey::Instance { .. }, Some(key), Some(caches)) =
            (record, record.key(), &self.database.caches)
        {
            caches.records.prefetch_value(key);
        }
    }
}
