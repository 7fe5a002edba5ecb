//! Search of a recommendation: the optimum of every future, and the point of least regret over all of them.

use plimsoll_base::input::InputError;

use super::branch_and_bound::branch_and_bound;
use super::evaluator::{Evaluation, Evaluator, TriedPoint};
use super::optimum::{DecisionPoint, Judge, Optimum, SearchStop, Space};
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
    /// Point of least regret, where there are several futures: its cost is the most that it costs above the optimum of a future.
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
    /// Point with which all targets hold.
    pub holds: DecisionPoint,
    /// Point with no less of anything, with which one is shown to fail.
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
    let hurt = if checked.is_exact() { hurt(&checked.space(), &tried) } else { None };
    Ok(Recommendation { checked, optima, least_regret, tried, runs, hurt })
}

/// Searches for an optimum that stands with as many runs as are allowed, where the first were alike. The search goes on from what
/// is known where it does not.
fn search_from(
    checked: &CheckedPlan,
    start: &DecisionPoint,
    judge: &mut dyn Judge,
) -> Result<Optimum, InputError> {
    loop {
        let optimum = match checked.is_exact() {
            true => branch_and_bound(&checked.space(), start, judge),
            false => pattern_search(&checked.space(), start, judge),
        }?;
        let Some((point, _)) = &optimum.best else { return Ok(optimum) };
        match judge.confirm(point) {
            Ok(true) => return Ok(optimum),
            Ok(false) => {}
            Err(SearchStop::BudgetSpent) => return Ok(Optimum { is_proven: false, spent: true, ..optimum }),
            Err(SearchStop::Refused(error)) => return Err(error),
        }
    }
}

/// Returns the first pair of points that shows that more of a setting hurts. Points on which the runs do not decide, and those
/// that are no scenarios, show nothing.
fn hurt(space: &Space, tried: &[TriedPoint]) -> Option<Hurt> {
    let failing = tried.iter().filter(|tried| tried.evaluation.is_shown_to_fail());
    let pairs = failing.flat_map(|misses| tried.iter().map(move |holds| (misses, holds)));
    let shows = |(misses, holds): &(&TriedPoint, &TriedPoint)| {
        misses.future == holds.future
            && holds.evaluation.is_feasible()
            && space.has_no_more(&holds.point, &misses.point)
    };
    let (misses, holds) = { pairs }.find(shows)?;
    Some(Hurt { holds: holds.point.clone(), misses: misses.point.clone() })
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

    /// Returns what was found of the recommended point: in the middle future, or in every future that it was chosen for.
    pub fn of_recommended(&self) -> Vec<&Evaluation> {
        let Some(point) = self.recommended() else { return Vec::new() };
        let futures = match self.least_regret {
            None => 0..1,
            Some(_) => 0..self.optima.len(),
        };
        let has_optimum = |future: &usize| self.optima[*future].best.is_some();
        futures.filter(has_optimum).filter_map(|future| self.evaluation(point, future)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommendation::optimum::VariableAxis;
    use crate::sizing::{Estimate, TargetStatus};

    fn tried(position: u64, future: usize, status: TargetStatus) -> TriedPoint {
        let estimates = vec![Estimate { mean: None, interval: None, status, alike: false }];
        TriedPoint {
            point: DecisionPoint(vec![position]),
            future,
            evaluation: Evaluation::made_up(estimates),
        }
    }

    #[test]
    fn more_hurts_only_where_a_target_is_shown_to_fail_in_the_same_future() {
        use TargetStatus::{Fails, Holds, NotShown};
        let space = Space { axes: vec![VariableAxis::Numeric { count: 9, step_cost: 1.0 }] };
        let shown = |points: &[(u64, usize, TargetStatus)]| {
            let points: Vec<TriedPoint> =
                points.iter().map(|(at, future, status)| tried(*at, *future, *status)).collect();
            hurt(&space, &points).map(|hurt| (hurt.holds.0[0], hurt.misses.0[0]))
        };
        assert_eq!(shown(&[(3, 0, Holds), (5, 0, Fails)]), Some((3, 5)));
        assert_eq!(shown(&[(3, 0, Holds), (5, 0, NotShown)]), None);
        assert_eq!(shown(&[(3, 0, Holds), (5, 1, Fails)]), None);
        assert_eq!(shown(&[(3, 0, Fails), (5, 0, Holds)]), None);
    }
}
