//! The moment of a run at which a fleet is looked at.

use std::path::{Path, PathBuf};

use clap::Args;

use super::journal::Journal;
use super::source::ScenarioSource;
use super::{arguments, machine};
use crate::cloud::observe::Silent;
use crate::cloud::standing::StandingFleet;
use crate::cloud::{Cloud, RunOptions};
use crate::input::{InputError, Place, Problem};
use crate::report::run::checkpoint::{self, Resumed};
use crate::scenario::{Overrides, Scenario};
use crate::units::{Duration, Time, parse_duration};

/// Options that choose the run and the moment.
#[derive(Args, Debug)]
pub struct MomentOptions {
    #[command(flatten)]
    source: ScenarioSource,
    #[command(flatten)]
    overriding: arguments::Overriding,
    /// Look at this simulated time, such as 12h, everything that happens then included
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    at: Option<Duration>,
    /// Go on from a checkpoint of the same scenario; without --at, look at its time
    #[arg(long, value_name = "FILE")]
    from_checkpoint: Option<PathBuf>,
}

/// Moment that is looked at where none is said and no checkpoint is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsaid {
    /// First moment of the run.
    Begin,
    /// Last moment of the run.
    End,
}

impl MomentOptions {
    /// Runs the scenario up to the moment. Returns it with the fleet as it stands then.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario or the checkpoint; a moment that is not one of the run.
    pub fn stand(&self, unsaid: Unsaid) -> Result<(Scenario, StandingFleet), InputError> {
        let file = self.source.file()?;
        let overrides = Overrides::from(&self.overriding);
        if let Some(checkpoint) = &self.from_checkpoint {
            let scenario = self.source.read_for_branch(&file, &overrides)?;
            let fleet = self.resumed(&file, checkpoint, &scenario)?;
            return Ok((scenario, fleet));
        }
        let is_begin = self.at.is_none() && unsaid == Unsaid::Begin;
        let scenario = match is_begin {
            true => self.source.read_for_clients(&file, &overrides)?,
            false => self.source.read(&file, &overrides)?,
        };
        machine::check_fits(&scenario)?;
        let at = self.moment(&scenario, Time::ZERO)?.or(is_begin.then_some(Time::ZERO));
        let cloud = Cloud::for_clients(&scenario, RunOptions::default())?;
        let fleet = StandingFleet::of(cloud, at, &mut Silent)?;
        Ok((scenario, fleet))
    }

    fn resumed(
        &self,
        file: &Path,
        checkpoint: &Path,
        scenario: &Scenario,
    ) -> Result<StandingFleet, InputError> {
        machine::check_fits(scenario)?;
        let mut journal = Journal::begin(file);
        journal.read(scenario)?;
        let options = RunOptions::default();
        let Resumed { cloud, at } =
            checkpoint::resume(checkpoint, scenario, journal.inputs(), options, &mut Silent)?;
        let moment = self.moment(scenario, at)?.unwrap_or(at);
        StandingFleet::of(cloud, Some(moment), &mut Silent)
    }

    /// Returns the moment that was said, which is not before the run `begins`.
    fn moment(&self, scenario: &Scenario, begins: Time) -> Result<Option<Time>, InputError> {
        let Some(at) = self.at else { return Ok(None) };
        let is_over = scenario.duration.is_some_and(|duration| at > duration);
        if is_over || Time::ZERO.after(at) < begins {
            let from = Duration(begins.0);
            let until = scenario.duration.map_or(String::new(), |end| format!(" up to its end, {end}"));
            let found = format!("found {at}, expected a time of the run, from {from} on{until}");
            return Err(Problem::new(Place::key("--at"), found).into());
        }
        Ok(Some(Time::ZERO.after(at)))
    }
}
