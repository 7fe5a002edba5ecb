//! Branch and bound: the cheapest point with which all targets hold, where the cost is known before a run and rises with every
//! number, and where more of a number never hurts.
//!
//! A [`Box`] of points is open as long as its least corner costs less than the best point. The box of the lowest bound is
//! tried at one point, between that bound and the cost of the best. A point that holds is the new best. One that does not
//! rules out every point with no more of anything, and what is left of the box is split (Land and Doig, "An automatic
//! method of solving discrete programming problems", Econometrica 28, 1960, for the scheme).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use plimsoll_base::input::InputError;

use super::optimum::{DecisionPoint, Judge, Optimum, SearchStop, Space, VariableAxis};

/// Searches a space in which every step of a number has a cost above 0. `start` is tried first.
pub fn branch_and_bound(
    space: &Space,
    start: &DecisionPoint,
    judge: &mut dyn Judge,
) -> Result<Optimum, InputError> {
    assert!(space.is_priced(), "branch and bound needs a cost for every step");
    let mut search =
        Search { space, best: None, missed: Vec::new(), open: BinaryHeap::new(), made: 0, level: 0.5 };
    let ended = search.run(start, judge);
    Optimum::ended(search.best, ended.map(|()| true))
}

/// Search in progress.
struct Search<'a> {
    space: &'a Space,
    best: Option<(DecisionPoint, f64)>,
    /// Points with which a target does not hold.
    missed: Vec<DecisionPoint>,
    open: BinaryHeap<OpenBox>,
    /// Number of boxes that were made, which orders boxes of one bound.
    made: u64,
    /// Share of the way from the bound to the best cost at which a box is tried: half of it while points hold, more after
    /// each that does not, because what is left then is likely to be ruled out.
    level: f64,
}

/// Points between two corners, both included; of listed values one combination.
#[derive(Clone, PartialEq, Debug)]
struct OpenBox {
    low: DecisionPoint,
    high: DecisionPoint,
    /// Cost of the least corner.
    bound: f64,
    number: u64,
}

impl Eq for OpenBox {}

impl Ord for OpenBox {
    /// Orders by the lowest bound, then by age: the greatest is tried first.
    fn cmp(&self, other: &OpenBox) -> Ordering {
        other.bound.total_cmp(&self.bound).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for OpenBox {
    fn partial_cmp(&self, other: &OpenBox) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Search<'_> {
    fn run(&mut self, start: &DecisionPoint, judge: &mut dyn Judge) -> Result<(), SearchStop> {
        self.try_point(start, judge)?;
        for low in self.space.listed_combinations() {
            let high = self.space.greatest(&low);
            // Where the most of everything does not do, nothing does.
            if self.try_point(&high, judge)? {
                self.open(low, high, judge);
            }
        }
        while let Some(next) = self.open.pop() {
            let best = self.best.as_ref().map_or(f64::INFINITY, |(_, cost)| *cost);
            if next.bound >= best {
                break;
            }
            let aim = self.aim(&next, best, judge);
            if self.try_point(&aim, judge)? {
                self.level = 0.5;
                self.open.push(next);
            } else {
                self.level = (1.0 + self.level) / 2.0;
                self.split(&next, &aim, judge);
            }
        }
        Ok(())
    }

    /// Judges a point, unless one with no less of anything has missed a target, and returns whether all hold.
    fn try_point(&mut self, point: &DecisionPoint, judge: &mut dyn Judge) -> Result<bool, SearchStop> {
        if self.is_ruled_out(point) {
            return Ok(false);
        }
        let judgement = judge.judge(point)?;
        if !judgement.is_feasible() {
            self.missed.push(point.clone());
        } else if self.best.as_ref().is_none_or(|(_, cost)| judgement.cost < *cost) {
            self.best = Some((point.clone(), judgement.cost));
        }
        Ok(judgement.is_feasible())
    }

    fn is_ruled_out(&self, point: &DecisionPoint) -> bool {
        self.missed.iter().any(|missed| self.space.has_no_more(point, missed))
    }

    fn open(&mut self, low: DecisionPoint, high: DecisionPoint, judge: &dyn Judge) {
        if self.is_ruled_out(&high) {
            return;
        }
        self.made += 1;
        self.open.push(OpenBox { bound: judge.known_cost(&low), low, high, number: self.made });
    }

    /// Opens what is left of a box without the points that have no more of anything than `missed`.
    fn split(&mut self, whole: &OpenBox, missed: &DecisionPoint, judge: &dyn Judge) {
        let (low, mut high) = (whole.low.clone(), whole.high.clone());
        for at in 0..low.0.len() {
            if missed.0[at] < high.0[at] {
                let mut above = low.clone();
                above.0[at] = missed.0[at] + 1;
                self.open(above, high.clone(), judge);
            }
            // What is left has no more of this one.
            high.0[at] = missed.0[at];
        }
    }

    /// Returns the point of a box at which to try it: its cost is below that of the best, and what it costs above the least
    /// corner is shared equally among the numbers, which rules out most where it does not hold.
    fn aim(&self, whole: &OpenBox, best: f64, judge: &dyn Judge) -> DecisionPoint {
        let level = whole.bound + self.level * (best - whole.bound);
        let mut point = whole.low.clone();
        let step_cost = |at: usize| match self.space.axes[at] {
            VariableAxis::Numeric { step_cost, .. } => step_cost,
            VariableAxis::Listed { .. } => 0.0,
        };
        let mut free: Vec<usize> =
            (0..point.0.len()).filter(|at| whole.low.0[*at] < whole.high.0[*at]).collect();
        // Whatever takes less than its share to the upper end has it whole: from the cheapest on.
        let to_the_end = |at: usize| (whole.high.0[at] - whole.low.0[at]) as f64 * step_cost(at);
        free.sort_by(|a, b| to_the_end(*a).total_cmp(&to_the_end(*b)));
        for (number, at) in free.iter().enumerate() {
            let left = level - judge.known_cost(&point);
            let share = left / (free.len() - number) as f64;
            let steps = (share / step_cost(*at)).floor().max(0.0) as u64;
            point.0[*at] += steps.min(whole.high.0[*at] - whole.low.0[*at]);
        }
        // What rounding left buys more of the cheapest.
        free.sort_by(|a, b| step_cost(*a).total_cmp(&step_cost(*b)));
        for at in &free {
            let left = level - judge.known_cost(&point);
            let steps = (left / step_cost(*at)).floor().max(0.0) as u64;
            point.0[*at] += steps.min(whole.high.0[*at] - point.0[*at]);
        }
        while judge.known_cost(&point) >= best {
            let at = free.iter().find(|at| point.0[**at] > whole.low.0[**at]);
            point.0[*at.expect("the least corner costs less than the best")] -= 1;
        }
        point
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommendation::optimum::PointJudgement;
    use plimsoll_base::engine::random::{Purpose, Seed, Stream};

    /// Made-up world: a point holds if it has as much as one of some least points, with the same listed values.
    struct World {
        space: Space,
        least: Vec<DecisionPoint>,
        judged: Vec<DecisionPoint>,
    }

    impl World {
        fn new(axes: Vec<VariableAxis>, least: Vec<DecisionPoint>) -> World {
            World { space: Space { axes }, least, judged: Vec::new() }
        }

        fn holds(&self, point: &DecisionPoint) -> bool {
            let has = |least: &DecisionPoint| self.space.has_no_more(least, point);
            self.least.iter().any(has)
        }

        fn cost(&self, point: &DecisionPoint) -> f64 {
            let of = |(axis, own): (&VariableAxis, &u64)| match axis {
                VariableAxis::Numeric { step_cost, .. } => step_cost * *own as f64,
                VariableAxis::Listed { .. } => 0.0,
            };
            self.space.axes.iter().zip(&point.0).map(of).sum()
        }

        /// Returns the cost of the optimum: the cheapest of the least points.
        fn enumerated(&self) -> Option<f64> {
            self.least.iter().map(|point| self.cost(point)).min_by(f64::total_cmp)
        }

        fn search(&mut self) -> Optimum {
            let space = self.space.clone();
            let start = DecisionPoint(space.axes.iter().map(|axis| axis.count() / 2).collect());
            branch_and_bound(&space, &start, self).unwrap()
        }
    }

    impl Judge for World {
        fn known_cost(&self, point: &DecisionPoint) -> f64 {
            self.cost(point)
        }

        fn judge(&mut self, point: &DecisionPoint) -> Result<PointJudgement, SearchStop> {
            if !self.judged.contains(point) {
                self.judged.push(point.clone());
            }
            Ok(PointJudgement {
                cost: self.cost(point),
                shortfall: if self.holds(point) { 0.0 } else { 1.0 },
            })
        }
    }

    fn numeric(count: u64, step_cost: f64) -> VariableAxis {
        VariableAxis::Numeric { count, step_cost }
    }

    fn drawn_axis(draws: &mut Stream) -> VariableAxis {
        match draws.below(4) {
            0 => VariableAxis::Listed { count: 1 + draws.below(3) },
            _ => numeric(1 + draws.below(30), 1.0 + draws.below(9) as f64),
        }
    }

    #[test]
    fn the_optimum_of_drawn_worlds_is_the_enumerated_one() {
        for seed in 0..2000 {
            let mut draws = Seed(seed).stream(Purpose::Mix, 0);
            let axes: Vec<VariableAxis> = (0..1 + draws.below(4)).map(|_| drawn_axis(&mut draws)).collect();
            let mut least = |_| DecisionPoint(axes.iter().map(|axis| draws.below(axis.count())).collect());
            let least: Vec<DecisionPoint> = (0..seed % 6).map(&mut least).collect();
            let mut world = World::new(axes, least);
            let optimum = world.search();
            let found = optimum.best.as_ref().map(|(point, cost)| {
                assert!(world.holds(point), "seed {seed}: {point:?}");
                *cost
            });
            assert_eq!(found, world.enumerated(), "seed {seed}: {world:?}", world = world.space);
            assert!(optimum.is_proven, "seed {seed}");
        }
    }

    #[test]
    fn a_tenth_of_the_points_is_enough_where_two_sizes_of_host_share_the_demand() {
        // 1,000 vCPUs of hosts of 64 and 96 vCPUs, which cost 3.1 and 4.4: the points that just do lie on a line that is almost
        // the line of equal cost, which is the worst case.
        let least =
            (0..=16).map(|small| DecisionPoint(vec![small, (1000 - (64 * small).min(1000)).div_ceil(96)]));
        let mut world = World::new(vec![numeric(41, 3.1), numeric(41, 4.4)], least.collect());
        let optimum = world.search();
        assert_eq!(optimum.best.map(|(_, cost)| cost), world.enumerated());
        assert!(world.judged.len() * 10 <= 41 * 41, "{} of {}", world.judged.len(), 41 * 41);
    }

    #[test]
    fn a_budget_that_is_spent_leaves_the_best_so_far() {
        struct Poor(World, usize);
        impl Judge for Poor {
            fn known_cost(&self, point: &DecisionPoint) -> f64 {
                self.0.cost(point)
            }
            fn judge(&mut self, point: &DecisionPoint) -> Result<PointJudgement, SearchStop> {
                self.1 = self.1.checked_sub(1).ok_or(SearchStop::BudgetSpent)?;
                self.0.judge(point)
            }
        }
        let world = World::new(vec![numeric(1000, 1.0)], vec![DecisionPoint(vec![123])]);
        let space = world.space.clone();
        let optimum = branch_and_bound(&space, &DecisionPoint(vec![500]), &mut Poor(world, 3)).unwrap();
        assert!(optimum.spent && !optimum.is_proven);
        assert_eq!(optimum.best, Some((DecisionPoint(vec![250]), 250.0)));
    }
}
