//! Evaluator: points are run, once in each future, and judged.

use std::collections::BTreeMap;

use plimsoll_base::input::InputError;

use super::optimum::{DecisionPoint, Judge, PointJudgement, SearchStop};
use super::plan::CheckedPlan;
use crate::figures::Figures;
use crate::replicate::ProgressListener;
use crate::sizing::{Estimate, Fits, Look, LookRule, Relation, Target, TargetStatus};
use crate::statistics;
use crate::trace_cache::TraceCache;

/// Findings of the runs of a point in a future.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Cost, of what runs tell the mean over the first replications, which all points have.
    pub cost: f64,
    /// Estimate for each target.
    pub estimates: Vec<Estimate>,
    /// Number of runs that meet each target by themselves.
    pub met: Vec<usize>,
    /// Number of runs.
    pub runs: usize,
    /// True if the seed plays no part.
    pub certain: bool,
    /// Digest of each run.
    pub digests: Vec<String>,
    /// Reasons why the figures of each run may mislead.
    pub warnings: Vec<Vec<String>>,
    /// Reason why the point is no scenario and was not run.
    pub refused: Option<InputError>,
}

impl Evaluation {
    /// Returns the evaluation of a point that is no scenario.
    fn refused(cost: f64, error: InputError) -> Evaluation {
        Evaluation {
            cost,
            estimates: Vec::new(),
            met: Vec::new(),
            runs: 0,
            certain: true,
            digests: Vec::new(),
            warnings: Vec::new(),
            refused: Some(error),
        }
    }

    /// Returns how far it is from its targets: the sum over targets of the distance of the nearer end of what is known, relative to
    /// the target; 0 where all hold.
    fn shortfall(&self, targets: &[Target]) -> f64 {
        if self.refused.is_some() {
            return f64::INFINITY;
        }
        targets.iter().zip(&self.estimates).map(|(target, estimate)| shortfall(target, estimate)).sum()
    }

    /// Returns whether the runs show that a target fails.
    pub fn is_shown_to_fail(&self) -> bool {
        self.estimates.iter().any(|estimate| estimate.status == TargetStatus::Fails)
    }

    /// Makes up an evaluation for tests.
    #[cfg(test)]
    pub fn made_up(estimates: Vec<Estimate>) -> Evaluation {
        let refused = InputError(Vec::new());
        Evaluation { estimates, runs: 1, refused: None, ..Evaluation::refused(0.0, refused) }
    }

    /// Returns whether the random runs have one value of a target's metric, which shows little where they are few.
    pub fn is_alike(&self) -> bool {
        self.estimates.iter().any(|estimate| estimate.alike)
    }

    /// Returns whether all targets hold.
    pub fn is_feasible(&self) -> bool {
        self.refused.is_none() && self.estimates.iter().all(|estimate| estimate.status == TargetStatus::Holds)
    }
}

/// Point that was tried, in a future.
#[derive(Clone, Debug)]
pub struct TriedPoint {
    /// Point.
    pub point: DecisionPoint,
    /// Position of the future.
    pub future: usize,
    /// Findings of its runs.
    pub evaluation: Evaluation,
}

/// Evaluator of the points of a plan, which keeps what it has run.
pub struct Evaluator<'a> {
    checked: &'a CheckedPlan,
    fits: Fits<'a>,
    listener: &'a dyn ProgressListener,
    /// Trace of the runs.
    cache: TraceCache,
    tried: Vec<TriedPoint>,
    /// Position in `tried` by point and future.
    known: BTreeMap<(DecisionPoint, usize), usize>,
    runs: usize,
}

impl<'a> Evaluator<'a> {
    /// Returns an evaluator that has run nothing.
    pub fn new(
        checked: &'a CheckedPlan,
        fits: Fits<'a>,
        listener: &'a dyn ProgressListener,
    ) -> Evaluator<'a> {
        Evaluator {
            checked,
            fits,
            listener,
            cache: TraceCache::default(),
            tried: Vec::new(),
            known: BTreeMap::new(),
            runs: 0,
        }
    }

    /// Returns the runs that were made.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// Returns what was tried, in the order in which it was.
    pub fn into_tried(self) -> Vec<TriedPoint> {
        self.tried
    }

    /// Runs a point in a future, unless it was run before.
    pub fn evaluate(&mut self, point: &DecisionPoint, future: usize) -> Result<&Evaluation, SearchStop> {
        if let Some(at) = self.known.get(&(point.clone(), future)) {
            return Ok(&self.tried[*at].evaluation);
        }
        if self.runs >= self.checked.plan.budget {
            return Err(SearchStop::BudgetSpent);
        }
        let evaluation = self.run(point, future, false)?;
        self.runs += evaluation.runs;
        self.known.insert((point.clone(), future), self.tried.len());
        self.tried.push(TriedPoint { point: point.clone(), future, evaluation });
        Ok(&self.tried.last().expect("one was pushed").evaluation)
    }

    /// Makes all runs that are allowed of a point whose first runs were alike, and returns whether all targets hold with them.
    fn confirm(&mut self, point: &DecisionPoint, future: usize) -> Result<bool, SearchStop> {
        let most = self.checked.plan.most_replications;
        let known = self.evaluate(point, future)?;
        if !known.is_alike() || known.runs >= most {
            return Ok(known.is_feasible());
        }
        if self.runs >= self.checked.plan.budget {
            return Err(SearchStop::BudgetSpent);
        }
        let evaluation = self.run(point, future, true)?;
        self.runs += evaluation.runs;
        let at = self.known[&(point.clone(), future)];
        self.tried[at].evaluation = evaluation;
        Ok(self.tried[at].evaluation.is_feasible())
    }

    /// Runs a point in a future; where `exhaustive`, all replications of runs that are alike.
    fn run(&self, point: &DecisionPoint, future: usize, exhaustive: bool) -> Result<Evaluation, InputError> {
        let checked = self.checked;
        let known_cost = checked.plan.cost.known(&checked.variables, point);
        let scenario = match checked.read(point, &checked.futures[future]) {
            Ok(scenario) => scenario,
            Err(error) => return Ok(Evaluation::refused(known_cost, error)),
        };
        let rule = LookRule {
            targets: &checked.targets,
            replications: checked.plan.replications,
            most_replications: checked.plan.most_replications,
            confidence: checked.plan.confidence,
            fits: self.fits,
            cache: &self.cache,
            exhaustive,
            listener: self.listener,
        };
        let Look { figures, certain, estimates } = rule.look(&scenario)?;
        let measured = |figures: &Figures| checked.plan.cost.measured(&checked.variables, figures);
        let common = figures.iter().take(checked.plan.replications);
        let measured = common.map(measured).collect::<Result<Vec<f64>, InputError>>()?;
        let met = checked.targets.iter().map(|target| target.runs_that_meet(&figures)).collect();
        let (digests, warnings): (Vec<_>, Vec<_>) =
            figures.into_iter().map(|run| (run.digest, run.warnings)).unzip();
        Ok(Evaluation {
            cost: known_cost + statistics::mean(&measured),
            estimates,
            met,
            runs: warnings.len(),
            certain,
            digests,
            warnings,
            refused: None,
        })
    }

    /// Returns the judge of one future.
    pub fn in_future<'b>(&'b mut self, future: usize) -> FutureJudge<'b, 'a> {
        FutureJudge { evaluator: self, future }
    }

    /// Returns the judge of all futures together, by regret: the most that a point costs above the optimum of a future. Futures
    /// without an optimum are left out.
    pub fn by_regret<'b>(&'b mut self, least: Vec<Option<f64>>) -> RegretJudge<'b, 'a> {
        RegretJudge { evaluator: self, least }
    }
}

/// Returns how far a point is from a target, relative to it; 0 where it holds.
fn shortfall(target: &Target, estimate: &Estimate) -> f64 {
    if estimate.status == TargetStatus::Holds {
        return 0.0;
    }
    let Some(interval) = estimate.interval else { return f64::INFINITY };
    let distance = match target.relation {
        Relation::AtLeast | Relation::Above => target.value - interval.low,
        Relation::AtMost | Relation::Below => interval.high - target.value,
    };
    let scale = target.value.abs();
    // A target that is missed is missed by more than nothing, even where `>` meets its own number.
    (distance / if scale > 0.0 { scale } else { 1.0 }).max(f64::MIN_POSITIVE)
}

/// Judge of points in one future, by cost.
pub struct FutureJudge<'b, 'a> {
    evaluator: &'b mut Evaluator<'a>,
    future: usize,
}

impl Judge for FutureJudge<'_, '_> {
    fn known_cost(&self, point: &DecisionPoint) -> f64 {
        let checked = self.evaluator.checked;
        checked.plan.cost.known(&checked.variables, point)
    }

    fn judge(&mut self, point: &DecisionPoint) -> Result<PointJudgement, SearchStop> {
        let targets = &self.evaluator.checked.targets;
        let evaluation = self.evaluator.evaluate(point, self.future)?;
        Ok(PointJudgement { cost: evaluation.cost, shortfall: evaluation.shortfall(targets) })
    }

    fn confirm(&mut self, point: &DecisionPoint) -> Result<bool, SearchStop> {
        self.evaluator.confirm(point, self.future)
    }
}

/// Judge of points in all futures, by regret.
pub struct RegretJudge<'b, 'a> {
    evaluator: &'b mut Evaluator<'a>,
    /// Cost of the optimum of each future.
    least: Vec<Option<f64>>,
}

impl RegretJudge<'_, '_> {
    /// Returns the cost of the cheapest optimum.
    fn least_of_all(&self) -> f64 {
        self.least.iter().flatten().copied().min_by(f64::total_cmp).unwrap_or(0.0)
    }
}

impl Judge for RegretJudge<'_, '_> {
    fn known_cost(&self, point: &DecisionPoint) -> f64 {
        // A cost that is known is the same in all futures: it is regretted most where the optimum costs least.
        let checked = self.evaluator.checked;
        checked.plan.cost.known(&checked.variables, point) - self.least_of_all()
    }

    fn judge(&mut self, point: &DecisionPoint) -> Result<PointJudgement, SearchStop> {
        let checked = self.evaluator.checked;
        let mut worst = PointJudgement { cost: f64::NEG_INFINITY, shortfall: 0.0 };
        // The last future has the upper ends, which are likely to be the hardest.
        for (future, least) in self.least.iter().enumerate().rev() {
            let Some(least) = least else { continue };
            let evaluation = self.evaluator.evaluate(point, future)?;
            worst.cost = worst.cost.max(evaluation.cost - least);
            worst.shortfall = worst.shortfall.max(evaluation.shortfall(&checked.targets));
            // Branch and bound asks only whether all hold.
            if worst.shortfall > 0.0 && checked.is_exact() {
                break;
            }
        }
        Ok(worst)
    }

    fn confirm(&mut self, point: &DecisionPoint) -> Result<bool, SearchStop> {
        for (future, least) in self.least.iter().enumerate() {
            if least.is_some() && !self.evaluator.confirm(point, future)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
