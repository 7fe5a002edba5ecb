//! Trials: runs of a scenario for their figures.

use std::path::Path;

use super::figures::Figures;
use super::objective;
use plimsoll_base::input::InputError;
use plimsoll_sim::cloud::observe::Observer;
use plimsoll_sim::cloud::{Cloud, RunOptions};
use plimsoll_sim::scenario::{Overrides, Scenario};
use plimsoll_sim::summary::{Execution, Run};

/// Variant of a scenario: overrides of the file, under a name.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Name in tables.
    pub label: String,
    /// Overrides of the scenario.
    pub overrides: Overrides,
}

impl Variant {
    /// Reads the scenario as this variant has it.
    pub fn read(&self, path: &Path) -> Result<Scenario, InputError> {
        Scenario::read(path, &self.overrides)
    }
}

/// A finished run of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// Figures.
    pub figures: Figures,
    /// State of the cloud over time.
    pub series: SampleSeries,
}

/// The state of the cloud at the end of every sampling interval.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SampleSeries {
    /// Time \[s\].
    pub time_s: Vec<f64>,
    /// Hosts with an instance \[hosts\].
    pub hosts_used: Vec<f64>,
    /// Instances running \[instances\].
    pub instances_running: Vec<f64>,
}

/// Runs a scenario and returns its figures.
pub fn run(scenario: &Scenario) -> Result<Figures, InputError> {
    run_watched(scenario, &mut plimsoll_sim::cloud::observe::Silent)
}

/// Runs a scenario with an observer.
pub fn run_watched(scenario: &Scenario, observer: &mut dyn Observer) -> Result<Figures, InputError> {
    objective::check(scenario)?;
    let outcome = Cloud::new(scenario, RunOptions::default())?.run(observer)?;
    let execution = Execution::default();
    Ok(Figures::of(&Run { scenario, outcome: &outcome, execution: &execution }))
}
