//! Observations on their way from the flows to the observer.

use crate::cloud::observe::observation::Observation;
use crate::cloud::observe::observer::{Detail, Observer};
use plimsoll_model::workload::directory::Directory;

/// Observations of the event in progress. The event loop delivers them after each event.
#[derive(Debug, Default)]
pub struct ObservationOutbox {
    detail: Detail,
    pending: Vec<Observation>,
}

impl ObservationOutbox {
    /// Collects observations up to a level of detail.
    pub fn new(detail: Detail) -> ObservationOutbox {
        ObservationOutbox { detail, pending: Vec::new() }
    }

    /// Returns whether an observation of this level of detail is to be made.
    #[inline]
    pub fn wants(&self, detail: Detail) -> bool {
        self.detail >= detail
    }

    /// Adds an observation.
    pub fn push(&mut self, observation: Observation) {
        self.pending.push(observation);
    }

    /// Hands every observation to the observer, in order.
    #[inline]
    pub fn deliver(&mut self, observer: &mut dyn Observer, directory: &Directory) {
        if !self.pending.is_empty() {
            self.deliver_pending(observer, directory);
        }
    }

    #[cold]
    fn deliver_pending(&mut self, observer: &mut dyn Observer, directory: &Directory) {
        for observation in self.pending.drain(..) {
            observer.observe(&observation, directory);
        }
    }
}
