//! Costs that strategies give to hosts, compared exactly: a sum of ratios is never rounded.

use num_bigint::BigUint;
use std::cmp::Ordering;
use std::fmt;

use crate::expression::value::Value;
use plimsoll_base::units::RESOURCES;

/// Cost of a host for a request under a strategy: the least is best. One strategy uses one variant.
#[derive(Clone, Debug)]
pub enum Cost {
    /// The first number decides, then the second.
    Pair(u64, u64),
    /// A change decides, then a number.
    Change(i64, u64),
    /// A sum of ratios; less is better.
    Sum(RatioSum),
    /// A sum of ratios; more is better.
    LessSum(RatioSum),
    /// A number in double precision; more is better. For rules whose published results depend on its rounding.
    Most(f64),
    /// Values of the scenario's expressions: the first decides, then the next; less is better.
    Values(Box<[Value]>),
}

impl Cost {
    /// Returns the cost of taking most of `first`, then most of `second`.
    pub fn most(first: u64, second: u64) -> Cost {
        Cost::Pair(u64::MAX - first, u64::MAX - second)
    }

    /// Returns its sketch.
    pub fn sketch(&self) -> Sketch {
        match self {
            Cost::Pair(first, second) => Sketch::of_pair(Half::of(*first), *second),
            Cost::Change(change, number) => Sketch::of_pair(Half::of_signed(*change), *number),
            Cost::Sum(sum) => Sketch::of_number(sum.approximate),
            Cost::LessSum(sum) => Sketch::of_number(sum.approximate).reversed(),
            Cost::Most(number) => Sketch::of_number(*number).reversed(),
            Cost::Values(_) => Sketch::default(),
        }
    }

    /// Returns true unless an expression has no value.
    pub fn exists(&self) -> bool {
        match self {
            Cost::Values(values) => values.iter().all(Value::exists),
            Cost::Pair(..) | Cost::Change(..) | Cost::Sum(_) | Cost::LessSum(_) | Cost::Most(_) => true,
        }
    }
}

/// Number that orders costs where two of them are not close. It takes the place of a cost where many are compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sketch(u64);

impl Sketch {
    /// Returns the order of the costs of two sketches, if the sketches decide it.
    #[inline]
    pub fn decides(self, other: Sketch) -> Option<Ordering> {
        (self.0.abs_diff(other.0) > 1).then(|| self.0.cmp(&other.0))
    }

    /// Returns the sketch of two numbers of which the first decides, given in half the bits, unless it is one of several numbers.
    fn of_pair(first: Half, second: u64) -> Sketch {
        match first {
            Half::One(first) => Sketch(first << 32 | Half::of(second).value()),
            Half::OneOfSeveral(first) => Sketch(first << 32),
        }
    }

    /// Returns the sketch of a number in double precision: its order among the others, without the last bits.
    fn of_number(number: f64) -> Sketch {
        let bits = number.to_bits();
        let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
        Sketch(ordered >> 8)
    }

    fn reversed(self) -> Sketch {
        Sketch(u64::MAX - self.0)
    }
}

/// Number below 2³² that stands for a larger one, in order.
#[derive(Clone, Copy)]
enum Half {
    One(u64),
    OneOfSeveral(u64),
}

impl Half {
    const MIDDLE: u64 = 1 << 31;

    /// Numbers near zero, and near the greatest as those of a maximum are, stay apart.
    fn of(number: u64) -> Half {
        match number {
            small if small < Half::MIDDLE => Half::One(small),
            great if u64::MAX - great < Half::MIDDLE - 1 => {
                Half::One(u64::from(u32::MAX) - (u64::MAX - great))
            }
            _ => Half::OneOfSeveral(Half::MIDDLE),
        }
    }

    /// Numbers near zero stay apart.
    fn of_signed(number: i64) -> Half {
        match number.unsigned_abs() < Half::MIDDLE - 1 {
            true => Half::One(Half::MIDDLE.wrapping_add_signed(number)),
            false => Half::OneOfSeveral(if number < 0 { 0 } else { u64::from(u32::MAX) }),
        }
    }

    fn value(self) -> u64 {
        match self {
            Half::One(value) | Half::OneOfSeveral(value) => value,
        }
    }
}

/// As numbers of which the least is best: amounts to be maximized are negative.
impl fmt::Display for Cost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = |number: u64| match u64::MAX - number {
            most if most < number => -i128::from(most),
            _ => i128::from(number),
        };
        match self {
            Cost::Pair(first, 0) => write!(out, "{}", signed(*first)),
            Cost::Pair(first, second) => write!(out, "{}, {}", signed(*first), signed(*second)),
            Cost::Change(change, number) => write!(out, "{change}, {number}"),
            Cost::Sum(sum) => write!(out, "{:.6}", sum.approximate),
            Cost::LessSum(sum) => write!(out, "{:.6}", -sum.approximate),
            Cost::Most(number) => write!(out, "{:.6}", -number),
            Cost::Values(values) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                out.write_str(&values.join(", "))
            }
        }
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Cost) -> Ordering {
        match (self, other) {
            (Cost::Pair(a, b), Cost::Pair(c, d)) => (a, b).cmp(&(c, d)),
            (Cost::Change(a, b), Cost::Change(c, d)) => (a, b).cmp(&(c, d)),
            (Cost::Sum(a), Cost::Sum(b)) => a.cmp(b),
            (Cost::LessSum(a), Cost::LessSum(b)) => b.cmp(a),
            (Cost::Most(a), Cost::Most(b)) => b.total_cmp(a),
            // What lacks a value comes last, whichever of its values it is.
            (Cost::Values(a), Cost::Values(b)) => other.exists().cmp(&self.exists()).then_with(|| a.cmp(b)),
            _ => panic!("a strategy mixes two kinds of cost"),
        }
    }
}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Cost) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cost {
    fn eq(&self, other: &Cost) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cost {}

/// A sum of at most five non-negative ratios, or of one, for a maximum.
#[derive(Clone, Debug)]
pub struct RatioSum {
    /// Numerators and denominators; 0/1 where a resource does not count.
    terms: [(u64, u64); RESOURCES],
    /// The sum in floating point, wrong by less than [`RELATIVE_ERROR`] of itself.
    approximate: f64,
}

/// A bound on the error of a sum of five quotients in `f64`: each operation adds at most 2⁻⁵³.
const RELATIVE_ERROR: f64 = 1e-14;

impl RatioSum {
    /// Returns the sum of the given ratios. Denominators must not be 0.
    pub fn new(terms: [(u64, u64); RESOURCES]) -> RatioSum {
        let approximate = terms.iter().map(|(over, under)| *over as f64 / *under as f64).sum();
        RatioSum { terms, approximate }
    }

    /// Returns the greatest of the given ratios, as a sum of one.
    pub fn greatest_of(terms: [(u64, u64); RESOURCES]) -> RatioSum {
        let exceeds = |a: (u64, u64), b: (u64, u64)| {
            u128::from(a.0) * u128::from(b.1) > u128::from(b.0) * u128::from(a.1)
        };
        let greatest =
            terms.into_iter().fold((0, 1), |best, term| if exceeds(term, best) { term } else { best });
        let mut single = [(0, 1); RESOURCES];
        single[0] = greatest;
        RatioSum::new(single)
    }

    fn cmp(&self, other: &RatioSum) -> Ordering {
        let (a, b) = (self.approximate, other.approximate);
        if (a - b).abs() > RELATIVE_ERROR * (a + b) {
            return a.total_cmp(&b);
        }
        if self.terms == other.terms {
            return Ordering::Equal;
        }
        self.cmp_exactly(other)
    }

    /// Compares over a common denominator, in as many bits as it takes.
    fn cmp_exactly(&self, other: &RatioSum) -> Ordering {
        let (over, under) = self.as_fraction();
        let (other_over, other_under) = other.as_fraction();
        (over * other_under).cmp(&(other_over * under))
    }

    fn as_fraction(&self) -> (BigUint, BigUint) {
        let start = (BigUint::ZERO, BigUint::from(1u8));
        self.terms.iter().fold(start, |(over, under), (term_over, term_under)| {
            (over * *term_under + &under * *term_over, under * *term_under)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(terms: &[(u64, u64)]) -> RatioSum {
        let mut all = [(0, 1); RESOURCES];
        all[..terms.len()].copy_from_slice(terms);
        RatioSum::new(all)
    }

    #[test]
    fn sums_are_compared_exactly() {
        assert_eq!(sum(&[(1, 3), (1, 6)]).cmp(&sum(&[(1, 2)])), Ordering::Equal);
        let near = 1 << 62;
        assert_eq!(sum(&[(near, near + 1)]).cmp(&sum(&[(near - 1, near)])), Ordering::Greater);
        assert_eq!(sum(&[(1, 3), (near - 1, near)]).cmp(&sum(&[(1, 3), (near, near + 1)])), Ordering::Less);
        assert_eq!(sum(&[]).cmp(&sum(&[(0, 7)])), Ordering::Equal);
    }

    #[test]
    fn the_greatest_ratio_is_found_exactly() {
        let near = 1 << 62;
        let terms = [(near - 1, near), (near, near + 1), (0, 1), (0, 1), (0, 1)];
        assert_eq!(RatioSum::greatest_of(terms).terms[0], (near, near + 1));
    }

    #[test]
    fn costs_are_shown_as_numbers_of_which_the_least_is_best() {
        assert_eq!(Cost::Pair(2000, 4096).to_string(), "2000, 4096");
        assert_eq!(Cost::Pair(3, 0).to_string(), "3");
        assert_eq!(Cost::Change(-1, 4096).to_string(), "-1, 4096");
        assert_eq!(Cost::most(8000, 32_768).to_string(), "-8000, -32768");
        assert_eq!(Cost::Sum(sum(&[(1, 2), (1, 4)])).to_string(), "0.750000");
        assert_eq!(Cost::LessSum(sum(&[(1, 2)])).to_string(), "-0.500000");
    }

    #[test]
    fn sketches_decide_as_the_costs_do_or_not_at_all() {
        let near = [0, 1, 2, 77, (1 << 31) - 2, (1 << 31) - 1, 1 << 31, (1 << 31) + 1, 1 << 32, 1 << 63];
        let numbers: Vec<u64> = near.iter().flat_map(|number| [*number, u64::MAX - number]).collect();
        let pairs = || numbers.iter().flat_map(|first| numbers.iter().map(|second| (*first, *second)));
        let sums = [
            (0, 1),
            (1, 3),
            (2, 6),
            (333_333, 1_000_000),
            (1 << 40, 1),
            (near[4], near[5]),
            (near[5], near[6]),
        ];
        let floats = [-1e300, -2.5, -0.0, 0.0, 1e-300, 2.5, 2.500_000_000_000_001, 1e300];
        let kinds: [Vec<Cost>; 5] = [
            pairs().map(|(first, second)| Cost::Pair(first, second)).collect(),
            pairs().map(|(first, second)| Cost::Change(first.cast_signed(), second)).collect(),
            sums.iter().map(|term| Cost::Sum(sum(&[*term]))).collect(),
            sums.iter().map(|term| Cost::LessSum(sum(&[*term]))).collect(),
            floats.iter().map(|number| Cost::Most(*number)).collect(),
        ];
        let mut decided = [0; 5];
        for (costs, decided) in kinds.iter().zip(&mut decided) {
            for (a, b) in costs.iter().flat_map(|a| costs.iter().map(move |b| (a, b))) {
                let by_sketch = a.sketch().decides(b.sketch());
                assert!(by_sketch.is_none_or(|order| order == a.cmp(b)), "{a:?} {b:?}: {by_sketch:?}");
                *decided += usize::from(by_sketch.is_some());
            }
        }
        assert!(decided.iter().all(|decided| *decided > 20), "{decided:?}");
    }

    #[test]
    fn more_is_better_when_it_is_said_so() {
        assert!(Cost::LessSum(sum(&[(1, 2)])) < Cost::LessSum(sum(&[(1, 3)])));
        assert!(Cost::most(5, 1) < Cost::most(4, 9));
    }
}
