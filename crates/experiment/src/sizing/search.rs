//! Search for the value of a setting at which a target begins to hold, or ceases to.

use super::curve::{Curve, CurvePoint};
use super::look::{Fits, Look, LookRule};
use super::plan::{Seek, SettingBound, Sizing, SizingPlan, SizingResult};
use super::setting::{SettingValue, VariedSetting};
use super::target::TargetStatus;
use crate::replicate::ProgressListener;
use crate::trace_cache::TraceCache;
use plimsoll_base::input::InputError;
use plimsoll_sim::scenario::Scenario;

/// Default upper limit of the search, as a factor of the value that it begins with.
const GROWTH_MOST: u64 = 1024;

/// Least default upper limit of the search \[steps\], for a search that begins with a small value.
const MOST_LEAST: u64 = 65_536;

/// Number of doublings without a change of the metric in any run after which the search gives up.
const STILL_DOUBLINGS: usize = 3;

/// Searches for the answer of a plan. `scenario` and `setting` are those that [`SizingPlan::check`] has read.
pub fn search(
    plan: &SizingPlan,
    scenario: Scenario,
    setting: VariedSetting,
    fits: Fits<'_>,
    listener: &dyn ProgressListener,
) -> Result<Sizing, InputError> {
    let mut search = Search {
        plan,
        setting: &setting,
        fits,
        listener,
        cache: TraceCache::default(),
        curve: Curve::default(),
        bound: None,
    };
    let result = search.run()?;
    let (curve, bound) = (search.curve, search.bound);
    let wants_more = plan.target.relation.wants_more() == (plan.seek == Seek::Smallest);
    let reversals = curve.reversals(&plan.target.metric, wants_more, plan.confidence);
    Ok(Sizing { plan: plan.clone(), scenario, setting, result, curve, reversals, bound })
}

/// Search in progress. Values are counted in steps of the setting.
struct Search<'a> {
    plan: &'a SizingPlan,
    setting: &'a VariedSetting,
    fits: Fits<'a>,
    listener: &'a dyn ProgressListener,
    /// Trace of the runs.
    cache: TraceCache,
    curve: Curve,
    /// Greatest value that the scenario takes, where the search has met it.
    bound: Option<SettingBound>,
}

/// Two values between which the target changes \[steps\].
struct Bracket {
    holds: u64,
    fails: u64,
}

/// A bracket, or the result of a search that has none.
type Bracketed = Result<Bracket, SizingResult>;

impl Search<'_> {
    /// Searches for the answer, and tries its neighbour beyond, which shows whether the answer was only lucky.
    fn run(&mut self) -> Result<SizingResult, InputError> {
        let result = self.confirmed_answer()?;
        if let SizingResult::Found(answer) = result {
            let steps = self.setting.steps_below(answer);
            let beyond = match self.plan.seek {
                Seek::Smallest => steps.checked_add(1),
                Seek::Largest => steps.checked_sub(1),
            };
            let within =
                |steps: &u64| *steps >= self.least() && self.most().is_none_or(|most| *steps <= most);
            let takes = |steps: &u64| self.plan.read(self.setting, self.setting.value(*steps)).is_ok();
            if let Some(beyond) = beyond.filter(within).filter(takes) {
                self.holds(beyond)?;
            }
        }
        Ok(result)
    }

    fn least(&self) -> u64 {
        self.setting.steps_above(self.plan.least.unwrap_or_else(|| self.setting.step()))
    }

    fn most(&self) -> Option<u64> {
        self.plan.most.map(|most| self.setting.steps_below(most))
    }

    /// Returns the value the search begins with \[steps\].
    fn start(&self) -> u64 {
        let least = self.least();
        let stands_at = self.setting.stands_at().map(|value| self.setting.steps_below(value));
        let one = self.setting.steps_above(SettingValue::ONE);
        stands_at.unwrap_or(one).clamp(least, self.most().unwrap_or(u64::MAX).max(least))
    }

    /// Searches for an answer that stands with as many runs as are allowed, where the first were alike. The search goes on
    /// from what it knows where it does not.
    fn confirmed_answer(&mut self) -> Result<SizingResult, InputError> {
        loop {
            let result = self.answer()?;
            let Some(point) = result.answer().and_then(|answer| self.curve.at(answer)) else {
                return Ok(result);
            };
            if !point.estimate.alike || point.runs() >= self.plan.most_replications {
                return Ok(result);
            }
            let point = self.look(point.setting, true)?;
            self.curve.add(point);
        }
    }

    fn answer(&mut self) -> Result<SizingResult, InputError> {
        let (start, least) = (self.start(), self.least());
        let grown = start.saturating_mul(GROWTH_MOST).max(MOST_LEAST);
        let most = self.most().unwrap_or(grown).max(start);
        let start_holds = self.holds(start)?;
        let bracketed = match (self.plan.seek, start_holds) {
            (Seek::Smallest, true) | (Seek::Largest, false) => self.go_down(start, least, start_holds)?,
            (Seek::Smallest, false) | (Seek::Largest, true) => self.go_up(start, most, start_holds)?,
        };
        let Bracket { mut holds, mut fails } = match bracketed {
            Ok(bracket) => bracket,
            Err(result) => return Ok(result),
        };
        while holds.abs_diff(fails) > 1 {
            let middle = holds.midpoint(fails);
            match self.holds(middle)? {
                true => holds = middle,
                false => fails = middle,
            }
        }
        Ok(SizingResult::Found(self.setting.value(holds)))
    }

    /// Halves from a value until the target holds where it did not, or ceases to where it did.
    fn go_down(&mut self, start: u64, least: u64, held: bool) -> Result<Bracketed, InputError> {
        let mut last = start;
        while last > least {
            let next = (last / 2).max(least);
            if self.holds(next)? != held {
                return Ok(Ok(Bracket::of(held, last, next)));
            }
            last = next;
        }
        Ok(Err(SizingResult::at_limit(held, self.setting.value(least))))
    }

    /// Doubles from a value until the target holds where it did not, or ceases to where it did.
    fn go_up(&mut self, start: u64, most: u64, held: bool) -> Result<Bracketed, InputError> {
        let (mut last, mut still) = (start, 0);
        while last < most {
            let Some(next) = self.next_above(last, most)? else { break };
            if self.holds(next)? != held {
                return Ok(Ok(Bracket::of(held, last, next)));
            }
            still = if self.are_alike(last, next) { still + 1 } else { 0 };
            last = next;
            if still == STILL_DOUBLINGS && !held {
                return Ok(Err(SizingResult::Still(self.setting.value(last))));
            }
        }
        Ok(Err(SizingResult::at_limit(held, self.setting.value(last))))
    }

    /// Returns twice a value, or the greatest that the scenario takes where that is less; `None` where it takes no more than
    /// the value. A limit that a person set is not given way.
    fn next_above(&mut self, last: u64, most: u64) -> Result<Option<u64>, InputError> {
        let next = last.saturating_mul(2).clamp(last + 1, most);
        let refusal = |steps| self.plan.read(self.setting, self.setting.value(steps)).err();
        let Some(mut error) = refusal(next) else { return Ok(Some(next)) };
        if self.plan.most.is_some() {
            return Err(error);
        }
        let (mut takes, mut refuses) = (last, next);
        while refuses - takes > 1 {
            let middle = takes.midpoint(refuses);
            match refusal(middle) {
                Some(reason) => (refuses, error) = (middle, reason),
                None => takes = middle,
            }
        }
        self.bound = Some(SettingBound { most: self.setting.value(takes), beyond: error });
        Ok(Some(takes).filter(|takes| *takes > last))
    }

    /// Returns whether the metric is the same in every run of two values.
    fn are_alike(&self, one: u64, other: u64) -> bool {
        let values = |steps| {
            self.curve.at(self.setting.value(steps)).map(|point| point.values(&self.plan.target.metric))
        };
        values(one) == values(other)
    }

    /// Returns whether the target is shown to hold at a value, which is run unless it was before.
    fn holds(&mut self, steps: u64) -> Result<bool, InputError> {
        let value = self.setting.value(steps);
        if self.curve.at(value).is_none() {
            let point = self.look(value, false)?;
            self.curve.add(point);
        }
        let point = self.curve.at(value).expect("it was tried");
        Ok(point.estimate.status == TargetStatus::Holds)
    }

    /// Runs a value; an exhaustive look makes all replications where the runs are alike.
    fn look(&self, setting: SettingValue, exhaustive: bool) -> Result<CurvePoint, InputError> {
        let plan = self.plan;
        let rule = LookRule {
            targets: std::slice::from_ref(&plan.target),
            replications: plan.replications,
            most_replications: plan.most_replications,
            confidence: plan.confidence,
            fits: self.fits,
            cache: &self.cache,
            exhaustive,
            listener: self.listener,
        };
        let Look { figures, certain, estimates } = rule.look(&plan.read(self.setting, setting)?)?;
        Ok(CurvePoint { setting, figures, certain, estimate: estimates[0] })
    }
}

impl Bracket {
    /// Returns the bracket of a value at which the target held or not, and one where it is the other way.
    fn of(held: bool, one: u64, other: u64) -> Bracket {
        match held {
            true => Bracket { holds: one, fails: other },
            false => Bracket { holds: other, fails: one },
        }
    }
}
