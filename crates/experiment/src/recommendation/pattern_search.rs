//! Pattern search: a point that no neighbour betters, where the cost is known only after a run, or where more of a number may
//! hurt.
//!
//! From the best of a few points the search moves to the best neighbour as long as that is better. Neighbours differ by a
//! step, up or down, in one number or several, or in one listed value; steps begin at a quarter of the range and are halved
//! where no neighbour is better (Hooke and Jeeves, "Direct search solution of numerical and statistical problems", Journal
//! of the ACM 8, 1961, for the scheme).

use plimsoll_base::input::InputError;

use super::optimum::{DecisionPoint, Judge, Optimum, PointJudgement, SearchStop, Space, VariableAxis};

/// Most numbers of which all combinations of steps are tried: 26 neighbours. Of more, each alone and in pairs, one up and the
/// other down.
const MOST_COMBINED: usize = 3;

/// Searches a space from `start`, and from the middle and both ends of it.
pub fn pattern_search(
    space: &Space,
    start: &DecisionPoint,
    judge: &mut dyn Judge,
) -> Result<Optimum, InputError> {
    let mut best = None;
    let ended = improve(space, start, judge, &mut best);
    let best = best.filter(|(_, judgement): &(DecisionPoint, PointJudgement)| judgement.is_feasible());
    Optimum::ended(best.map(|(point, judgement)| (point, judgement.cost)), ended.map(|()| false))
}

fn improve(
    space: &Space,
    start: &DecisionPoint,
    judge: &mut dyn Judge,
    best: &mut Option<(DecisionPoint, PointJudgement)>,
) -> Result<(), SearchStop> {
    for point in starts(space, start) {
        consider(point, judge, best)?;
    }
    let mut steps: Vec<u64> = space.axes.iter().map(|axis| (axis.count() / 4).max(1)).collect();
    loop {
        let (centre, _) = best.clone().expect("a start was judged");
        for neighbour in neighbours(space, &centre, &steps) {
            consider(neighbour, judge, best)?;
        }
        let has_moved = best.as_ref().is_some_and(|(point, _)| *point != centre);
        if !has_moved {
            if steps.iter().all(|step| *step == 1) {
                return Ok(());
            }
            steps.iter_mut().for_each(|step| *step = step.div_ceil(2));
        }
    }
}

/// Judges a point and keeps it if it is better than the best.
fn consider(
    point: DecisionPoint,
    judge: &mut dyn Judge,
    best: &mut Option<(DecisionPoint, PointJudgement)>,
) -> Result<(), SearchStop> {
    let judgement = judge.judge(&point)?;
    if best.as_ref().is_none_or(|(_, known)| judgement.is_better_than(known)) {
        *best = Some((point, judgement));
    }
    Ok(())
}

fn starts(space: &Space, start: &DecisionPoint) -> Vec<DecisionPoint> {
    let with_numbers = |position: fn(u64) -> u64| {
        let of = |(axis, own): (&VariableAxis, &u64)| {
            if axis.is_numeric() { position(axis.count()) } else { *own }
        };
        DecisionPoint(space.axes.iter().zip(&start.0).map(of).collect())
    };
    vec![start.clone(), with_numbers(|count| count / 2), with_numbers(|count| count - 1), with_numbers(|_| 0)]
}

/// Returns the neighbours of a point within the space, each once.
fn neighbours(space: &Space, centre: &DecisionPoint, steps: &[u64]) -> Vec<DecisionPoint> {
    let numbers: Vec<usize> = (0..space.axes.len())
        .filter(|at| space.axes[*at].is_numeric() && space.axes[*at].count() > 1)
        .collect();
    let mut found: Vec<DecisionPoint> = Vec::new();
    let mut add = |signs: &[(usize, i8)]| {
        let mut point = centre.clone();
        for (at, sign) in signs {
            let last = space.axes[*at].count() - 1;
            point.0[*at] = match sign {
                1 => centre.0[*at].saturating_add(steps[*at]).min(last),
                -1 => centre.0[*at].saturating_sub(steps[*at]),
                _ => centre.0[*at],
            };
        }
        if point != *centre && !found.contains(&point) {
            found.push(point);
        }
    };
    if numbers.len() <= MOST_COMBINED {
        for combination in 0..3_usize.pow(numbers.len() as u32) {
            let sign = |number: usize| (combination / 3_usize.pow(number as u32) % 3) as i8 - 1;
            add(&numbers.iter().enumerate().map(|(number, at)| (*at, sign(number))).collect::<Vec<_>>());
        }
    } else {
        for at in &numbers {
            add(&[(*at, -1)]);
            add(&[(*at, 1)]);
            for other in numbers.iter().filter(|other| *other != at) {
                add(&[(*at, -1), (*other, 1)]);
            }
        }
    }
    for (at, axis) in space.axes.iter().enumerate().filter(|(_, axis)| !axis.is_numeric()) {
        for position in (0..axis.count()).filter(|position| *position != centre.0[at]) {
            let mut point = centre.clone();
            point.0[at] = position;
            found.push(point);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// World whose cost is a function, and whose points are all feasible from a function's value 0 on.
    struct Valley<'a> {
        cost: &'a dyn Fn(&[u64]) -> f64,
        shortfall: &'a dyn Fn(&[u64]) -> f64,
        judged: Vec<DecisionPoint>,
    }

    impl Judge for Valley<'_> {
        fn known_cost(&self, _: &DecisionPoint) -> f64 {
            0.0
        }

        fn judge(&mut self, point: &DecisionPoint) -> Result<PointJudgement, SearchStop> {
            if !self.judged.contains(point) {
                self.judged.push(point.clone());
            }
            Ok(PointJudgement { cost: (self.cost)(&point.0), shortfall: (self.shortfall)(&point.0) })
        }
    }

    fn numeric(count: u64) -> VariableAxis {
        VariableAxis::Numeric { count, step_cost: 0.0 }
    }

    fn search(
        axes: Vec<VariableAxis>,
        cost: &dyn Fn(&[u64]) -> f64,
        shortfall: &dyn Fn(&[u64]) -> f64,
    ) -> (Optimum, usize) {
        let start = DecisionPoint(axes.iter().map(|_| 0).collect());
        let mut valley = Valley { cost, shortfall, judged: Vec::new() };
        let optimum = pattern_search(&Space { axes }, &start, &mut valley).unwrap();
        assert!(!optimum.is_proven);
        (optimum, valley.judged.len())
    }

    #[test]
    fn a_commitment_is_as_large_as_the_use_that_pays_for_it() {
        // An hour has 10 to 109 in use; a commitment costs 0.6 for each, used or not, what is above it 1: the optimum is where
        // 60 of 100 hours use it.
        let bill = |at: &[u64]| {
            let hour = |used: u64| 0.6 * at[0] as f64 + used.saturating_sub(at[0]) as f64;
            (10..110).map(hour).sum::<f64>()
        };
        let (optimum, judged) = search(vec![numeric(1000)], &bill, &|_| 0.0);
        let least = (0..1000).map(|at| bill(&[at])).min_by(f64::total_cmp).unwrap();
        let (point, cost) = optimum.best.unwrap();
        assert_eq!(cost, least, "{point:?}");
        assert!(judged <= 50, "{judged}");
    }

    #[test]
    fn a_valley_across_two_numbers_is_followed_to_its_lowest_point() {
        let cost = |at: &[u64]| {
            let (a, b) = (at[0] as f64, at[1] as f64);
            (a - b).abs() * 10.0 + (a + b - 77.0).abs() + if at[2] == 1 { 0.0 } else { 5.0 }
        };
        let (optimum, judged) =
            search(vec![numeric(100), numeric(100), VariableAxis::Listed { count: 3 }], &cost, &|_| 0.0);
        let (point, cost) = optimum.best.unwrap();
        assert_eq!(cost, 1.0, "{point:?}");
        assert!(judged < 30_000 / 100, "{judged}");
    }

    #[test]
    fn what_misses_a_target_leads_to_what_holds() {
        let shortfall = |at: &[u64]| 40_u64.saturating_sub(at[0]) as f64;
        let (optimum, _) = search(vec![numeric(64), numeric(3)], &|at| at[0] as f64, &shortfall);
        assert_eq!(optimum.best.map(|(point, _)| point.0[0]), Some(40));
        let (optimum, _) = search(vec![numeric(64)], &|at| at[0] as f64, &|_| 1.0);
        assert_eq!(optimum.best, None);
    }

    #[test]
    fn of_many_numbers_one_is_exchanged_for_another() {
        let cost =
            |at: &[u64]| at.iter().enumerate().map(|(i, own)| (i as f64 + 1.0) * *own as f64).sum::<f64>();
        let shortfall = |at: &[u64]| 20_u64.saturating_sub(at.iter().sum()) as f64;
        let (optimum, _) = search(vec![numeric(16); 4], &cost, &shortfall);
        assert_eq!(optimum.best, Some((DecisionPoint(vec![15, 5, 0, 0]), 25.0)));
    }
}
