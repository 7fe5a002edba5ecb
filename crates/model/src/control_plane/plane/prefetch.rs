//! Prefetches what will be read soon: the records of a large fleet do not fit the caches of the processor. Nothing here
//! changes state.

use super::Plane;
use super::jobs::{Job, Task};
use super::path::RecordKey;
use super::requests::RequestId;
use crate::control_plane::job::JobId;
use crate::control_plane::throttle::ApiClass;
use crate::workload::call::Call;
use plimsoll_base::units::AccountId;

impl Plane {
    /// Loads the request that a job works on, the record that it reads, and the place of the record in the cache. Returns which
    /// record it is.
    #[inline]
    pub fn prefetch_job(&self, job: JobId) -> RecordKey {
        let job = &self.jobs[job];
        if let Some(request) = request_of(job) {
            self.requests.prefetch(request);
        }
        let record = job.path.record();
        if let RecordKey::Instance { slot, .. } = record {
            self.database.records.prefetch(slot);
            if let (Some(key), Some(caches)) = (record.key(), &self.database.caches) {
                caches.records.prefetch_place(key);
            }
        }
        record
    }

    /// Loads the entry of the cache that a job reads, once its place is loaded. Returns the call that the job carries out, if it has
    /// had no effect yet.
    #[inline]
    pub fn prefetch_cached(&self, job: JobId) -> Option<&Call> {
        let job = &self.jobs[job];
        let record = job.path.record();
        if let (RecordKey::Instance { .. }, Some(key), Some(caches)) =
            (record, record.key(), &self.database.caches)
        {
            caches.records.prefetch_value(key);
        }
        self.requests.get(request_of(job)?)?.call.as_ref()
    }

    /// Loads the buckets that a call will take from.
    #[inline]
    pub fn prefetch_buckets(&self, account: AccountId, class: ApiClass) {
        if let Some(throttle) = &self.throttle {
            throttle.prefetch(account, class);
        }
    }
}

/// Returns the request that a job works on; `None` for the bring-up of an instance.
#[inline]
fn request_of(job: &Job) -> Option<RequestId> {
    match job.task {
        Task::Attempt(request) | Task::Delivery(request, _) => Some(request),
        Task::BringUp(_) => None,
    }
}
