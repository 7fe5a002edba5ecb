//! The cloud: a run of a scenario, from the state at time zero to its outcome.
//!
//! - `world` owns the state, a part for each kind of resource.
//! - `simulation` is the event loop; it also begins, checks and saves a run.
//! - `api` answers calls, a file each; `control` lets them pass the control plane first, where a scenario models one.
//! - `instances` moves instances through their lifecycle; `allocation` gives them capacity on hosts.
//! - `autoscaling` keeps groups of instances at a number that policies change.
//! - `pools` keeps instances ready for jobs.
//! - `reaction` keeps the launches that wait or try again, and what else follows from answers.
//! - `session` is the door for clients from outside the scenario, whose calls come while the run goes on.
//! - `standing` is the fleet at one moment of a run: what it holds, and the inventory that it becomes.
//! - `observe` records what happens: ledger, observations, rows, decisions, outcome.

mod allocation;
mod api;
mod autoscaling;
mod control;
mod instances;
pub mod observe;
mod pools;
mod reaction;
pub mod session;
mod simulation;
pub mod standing;
mod world;

pub use observe::{explain, outcome, rows};
pub use session::Session;
pub use simulation::checkpoint::Resumption;

use crate::cloud::explain::Subject;
use crate::cloud::observe::explain::DecisionLog;
use crate::cloud::observe::observer::Observer;
use crate::cloud::outcome::Outcome;
use crate::cloud::simulation::runner::Runner;
use crate::cloud::simulation::{assembly, checkpoint};
use crate::cloud::world::World;
use crate::scenario::Scenario;
use plimsoll_base::engine::checkpoint::{Reader, RestoreError};
use plimsoll_base::input::InputError;
use plimsoll_base::units::Time;
use plimsoll_model::placement::strategy::Strategy;
use plimsoll_model::workload::directory::Directory;

/// Settings of a run beside the scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunOptions {
    /// True if every placement is made by the plain scan too; the run stops at the first difference.
    pub verify_placement: bool,
    /// True if conservation of every resource is checked after every event. Slow: for tests.
    pub check_conservation: bool,
    /// Report every event and call as an observation.
    pub trace_events: bool,
}

/// Run of a scenario.
pub struct Cloud {
    world: World,
    runner: Runner,
}

impl Cloud {
    /// Returns the cloud of a scenario, empty, at time zero.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the scenario, each with its place.
    pub fn new(scenario: &Scenario, options: RunOptions) -> Result<Cloud, InputError> {
        let (directory, demand) = scenario.demand()?;
        let world = assembly::assemble(scenario, options, directory, demand, None)?;
        Ok(Cloud { world, runner: Runner::new(scenario, options) })
    }

    /// Returns the cloud of a scenario, empty, at time zero, under a strategy that need not be in the register. The
    /// scenario's own is not used.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the scenario, each with its place.
    pub fn with_strategy(
        scenario: &Scenario,
        options: RunOptions,
        strategy: Strategy,
    ) -> Result<Cloud, InputError> {
        let (directory, demand) = scenario.demand()?;
        let world = assembly::assemble(scenario, options, directory, demand, Some(strategy))?;
        Ok(Cloud { world, runner: Runner::new(scenario, options) })
    }

    /// Returns the cloud of a scenario for clients to call, empty, at time zero. The scenario may be without demand.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the scenario, each with its place.
    pub fn for_clients(scenario: &Scenario, options: RunOptions) -> Result<Cloud, InputError> {
        let mut directory = scenario.directory()?;
        let demand = scenario.demand_beside_clients(&mut directory)?;
        let world = assembly::assemble(scenario, options, directory, demand, None)?;
        Ok(Cloud { world, runner: Runner::new(scenario, options) })
    }

    /// Returns the cloud of a scenario as it was when a checkpoint was written.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be read, or does not fit the scenario.
    pub fn resume(
        scenario: &Scenario,
        options: RunOptions,
        resumption: Resumption,
        from: &mut Reader<'_>,
    ) -> Result<Cloud, RestoreError> {
        let (world, progress) = checkpoint::resume(scenario, options, resumption, from)?;
        let mut runner = Runner::new(scenario, options);
        runner.resume_from(progress);
        Ok(Cloud { world, runner })
    }

    /// Requests checkpoints at these times.
    pub fn checkpoint_at(&mut self, times: impl IntoIterator<Item = Time>) {
        self.runner.checkpoint_at(times);
    }

    /// Requests an explanation of every decision about the place of a subject.
    pub fn explain(&mut self, subject: Subject) {
        self.world.recorder.decisions = Some(Box::new(DecisionLog::new(subject)));
    }

    /// Returns the directory of the names of the run.
    pub fn directory(&self) -> &Directory {
        &self.world.directory
    }

    /// Begins a run that clients call, and that goes on until it is closed.
    ///
    /// # Errors
    ///
    /// The trace, whose first rows are read, is wrong.
    pub fn open(self, observer: &mut dyn Observer) -> Result<Session, InputError> {
        Session::begin(self.world, self.runner, observer)
    }

    /// Runs to the end.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong; or a checkpoint was requested after the end.
    pub fn run(self, observer: &mut dyn Observer) -> Result<Outcome, InputError> {
        self.runner.run(self.world, observer)
    }
}
