//! Points of a sweep: the grid of the axes with listed values, crossed with the samples of the axes that are drawn.

use toml::Value;

use super::config::{Sampling, SweepAxis};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};

/// The value of every axis, in the order of the axes.
pub type DesignPoint = Vec<Value>;

/// Returns the number of points; `usize::MAX` where there are more than can be counted.
pub fn count(axes: &[SweepAxis], samples: u32) -> usize {
    let listed = axes.iter().map(|axis| match axis {
        SweepAxis::Listed(values) => values.len(),
        SweepAxis::Whole(..) | SweepAxis::Real(..) => 1,
    });
    let grid = listed.fold(1, usize::saturating_mul);
    let is_drawn = axes.iter().any(|axis| !matches!(axis, SweepAxis::Listed(_)));
    if is_drawn { grid.saturating_mul(samples as usize) } else { grid }
}

/// Returns every point. The first axis changes slowest, the samples fastest, and the same samples are taken at every point
/// of the grid.
pub fn points(axes: &[SweepAxis], design: Sampling, samples: u32, seed: Seed) -> Vec<DesignPoint> {
    let drawn: Vec<Option<Vec<Value>>> = axes
        .iter()
        .zip(0..)
        .map(|(axis, number)| draw(axis, &positions(design, samples, seed, number)))
        .collect();
    let mut points: Vec<DesignPoint> = vec![Vec::with_capacity(axes.len())];
    // A placeholder stands for each axis that is drawn until the grid is complete.
    for axis in axes {
        let values: &[Value] = match axis {
            SweepAxis::Listed(values) => values,
            SweepAxis::Whole(..) | SweepAxis::Real(..) => &[Value::Integer(0)],
        };
        points = points.iter().flat_map(|point| values.iter().map(|value| with(point, value))).collect();
    }
    if drawn.iter().all(Option::is_none) {
        return points;
    }
    let of_sample = |point: &DesignPoint, sample: usize| -> DesignPoint {
        let cells = point.iter().zip(&drawn);
        cells.map(|(listed, drawn)| drawn.as_ref().map_or(listed, |drawn| &drawn[sample]).clone()).collect()
    };
    points.iter().flat_map(|point| (0..samples as usize).map(|sample| of_sample(point, sample))).collect()
}

fn with(point: &DesignPoint, value: &Value) -> DesignPoint {
    let mut longer = point.clone();
    longer.push(value.clone());
    longer
}

/// Returns the position of each sample on an axis, in [0, 1).
fn positions(design: Sampling, samples: u32, seed: Seed, axis: u64) -> Vec<f64> {
    let mut values = seed.stream(Purpose::Design, 2 * axis);
    let mut within = || 1.0 - values.unit();
    match design {
        Sampling::Grid => Vec::new(),
        Sampling::Random => (0..samples).map(|_| within()).collect(),
        Sampling::LatinHypercube => {
            let strata = shuffled(samples, seed.stream(Purpose::Design, 2 * axis + 1));
            strata.into_iter().map(|stratum| (f64::from(stratum) + within()) / f64::from(samples)).collect()
        }
    }
}

/// Returns the numbers below `count` in random order (Fisher and Yates).
fn shuffled(count: u32, mut stream: Stream) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).collect();
    for last in (1..numbers.len()).rev() {
        numbers.swap(last, stream.below(last as u64 + 1) as usize);
    }
    numbers
}

/// Returns the values of an axis at some positions; `None` where it draws nothing.
fn draw(axis: &SweepAxis, positions: &[f64]) -> Option<Vec<Value>> {
    let at: Box<dyn Fn(f64) -> Value> = match *axis {
        SweepAxis::Listed(_) => return None,
        SweepAxis::Whole(low, high) => Box::new(move |position| {
            let width = high.abs_diff(low) as f64 + 1.0;
            // A width beyond 2⁵³ rounds, and could step over the end.
            Value::Integer(low.saturating_add_unsigned((position * width) as u64).min(high))
        }),
        SweepAxis::Real(low, high) => Box::new(move |position| Value::Float(low + position * (high - low))),
    };
    Some(positions.iter().map(|position| at(*position)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(values: &[i64]) -> SweepAxis {
        SweepAxis::Listed(values.iter().copied().map(Value::Integer).collect())
    }

    fn shown(points: &[DesignPoint]) -> Vec<String> {
        points.iter().map(|point| point.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn the_first_axis_of_a_grid_changes_slowest() {
        let axes = [whole(&[1, 2]), SweepAxis::Listed(vec![Value::from("a"), Value::from("b")]), whole(&[7])];
        let points = points(&axes, Sampling::Grid, 0, Seed(42));
        assert_eq!(count(&axes, 0), 4);
        let long = vec![whole(&[0; 1000]); 8];
        assert_eq!(count(&long, 0), usize::MAX);
        assert_eq!(shown(&points), ["1 \"a\" 7", "1 \"b\" 7", "2 \"a\" 7", "2 \"b\" 7"]);
    }

    #[test]
    fn samples_are_the_same_at_every_point_of_the_grid() {
        let axes = [SweepAxis::Whole(1, 9), whole(&[1, 2]), SweepAxis::Real(0.0, 1.0)];
        for design in [Sampling::Random, Sampling::LatinHypercube] {
            let all = points(&axes, design, 5, Seed(1));
            assert_eq!((all.len(), count(&axes, 5)), (10, 10));
            for sample in 0..5 {
                let (first, second) = (&all[sample], &all[5 + sample]);
                assert_eq!((&first[0], &first[2]), (&second[0], &second[2]));
                assert_eq!((&first[1], &second[1]), (&Value::Integer(1), &Value::Integer(2)));
            }
            assert_eq!(all, points(&axes, design, 5, Seed(1)));
            assert_ne!(all, points(&axes, design, 5, Seed(2)));
        }
    }

    #[test]
    fn a_latin_hypercube_has_one_sample_in_every_stratum_of_every_axis() {
        let axes = [SweepAxis::Real(10.0, 30.0), SweepAxis::Whole(0, 99)];
        let all = points(&axes, Sampling::LatinHypercube, 20, Seed(3));
        let stratum = |value: &Value| match value {
            Value::Float(value) => (value - 10.0) as usize,
            Value::Integer(value) => *value as usize / 5,
            other => panic!("{other}"),
        };
        for axis in 0..2 {
            let mut strata: Vec<usize> = all.iter().map(|point| stratum(&point[axis])).collect();
            assert_ne!(strata, (0..20).collect::<Vec<_>>(), "in random order");
            strata.sort_unstable();
            assert_eq!(strata, (0..20).collect::<Vec<_>>());
        }
        let strata = |axis: usize| all.iter().map(|point| stratum(&point[axis])).collect::<Vec<_>>();
        assert_ne!(strata(0), strata(1), "axes are paired at random");
    }

    #[test]
    fn draws_stay_within_their_ends() {
        let all = points(
            &[SweepAxis::Whole(-2, 2), SweepAxis::Whole(i64::MIN, i64::MAX)],
            Sampling::Random,
            500,
            Seed(4),
        );
        let mut seen: Vec<i64> = all.iter().map(|point| point[0].as_integer().unwrap()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [-2, -1, 0, 1, 2]);
    }
}
