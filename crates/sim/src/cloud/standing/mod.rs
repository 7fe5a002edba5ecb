//! Fleet as it stands at one moment of a run: its description, and the inventory that it becomes.

pub mod description;
pub mod inventory;
mod starting_scenario;

use crate::cloud::Cloud;
use crate::cloud::observe::observer::Observer;
use crate::cloud::simulation::runner::Halt;
use crate::cloud::world::World;
use plimsoll_base::input::InputError;
use plimsoll_base::units::Time;
use plimsoll_model::workload::directory::Directory;

/// Fleet with what runs on it, at one moment.
pub struct StandingFleet {
    world: World,
    at: Time,
    events: u64,
}

impl StandingFleet {
    /// Runs a cloud up to a time, that moment included, or to the end of its run, and keeps the fleet as it stands then.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    pub fn of(
        cloud: Cloud,
        at: Option<Time>,
        observer: &mut dyn Observer,
    ) -> Result<StandingFleet, InputError> {
        let Cloud { mut world, mut runner } = cloud;
        if at.is_some() {
            runner.leave_open();
        }
        let mut progress = runner.begin(&mut world, observer)?;
        let pause = at.unwrap_or(Time::NEVER);
        let at = match runner.run_until(pause, &mut world, &mut progress, observer)? {
            Halt::Reached => pause,
            Halt::Ended(at) | Halt::Stopped(at) => at,
        };
        progress.milestones.reach(&mut world, at, observer);
        Ok(StandingFleet { world, at, events: progress.milestones.events })
    }

    /// Returns the simulated time.
    pub fn at(&self) -> Time {
        self.at
    }

    /// Returns the directory of the names of the run.
    pub fn directory(&self) -> &Directory {
        &self.world.directory
    }
}
