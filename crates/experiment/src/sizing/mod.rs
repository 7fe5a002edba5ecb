//! Sizing: the smallest value of one setting with which a target holds.
//!
//! The search doubles or halves the scenario's own value until the target holds at one value and not at
//! another, then halves what is between. Every value is run with the same seeds (common random numbers), and with
//! more of them while the runs do not decide. The [`curve`] of all values tried is kept, and shows whether the response was
//! monotone, as the halving assumes.

pub mod curve;
pub mod target;

use std::path::PathBuf;

pub use curve::{Curve, CurvePoint, Estimate, Reversal};
pub use target::{Relation, Target, TargetStatus};

use super::comparison::may_be_certain;
use super::estimate::estimated_bytes;
use super::figures::Figures;
use super::replicate::{ProgressListener, run_all};
use super::statistics::bonferroni;
use super::trial::Variant;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::{Overrides, Scenario};

/// The option that names the setting, for problems with it.
pub const OPTION: &str = "--vary";

/// Default upper limit of the search, as a factor of the value that it begins with.
const GROWTH_MOST: u64 = 1024;

/// Least default upper limit of the search, for a search that begins with a small value.
const MOST_LEAST: u64 = 65_536;

/// Number of doublings without a change of the metric in any run after which the search gives up.
const STILL_DOUBLINGS: usize = 3;

/// A setting to size.
#[derive(Clone, Debug)]
pub struct SizingPlan {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Overrides of the scenario beside the setting. The seed, if any, is the first of the replications.
    pub overrides: Overrides,
    /// The setting: a whole number at a dotted path of the scenario.
    pub path: String,
    /// Target.
    pub target: Target,
    /// The least value to try.
    pub least: u64,
    /// Greatest value to try; default: `GROWTH_MOST` times the value that the search begins with, or `MOST_LEAST`.
    pub most: Option<u64>,
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
    /// The target holds at this value, and not at the one below.
    Found(u64),
    /// The target holds at the least value already.
    HoldsAtLeast(u64),
    /// The target does not hold at the greatest value.
    OutOfReach(u64),
    /// The target does not hold, and up to this value doubling changed the metric in no run.
    Still(u64),
}

impl SizingResult {
    /// Returns the smallest value with which the target was seen to hold.
    pub fn answer(self) -> Option<u64> {
        match self {
            SizingResult::Found(value) | SizingResult::HoldsAtLeast(value) => Some(value),
            SizingResult::OutOfReach(_) | SizingResult::Still(_) => None,
        }
    }

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            SizingResult::Found(_) => "found",
            SizingResult::HoldsAtLeast(_) => "holds-at-least",
            SizingResult::OutOfReach(_) => "out-of-reach",
            SizingResult::Still(_) => "still",
        }
    }
}

/// A setting that was sized.
#[derive(Clone, Debug)]
pub struct Sizing {
    /// Plan of the search.
    pub plan: SizingPlan,
    /// The scenario as it stands, before the setting is varied.
    pub scenario: Scenario,
    /// Value of the setting in the scenario, if it is there.
    pub stands_at: Option<u64>,
    /// Result of the search.
    pub result: SizingResult,
    /// Values that were tried.
    pub curve: Curve,
    /// Places where more of the setting led away from the target; none: the response was monotone.
    pub reversals: Vec<Reversal>,
}

/// Function from the memory of one run \[bytes\] to the number of runs that may be made at once.
pub type Fits<'a> = &'a dyn Fn(u64) -> usize;

impl SizingPlan {
    /// Checks the plan before anything runs, and reads the scenario as it stands.
    ///
    /// # Errors
    ///
    /// All at once: targets that no run can have; settings that are none, or no whole numbers; limits the wrong way
    /// round.
    pub fn check(&self) -> Result<Scenario, InputError> {
        let scenario = Scenario::read(&self.scenario, &self.overrides)?;
        let mut problems = Vec::new();
        problems.extend(self.target.check().err().into_iter().flat_map(|error| error.0));
        problems.extend(self.check_setting(&scenario).err().into_iter().flat_map(|error| error.0));
        if let Some(most) = self.most
            && most < self.least
        {
            let message = format!("found {most}, below the {} of --from", self.least);
            problems.push(Problem::new(Place::key("--to"), message));
        }
        if self.most_replications < self.replications {
            let (most, least) = (self.most_replications, self.replications);
            let message = format!("found {most}, fewer than the {least} of --replications");
            problems.push(Problem::new(Place::key("--max-replications"), message));
        }
        if problems.is_empty() { Ok(scenario) } else { Err(InputError(problems)) }
    }

    fn check_setting(&self, scenario: &Scenario) -> Result<(), InputError> {
        let refuse = |message: String, help: &str| {
            Err(Problem::new(Place::key(OPTION), message).with_help(help).into())
        };
        if self.path == "seed" {
            return refuse(
                "a seed is nothing to size".to_string(),
                "name a setting, such as zones.0.hosts.0.count",
            );
        }
        if let Some(value) = scenario.setting(&self.path).filter(|value| value.as_u64().is_none()) {
            let message = format!("`{}` is {value}, expected a whole number that is not negative", self.path);
            return refuse(message, "a sweep runs over settings of any kind: `plimsoll sweep`");
        }
        self.read(self.least.max(1)).map(|_| ())
    }

    /// Returns the value the search begins with.
    fn start(&self, stands_at: Option<u64>) -> u64 {
        let most = self.most.unwrap_or(u64::MAX);
        stands_at.unwrap_or(self.least).clamp(self.least, most)
    }

    /// Reads the scenario with a value of the setting.
    fn read(&self, setting: u64) -> Result<Scenario, InputError> {
        let mut overrides = self.overrides.clone();
        overrides.set.push(format!("{}={setting}", self.path));
        Variant { label: setting.to_string(), overrides }.read(&self.scenario)
    }

    /// Searches for the value. `scenario` is the one that [`SizingPlan::check`] has read.
    pub fn run(
        &self,
        scenario: Scenario,
        fits: Fits<'_>,
        listener: &dyn ProgressListener,
    ) -> Result<Sizing, InputError> {
        let stands_at = scenario.setting(&self.path).and_then(|value| value.as_u64());
        let mut search = Search { plan: self, fits, listener, curve: Curve::default() };
        let result = search.search(self.start(stands_at))?;
        if let SizingResult::Found(answer) = result
            && self.most.is_none_or(|most| answer < most)
        {
            // One value more shows whether the answer was only lucky.
            search.holds(answer + 1)?;
        }
        let curve = search.curve;
        let reversals = curve.reversals(&self.target, self.confidence);
        Ok(Sizing { plan: self.clone(), scenario, stands_at, result, curve, reversals })
    }

    /// Returns the numbers of replications after which a value is evaluated, in ascending order.
    fn looks(&self) -> Vec<usize> {
        let mut looks = vec![self.replications];
        while let Some(last) = looks.last().copied().filter(|last| *last < self.most_replications) {
            looks.push((2 * last).min(self.most_replications));
        }
        looks
    }
}

/// Search in progress.
struct Search<'a> {
    plan: &'a SizingPlan,
    fits: Fits<'a>,
    listener: &'a dyn ProgressListener,
    curve: Curve,
}

impl Search<'_> {
    fn search(&mut self, start: u64) -> Result<SizingResult, InputError> {
        let least = self.plan.least;
        let grown = start.saturating_mul(GROWTH_MOST).max(MOST_LEAST);
        let most = self.plan.most.unwrap_or(grown).max(start);
        let (mut below, mut answer) = match self.holds(start)? {
            true => match self.go_down(start, least)? {
                Ok(bracket) => bracket,
                Err(result) => return Ok(result),
            },
            false => match self.go_up(start, most)? {
                Ok(bracket) => bracket,
                Err(result) => return Ok(result),
            },
        };
        while answer - below > 1 {
            let middle = below + (answer - below) / 2;
            match self.holds(middle)? {
                true => answer = middle,
                false => below = middle,
            }
        }
        Ok(SizingResult::Found(answer))
    }

    /// Halves from a value that holds to one that does not. Returns the bracket, or the result where there is none.
    fn go_down(&mut self, start: u64, least: u64) -> Result<Result<(u64, u64), SizingResult>, InputError> {
        let mut answer = start;
        while answer > least {
            let next = (answer / 2).max(least);
            if !self.holds(next)? {
                return Ok(Ok((next, answer)));
            }
            answer = next;
        }
        Ok(Err(SizingResult::HoldsAtLeast(least)))
    }

    /// Doubles from a value that does not hold to one that does. Returns the bracket, or the result where there is none.
    fn go_up(&mut self, start: u64, most: u64) -> Result<Result<(u64, u64), SizingResult>, InputError> {
        let (mut below, mut still) = (start, 0);
        while below < most {
            let next = below.saturating_mul(2).clamp(below + 1, most);
            if self.holds(next)? {
                return Ok(Ok((below, next)));
            }
            still = if self.are_alike(below, next) { still + 1 } else { 0 };
            below = next;
            if still == STILL_DOUBLINGS {
                return Ok(Err(SizingResult::Still(below)));
            }
        }
        Ok(Err(SizingResult::OutOfReach(most)))
    }

    /// Returns whether the metric is the same in every run of two values.
    fn are_alike(&self, one: u64, other: u64) -> bool {
        let values = |setting| self.curve.at(setting).map(|point| point.values(&self.plan.target.metric));
        values(one) == values(other)
    }

    /// Returns whether the target is shown to hold at a value, which is run unless it was before.
    fn holds(&mut self, setting: u64) -> Result<bool, InputError> {
        if self.curve.at(setting).is_none() {
            let point = self.look(setting)?;
            self.curve.add(point);
        }
        let point = self.curve.at(setting).expect("it was tried");
        Ok(point.estimate.status == TargetStatus::Holds)
    }

    /// Runs a value, with more seeds until the runs decide or there are no more.
    fn look(&self, setting: u64) -> Result<CurvePoint, InputError> {
        let plan = self.plan;
        let scenario = plan.read(setting)?;
        let at_most = (self.fits)(estimated_bytes(&scenario)?);
        let mut figures = Vec::new();
        let certain = may_be_certain(&scenario) && {
            self.extend(&mut figures, 2, &scenario, at_most)?;
            Figures::are_alike(&figures[0], &figures[1])
        };
        if certain {
            figures.truncate(1);
        }
        refuse_certainty(&plan.target, certain)?;
        let looks = plan.looks();
        // Several evaluations are several chances to be wrong.
        let confidence = bonferroni(plan.confidence, looks.len());
        for replications in looks {
            if !certain {
                self.extend(&mut figures, replications, &scenario, at_most)?;
            }
            figures[0].find(&plan.target.metric, &Place::key(target::OPTION))?;
            let estimate = Estimate::of(&figures, certain, &plan.target, confidence);
            if certain || estimate.status != TargetStatus::NotShown {
                return Ok(CurvePoint { setting, figures, certain, estimate });
            }
        }
        let estimate = Estimate::of(&figures, certain, &plan.target, confidence);
        Ok(CurvePoint { setting, figures, certain, estimate })
    }

    /// Runs a value until it has so many replications; the seeds of all values are the same.
    fn extend(
        &self,
        figures: &mut Vec<Figures>,
        replications: usize,
        scenario: &Scenario,
        at_most: usize,
    ) -> Result<(), InputError> {
        let there = figures.len();
        let of = |number: usize| {
            let mut scenario = scenario.clone();
            scenario.seed = scenario.seed.wrapping_add((there + number) as u64);
            Ok(scenario)
        };
        let missing = replications.saturating_sub(there);
        figures.extend(run_all(missing, at_most, of, |_, trial| Ok(trial.figures), self.listener)?);
        Ok(())
    }
}

/// Refuses a target that only certainty meets, for a scenario with random draws.
fn refuse_certainty(target: &Target, certain: bool) -> Result<(), InputError> {
    if certain || !target.asks_for_certainty() {
        return Ok(());
    }
    let message =
        format!("no number of random runs shows `{target}`: the next one may be the first that misses");
    let help = "ask for a share that can be shown, such as 0.9999, or replay a trace, which is exact";
    Err(Problem::new(Place::key(target::OPTION), message).with_help(help).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(replications: usize, most_replications: usize) -> SizingPlan {
        SizingPlan {
            scenario: PathBuf::new(),
            overrides: Overrides::default(),
            path: "zones.0.hosts.0.count".to_string(),
            target: Target::parse("launch.failed <= 0").unwrap(),
            least: 2,
            most: Some(9),
            replications,
            most_replications,
            confidence: 0.95,
        }
    }

    #[test]
    fn looks_double_up_to_the_most() {
        assert_eq!(plan(10, 10).looks(), [10]);
        assert_eq!(plan(10, 80).looks(), [10, 20, 40, 80]);
        assert_eq!(plan(3, 10).looks(), [3, 6, 10]);
    }

    #[test]
    fn the_search_begins_with_what_the_scenario_has_within_the_limits() {
        let plan = plan(1, 1);
        assert_eq!([None, Some(1), Some(5), Some(70)].map(|at| plan.start(at)), [2, 2, 5, 9]);
    }
}
