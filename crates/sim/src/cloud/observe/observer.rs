//! Observers of a run. The cloud writes no file: an observer does.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::cloud::observe::observation::Observation;
use plimsoll_base::engine::checkpoint::Writer;
use plimsoll_base::input::InputError;
use plimsoll_base::units::Time;
use plimsoll_model::workload::directory::Directory;

/// Level of detail at which a run reports. No observation is made that is beyond it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Detail {
    /// No observations.
    #[default]
    Nothing,
    /// Every observation but rows.
    Series,
    /// Rows of the tables too.
    Rows,
}

/// State of a run between two events, ready to be written to a checkpoint.
pub struct RunState<'a> {
    /// Simulated time; everything up to it has happened.
    pub at: Time,
    /// Events so far.
    pub events: u64,
    pub(in crate::cloud) save: &'a dyn Fn(&mut Writer<'_>),
}

impl RunState<'_> {
    /// Writes the state.
    pub fn save(&self, out: &mut Writer<'_>) {
        (self.save)(out);
    }
}

/// Consumer of the observations of a run. Every method has an empty default.
pub trait Observer {
    /// Returns the level of detail that the run is to report. Called once, before every other method.
    fn detail(&self) -> Detail {
        Detail::Series
    }
    /// Called when the initial state is complete, before the first event.
    fn started(&mut self) {}
    /// Called when the simulation has ended; only bookkeeping follows.
    fn ended(&mut self) {}
    /// Called when a bug ends the simulation, with the time and the number of events before. The panic goes on after it.
    fn panicked(&mut self, _now: Time, _events: u64) {}
    /// Called with each observation.
    fn observe(&mut self, _observation: &Observation, _directory: &Directory) {}
    /// Called when the run has reached a time for which a checkpoint was requested. Returns its file, where it writes one.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be written.
    fn checkpoint(&mut self, _state: &RunState<'_>) -> Result<Option<PathBuf>, InputError> {
        Ok(None)
    }
    /// Called every few thousand events with the simulated time reached and the events so far. `Break` ends
    /// the run there, and its outcome is of no use then.
    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Observer of nothing: the run makes no observations.
pub struct Silent;

impl Observer for Silent {
    fn detail(&self) -> Detail {
        Detail::Nothing
    }
}
