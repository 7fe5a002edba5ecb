//! What will be looked at, loaded before: the records of a large fleet are far from the processor. Nothing here
//! changes anything.

use super::Plane;
use super::jobs::Task;
use super::requests::{Request, Subject};
use crate::control_plane::job::JobId;

impl Plane {
    /// The request that a job works on; `None` for an instance that comes up.
    #[inline]
    pub fn request_of(&self, job: JobId) -> Option<&Request> {
        match self.jobs[job].task {
            Task::Attempt(request) | Task::Delivery(request, _) => self.requests.get(request),
            Task::BringUp(_) => None,
        }
    }

    /// Loads the record of what a call is about, and the place where the cache knows it by its key.
    #[inline]
    pub fn prefetch_places(&self, subject: Subject) {
        let Subject::Instance { slot, .. } = subject else { return };
        self.records.prefetch(slot);
        if let (Some(key), Some(caches)) = (subject.key(), &self.caches) {
            caches.records.prefetch_place(key);
        }
    }

    /// The same a little later: loads what the cache holds of it.
    #[inline]
    pub fn prefetch_cached(&self, subject: Subject) {
        if let (Subject::Instance { .. }, Some(key), Some(caches)) = (subject, subject.key(), &self.caches) {
            caches.records.prefetch_value(key);
        }
    }
}
