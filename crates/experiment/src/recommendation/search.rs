//! Search of a recommendation: the optimum of every future, and the point of least regret over all of them.

use plimsoll_base::input::InputError;

use super::branch_and_bound::branch_and_bound;
use super::evaluator::{Evaluation, Evaluator, TriedPoint};
use super::optimum::{DecisionPoint, Judge, Optimum};
use super::pattern_search::pattern_search;
use super::plan::CheckedPlan;
use crate::replicate::ProgressListener;
use crate::sizing::Fits;

/// Result of a search.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// Plan that was searched.
    pub checked: CheckedPlan,
    /// Optimum of each future; that of the middle first, which is the point of least cost.
    pub optima: Vec<Optimum>,
    /// DecisionPoint of least regret, where there are several futures: its cost is the most that it costs above the optimum of a future.
    pub least_regret: Option<Optimum>,
    /// Points that were tried, in order.
    pub tried: Vec<TriedPoint>,
    /// Runs that were made.
    pub runs: usize,
    /// A pair of points that shows that more of a setting hurts, if one was met.
    pub hurt: Option<Hurt>,
}

/// Two points in one future, of which the one with no less of any number misses a target that the other meets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hurt {
    /// DecisionPoint with which all targets hold.
    pub holds: DecisionPoint,
    /// DecisionPoint with no less of anything, with which one does not.
    pub misses: DecisionPoint,
}

/// Searches for what a plan asks.
pub fn search(
    checked: CheckedPlan,
    fits: Fits<'_>,
    listener: &dyn ProgressListener,
) -> Result<Recommendation, InputError> {
    let mut evaluator = Evaluator::new(&checked, fits, listener);
    let mut optima: Vec<Optimum> = Vec::new();
    let mut start = checked.own_point();
    for future in 0..checked.futures.len() {
        let optimum = search_from(&checked, &start, &mut evaluator.in_future(future))?;
        // Futures are alike: the optimum of one is a good beginning for the next.
        if let Some((point, _)) = &optimum.best {
            start = point.clone();
        }
        optima.push(optimum);
    }
    let mut least_regret = None;
    if checked.futures.len() > 1 {
        let least = optima.iter().map(|optimum| optimum.best.as_ref().map(|(_, cost)| *cost)).collect();
        least_regret = Some(search_from(&checked, &start, &mut evaluator.by_regret(least))?);
    }
    let runs = evaluator.runs();
    let tried = evaluator.into_tried();
    let hurt = if checked.is_exact() { hurt(&checked, &tried) } else { None };
    Ok(Recommendation { checked, optima, least_regret, tried, runs, hurt })
}

fn search_from(
    checked: &CheckedPlan,
    start: &DecisionPoint,
    judge: &mut dyn Judge,
) -> Result<Optimum, InputError> {
    match checked.is_exact() {
        true => branch_and_bound(&checked.space(), start, judge),
        false => pattern_search(&checked.space(), start, judge),
    }
}

/// Returns the first pair of points that shows that more of a setting hurts.
fn hurt(checked: &CheckedPlan, tried: &[TriedPoint]) -> Option<Hurt> {
    let space = checked.space();
    let has_no_less = |point: &DecisionPoint, other: &DecisionPoint| {
        let mut pairs = space.axes.iter().zip(point.0.iter().zip(&other.0));
        pairs.all(|(axis, (own, others))| if axis.is_numeric() { own >= others } else { own == others })
    };
    let (holding, missing): (Vec<&TriedPoint>, Vec<&TriedPoint>) =
        tried.iter().partition(|tried| tried.evaluation.is_feasible());
    let pairs = missing.iter().flat_map(|misses| holding.iter().map(move |holds| (misses, holds)));
    let mut shown = pairs
        .filter(|(misses, holds)| misses.future == holds.future && has_no_less(&misses.point, &holds.point));
    shown.next().map(|(misses, holds)| Hurt { holds: holds.point.clone(), misses: misses.point.clone() })
}

impl Recommendation {
    /// Returns the point that is recommended: that of least regret where there are several futures, else of least cost.
    pub fn recommended(&self) -> Option<&DecisionPoint> {
        let optimum = self.least_regret.as_ref().or(self.optima.first())?;
        optimum.best.as_ref().map(|(point, _)| point)
    }

    /// Returns what was found of a point in a future, if it was tried.
    pub fn evaluation(&self, point: &DecisionPoint, future: usize) -> Option<&Evaluation> {
        let mut tried = self.tried.iter();
        tried.find(|tried| tried.future == future && tried.point == *point).map(|tried| &tried.evaluation)
    }
}
