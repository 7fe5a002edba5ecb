//! Records of a run, and its reports to observers.

pub mod breakdown;
pub(in crate::cloud) mod decisions;
pub mod dispatched;
pub mod explain;
pub(in crate::cloud) mod finish;
pub(in crate::cloud) mod headroom;
pub(in crate::cloud) mod headroom_sampler;
pub(in crate::cloud) mod instance_rows;
pub(in crate::cloud) mod ledger;
pub(in crate::cloud) mod log;
pub(in crate::cloud) mod loss;
pub(in crate::cloud) mod minutes;
pub(in crate::cloud) mod observation;
pub(in crate::cloud) mod observer;
pub(in crate::cloud) mod outbox;
pub mod outcome;
pub(in crate::cloud) mod recorder;
pub(in crate::cloud) mod resource_rows;
pub(in crate::cloud) mod row_recorder;
pub mod rows;
pub(in crate::cloud) mod sampling;
pub mod shortage;
pub(in crate::cloud) mod tally;
pub(in crate::cloud) mod unmet;

pub use minutes::Minute;
pub use observation::{Observation, Refusal, Sample};
pub use observer::{Detail, Observer, RunState, Silent};
