//! Events and calls as the runner dispatches them.

use serde::{Deserialize, Serialize};

use crate::cloud::simulation::event::Event;
use plimsoll_base::units::{InstanceId, Time};
use plimsoll_model::workload::call::Call;

/// Event or call that the runner dispatches.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Dispatched {
    /// Number of the event in the run, from 0, calls included.
    pub number: u64,
    /// Simulated time.
    pub at: Time,
    /// Subject.
    pub what: Dispatch,
}

/// Subject of a dispatch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Dispatch {
    /// An event, and the instance that its timer belongs to while that is alive.
    Event(Event, Option<InstanceId>),
    /// A call of the demand.
    Call(Box<Call>),
}
