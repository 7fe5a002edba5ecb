//! Runs of a sweep by point: those that differ in nothing but their seed, and the spread of a figure over them.

use std::collections::BTreeMap;

/// Returns the runs of each point, in the order in which these first come. Runs with equal keys are of one point.
pub fn by_point(runs: usize, key: impl Fn(usize) -> String) -> Vec<Vec<usize>> {
    let mut points: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for run in 0..runs {
        let point = *known.entry(key(run)).or_insert(points.len());
        if point == points.len() {
            points.push(Vec::new());
        }
        points[point].push(run);
    }
    points
}

/// Spread of a figure over some runs, in the unit of the figure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// Least value.
    pub least: f64,
    /// Mean.
    pub mean: f64,
    /// Greatest value.
    pub greatest: f64,
}

impl Spread {
    /// Returns the spread of the values that are numbers; `None` where there is none.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Spread> {
        let known: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        (!known.is_empty()).then(|| Spread {
            least: known.iter().copied().fold(f64::INFINITY, f64::min),
            mean: known.iter().sum::<f64>() / known.len() as f64,
            greatest: known.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_come_in_the_order_in_which_they_first_do() {
        let keys = ["b", "a", "b", "c", "a"];
        assert_eq!(by_point(5, |run| keys[run].to_string()), [vec![0, 2], vec![1, 4], vec![3]]);
        assert_eq!(by_point(0, |_| unreachable!()), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        assert_eq!(spread(&[f64::NAN]), None);
        assert_eq!(spread(&[5.0, f64::NAN, 9.0]), Some(Spread { least: 5.0, mean: 7.0, greatest: 9.0 }));
    }
}
