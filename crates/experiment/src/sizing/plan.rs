//! Plan and result of a search.

use std::path::PathBuf;

use super::curve::{Curve, Reversal};
use super::look::check_replications;
use super::setting::{self, Coupling, SettingValue, VariedSetting, under_option};
use super::target::Target;
use crate::trial::Variant;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::{Overrides, Scenario};

/// Side from which a search comes to the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Seek {
    /// The smallest value with which the target holds: how little will do.
    #[default]
    Smallest,
    /// The largest value with which the target holds: how much it takes.
    Largest,
}

/// A setting to size.
#[derive(Clone, Debug)]
pub struct SizingPlan {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Overrides of the scenario beside the setting. The seed, if any, is the first of the replications.
    pub overrides: Overrides,
    /// Patterns of the numbers to vary: dotted paths of the scenario; at least one.
    pub patterns: Vec<String>,
    /// Rule by which several numbers follow the value.
    pub coupling: Coupling,
    /// Difference between two neighbouring values; default: 1 for whole numbers, else the third significant digit.
    pub step: Option<SettingValue>,
    /// Side from which to come.
    pub seek: Seek,
    /// Target.
    pub target: Target,
    /// The least value to try; default: one step.
    pub least: Option<SettingValue>,
    /// Greatest value to try; default: 1,024 times the value that the search begins with, or 65,536
    /// steps, or the greatest that the scenario takes where that is less.
    pub most: Option<SettingValue>,
    /// Replications of each value, at least one.
    pub replications: usize,
    /// Most replications of a value, where fewer do not decide.
    pub most_replications: usize,
    /// Confidence of the verdict on each value, from 0.5 to below 1.
    pub confidence: f64,
}

/// Result of a search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizingResult {
    /// The target holds at this value, and not at its neighbour.
    Found(SettingValue),
    /// The target holds at the last value that the search may try, and at all before it.
    HoldsAtLimit(SettingValue),
    /// The target does not hold at the last value that the search may try.
    OutOfReach(SettingValue),
    /// The target does not hold, and up to this value doubling changed the metric in no run.
    Still(SettingValue),
}

impl SizingResult {
    /// Returns the result of a search that came to its last value, at which the target holds or not.
    pub(super) fn at_limit(holds: bool, value: SettingValue) -> SizingResult {
        if holds { SizingResult::HoldsAtLimit(value) } else { SizingResult::OutOfReach(value) }
    }

    /// Returns the value that is the answer, if there is one.
    pub fn answer(self) -> Option<SettingValue> {
        match self {
            SizingResult::Found(value) | SizingResult::HoldsAtLimit(value) => Some(value),
            SizingResult::OutOfReach(_) | SizingResult::Still(_) => None,
        }
    }

    /// Returns the name in files.
    pub fn name(self, seek: Seek) -> &'static str {
        match (self, seek) {
            (SizingResult::Found(_), _) => "found",
            (SizingResult::HoldsAtLimit(_), Seek::Smallest) => "holds-at-least",
            (SizingResult::HoldsAtLimit(_), Seek::Largest) => "holds-at-most",
            (SizingResult::OutOfReach(_), _) => "out-of-reach",
            (SizingResult::Still(_), _) => "still",
        }
    }
}

/// Greatest value of a setting that the scenario takes.
#[derive(Clone, Debug)]
pub struct SettingBound {
    /// The value.
    pub most: SettingValue,
    /// Error that the scenario gives of a step more.
    pub beyond: InputError,
}

/// A setting that was sized.
#[derive(Clone, Debug)]
pub struct Sizing {
    /// Plan of the search.
    pub plan: SizingPlan,
    /// The scenario as it stands, before the setting is varied.
    pub scenario: Scenario,
    /// The numbers that were varied.
    pub setting: VariedSetting,
    /// Result of the search.
    pub result: SizingResult,
    /// Values that were tried.
    pub curve: Curve,
    /// Greatest value that the scenario takes, where the search came to it before its own limit.
    pub bound: Option<SettingBound>,
    /// Places where the metric went the wrong way; none: the response was monotone.
    pub reversals: Vec<Reversal>,
}

/// Returns an error of reading a scenario with a limit of the search, which names the option of the limit.
fn under_limit(error: InputError, option: &str, limit: SettingValue) -> InputError {
    let place = Place::key(&format!("{option} {limit}"));
    InputError(error.0.into_iter().map(|problem| Problem { place: place.clone(), ..problem }).collect())
}

impl SizingPlan {
    /// Checks the plan before anything runs, and reads the scenario as it stands with the numbers to vary.
    ///
    /// # Errors
    ///
    /// All at once: targets that no run can have; settings that are none, or no numbers; limits the wrong way round.
    pub fn check(&self) -> Result<(Scenario, VariedSetting), InputError> {
        let scenario = Scenario::read(&self.scenario, &self.overrides)?;
        let mut problems = Vec::new();
        problems.extend(self.target.check().err().into_iter().flat_map(|error| error.0));
        let setting = self.setting(&scenario);
        if let (Some(least), Some(most)) = (self.least, self.most)
            && most < least
        {
            let message = format!("found {most}, below the {least} of --from");
            problems.push(Problem::new(Place::key("--to"), message));
        }
        problems.extend(check_replications(self.replications, self.most_replications));
        match setting {
            Ok(setting) if problems.is_empty() => Ok((scenario, setting)),
            Ok(_) => Err(InputError(problems)),
            Err(error) => Err(InputError(problems.into_iter().chain(error.0).collect())),
        }
    }

    /// Finds the numbers to vary, and reads the scenario with the least value of each.
    fn setting(&self, scenario: &Scenario) -> Result<VariedSetting, InputError> {
        let reads = |assignment: &str| {
            let read = self.with(vec![assignment.to_string()]).map(|_| ());
            read.map_err(|error| under_option(error, setting::OPTION, assignment))
        };
        let varied = VariedSetting::find(scenario, &self.patterns, self.coupling, self.step, &reads)?;
        let least = self.least.unwrap_or_else(|| varied.step()).max(varied.step());
        self.read(&varied, least)?;
        if let Some(most) = self.most.filter(|most| *most > least) {
            self.read(&varied, most).map_err(|error| under_limit(error, "--to", most))?;
        }
        Ok(varied)
    }

    /// Returns the name of what is varied: the patterns as they were given.
    pub fn name(&self) -> String {
        self.patterns.join(", ")
    }

    /// Reads the scenario with a value of the setting.
    pub(super) fn read(&self, setting: &VariedSetting, value: SettingValue) -> Result<Scenario, InputError> {
        let assignments = setting.assignments(value);
        self.with(assignments.iter().map(|(path, value)| format!("{path}={value}")).collect())
    }

    fn with(&self, assignments: Vec<String>) -> Result<Scenario, InputError> {
        let mut overrides = self.overrides.clone();
        let label = assignments.join(" ");
        overrides.set.extend(assignments);
        Variant { label, overrides }.read(&self.scenario)
    }
}
