//! Intervals of numbers: where amounts are only known to lie between two, a value lies between two as well (Moore, "Interval
//! Analysis", 1966). Ends are in double precision and rounded outward, so that an interval holds the exact value for every choice of the
//! amounts, and the value in double precision as it is.

use std::cmp::Ordering;

use super::Amount;
use super::number::{Arithmetic, Stop, WHOLE_MOST};

/// Numbers from a least to a greatest one, with both. An infinite end is no bound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NumberInterval {
    /// The least with its sign changed, and the greatest: both are rounded up.
    ends: [f64; 2],
}

/// Bound on the error of `exp` and `ln` of `libm` relative to the result; both are right to about 2⁻⁵².
const LIBM_ERROR: f64 = 8.0 * f64::EPSILON;

impl NumberInterval {
    /// All amounts.
    pub const AMOUNTS: NumberInterval = NumberInterval { ends: [0.0, f64::INFINITY] };

    /// Returns the interval between two amounts, whichever is the lesser.
    pub fn between(first: Amount, second: Amount) -> NumberInterval {
        let a = NumberInterval::of(first);
        if first == second {
            return a;
        }
        let b = NumberInterval::of(second);
        NumberInterval { ends: std::array::from_fn(|i| a.ends[i].max(b.ends[i])) }
    }

    /// Returns a number that none of it is below.
    pub fn least(self) -> f64 {
        -self.ends[0]
    }

    /// Returns a number that none of it is above.
    pub fn most(self) -> f64 {
        self.ends[1]
    }

    /// Returns the interval that holds the results of an operation on four pairs of ends.
    fn around(results: [Rounded; 4]) -> NumberInterval {
        results.into_iter().fold(
            NumberInterval { ends: [f64::NEG_INFINITY; 2] },
            |all, Rounded { number, is_exact }| {
                // 0 · ∞ and ∞ ÷ ∞ come from ends that are no numbers of the interval; beside finite ones the first is 0, and the
                // second is between other results.
                let (number, is_exact) = if number.is_nan() { (0.0, true) } else { (number, is_exact) };
                let least = Rounded { number: -number, is_exact };
                let most = Rounded { number, is_exact };
                NumberInterval { ends: [all.ends[0].max(least.up()), all.ends[1].max(most.up())] }
            },
        )
    }
}

/// Result of an operation on numbers in double precision, rounded to the nearest.
#[derive(Clone, Copy)]
struct Rounded {
    number: f64,
    is_exact: bool,
}

impl Rounded {
    /// Returns a product.
    fn product(a: f64, b: f64) -> Rounded {
        let number = a * b;
        Rounded { number, is_exact: is_whole(number) && is_whole(a) && is_whole(b) }
    }

    /// Returns a quotient.
    fn quotient(a: f64, b: f64) -> Rounded {
        let number = a / b;
        Rounded { number, is_exact: is_whole(number) && is_whole(a) && is_whole(b) && number * b == a }
    }

    /// Returns a number that the exact result is not above.
    fn up(self) -> f64 {
        if self.is_exact { self.number } else { above(self.number) }
    }
}

/// Returns a number that no number is above which is rounded to this one. It is above the next one in double precision, and sooner
/// computed.
fn above(rounded: f64) -> f64 {
    // What is rounded to minus infinity is below the least finite number.
    let rounded = if rounded < f64::MIN { f64::MIN } else { rounded };
    rounded + (rounded.abs() * f64::EPSILON + f64::MIN_POSITIVE)
}

/// Returns a number that the exact sum is not above: the error of a sum is a number in double precision, which a few sums give (Knuth,
/// "The Art of Computer Programming" 2, 4.2.2, theorem B).
fn sum_up(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let of_b = sum - a;
    let error = (a - (sum - of_b)) + (b - of_b);
    if error <= 0.0 { sum } else { above(sum) }
}

/// Returns true for whole numbers below [`WHOLE_MOST`]: an operation on them is exact where its result is one of them.
fn is_whole(number: f64) -> bool {
    number.abs() < WHOLE_MOST && (number as i64) as f64 == number
}

impl Arithmetic for NumberInterval {
    fn of(Amount { units, per }: Amount) -> NumberInterval {
        let (over, under) = (units as f64, per as f64);
        if over >= WHOLE_MOST || under >= WHOLE_MOST {
            // Three roundings, each by less than half an epsilon.
            let (value, error) = (over / under, 4.0 * f64::EPSILON);
            return NumberInterval { ends: [-value * (1.0 - error), value * (1.0 + error)] };
        }
        if per == 1 {
            return NumberInterval { ends: [-over, over] };
        }
        let quotient = Rounded::quotient(over, under);
        let least = Rounded { number: -quotient.number, ..quotient };
        NumberInterval { ends: [least.up(), quotient.up()] }
    }

    fn negative(&self) -> NumberInterval {
        let [least, most] = self.ends;
        NumberInterval { ends: [most, least] }
    }

    fn plus(&self, other: &NumberInterval) -> NumberInterval {
        NumberInterval { ends: std::array::from_fn(|i| sum_up(self.ends[i], other.ends[i])) }
    }

    fn times(&self, other: &NumberInterval) -> NumberInterval {
        let (a, b) = (self.ends, other.ends);
        let [[a_least, a_most], [b_least, b_most]] = [a, b].map(|[least, most]| [-least, most]);
        if a_least >= 0.0 && b_least >= 0.0 && a_most < f64::INFINITY && b_most < f64::INFINITY {
            let products = [Rounded::product(a[0], b_least), Rounded::product(a_most, b_most)];
            return NumberInterval { ends: products.map(Rounded::up) };
        }
        NumberInterval::around([
            Rounded::product(a_least, b_least),
            Rounded::product(a_least, b_most),
            Rounded::product(a_most, b_least),
            Rounded::product(a_most, b_most),
        ])
    }

    fn over(&self, other: &NumberInterval) -> Result<NumberInterval, Stop> {
        let [[a_least, a_most], [b_least, b_most]] = [self, other].map(|side| [side.least(), side.most()]);
        if b_least <= 0.0 && b_most >= 0.0 {
            return Err(Stop::Unsure);
        }
        Ok(NumberInterval::around([
            Rounded::quotient(a_least, b_least),
            Rounded::quotient(a_least, b_most),
            Rounded::quotient(a_most, b_least),
            Rounded::quotient(a_most, b_most),
        ]))
    }

    fn floor(&self) -> Result<NumberInterval, Stop> {
        Ok(NumberInterval { ends: [-self.least().floor(), self.most().floor()] })
    }

    fn compare(&self, other: &NumberInterval) -> Result<Ordering, Stop> {
        let is_point = |interval: &NumberInterval| interval.least() == interval.most();
        if self.most() < other.least() {
            Ok(Ordering::Less)
        } else if self.least() > other.most() {
            Ok(Ordering::Greater)
        } else if is_point(self) && self == other {
            Ok(Ordering::Equal)
        } else {
            Err(Stop::Unsure)
        }
    }

    fn min(&self, other: &NumberInterval) -> NumberInterval {
        NumberInterval { ends: [self.ends[0].max(other.ends[0]), self.ends[1].min(other.ends[1])] }
    }

    fn max(&self, other: &NumberInterval) -> NumberInterval {
        NumberInterval { ends: [self.ends[0].min(other.ends[0]), self.ends[1].max(other.ends[1])] }
    }

    fn abs(&self) -> NumberInterval {
        let [least, most] = self.ends;
        NumberInterval { ends: [least.min(most).min(0.0), least.max(most)] }
    }

    fn power(&self, exponent: u8) -> NumberInterval {
        // An even power is that of the number without its sign, which a product of intervals does not know.
        let base = if exponent.is_multiple_of(2) { self.abs() } else { *self };
        (1..exponent).fold(base, |power, _| power.times(&base))
    }

    fn exp(&self) -> Result<NumberInterval, Stop> {
        let [least, most] = [self.least(), self.most()].map(libm::exp);
        let [least, most] = [least * (1.0 - LIBM_ERROR), most * (1.0 + LIBM_ERROR)];
        let least = (least - f64::MIN_POSITIVE).clamp(0.0, f64::MAX);
        Ok(NumberInterval { ends: [-least, most + f64::MIN_POSITIVE] })
    }

    fn ln(&self) -> Result<NumberInterval, Stop> {
        if self.least() <= 0.0 {
            return Err(Stop::Unsure);
        }
        let [least, most] = [self.least(), self.most()].map(libm::log);
        Ok(NumberInterval { ends: [least.abs() * LIBM_ERROR - least, most + most.abs() * LIBM_ERROR] })
    }
}
