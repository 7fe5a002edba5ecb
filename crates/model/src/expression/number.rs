//! Numbers that an expression is evaluated in: in double precision with a bound on its error, as fractions, and in double precision as it
//! is.

use num_bigint::{BigInt, Sign};
use std::cmp::Ordering;

use super::Amount;

/// Reason for which there is no number. It is as wide as a number in double precision: a result that holds a byte or numbers is copied in
/// pieces, which takes longer than an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Stop {
    /// The expression has no value: it divides by 0, takes the logarithm of 0 or less, or leaves the range of numbers.
    NoValue,
    /// The error of the numbers does not tell which way a condition or a floor goes.
    Unsure,
}

/// Numbers of an evaluation.
pub trait Arithmetic: Clone {
    /// Returns an amount.
    fn of(amount: Amount) -> Self;
    /// Returns -a.
    fn negative(&self) -> Self;
    /// Returns a + b.
    fn plus(&self, other: &Self) -> Self;
    /// Returns a · b.
    fn times(&self, other: &Self) -> Self;
    /// Returns a ÷ b; nothing where b is 0.
    fn over(&self, other: &Self) -> Result<Self, Stop>;
    /// Returns the greatest whole number that is not above.
    fn floor(&self) -> Result<Self, Stop>;
    /// Compares two.
    fn compare(&self, other: &Self) -> Result<Ordering, Stop>;
    /// Returns the lesser.
    fn min(&self, other: &Self) -> Self;
    /// Returns the exponential; nothing where it is out of range.
    fn exp(&self) -> Result<Self, Stop>;
    /// Returns the natural logarithm; nothing of 0 and below.
    fn ln(&self) -> Result<Self, Stop>;

    /// Returns the greater.
    fn max(&self, other: &Self) -> Self {
        self.negative().min(&other.negative()).negative()
    }

    /// Returns it without its sign.
    fn abs(&self) -> Self {
        self.max(&self.negative())
    }

    /// Returns a power with an exponent from 1 on.
    fn power(&self, exponent: u8) -> Self {
        (1..exponent).fold(self.clone(), |power, _| power.times(self))
    }

    /// Returns a whole number.
    fn whole(number: u64) -> Self {
        Self::of(Amount::whole(number))
    }
}

/// Number in double precision, and the most by which it is wrong. The bound is 0 exactly for whole numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Approximation {
    /// The number.
    pub value: f64,
    /// Bound on its error.
    pub error: f64,
}

/// A bound on the error of one operation relative to its result: twice that of rounding, so that it covers the rounding of bounds.
const ROUNDING: f64 = f64::EPSILON;

/// Greatest whole number up to which every one is a double.
pub const WHOLE_MOST: f64 = 9_007_199_254_740_992.0;

impl Approximation {
    /// Returns the result of an operation on numbers: whole and exact where all of them are whole.
    fn result(value: f64, error: f64, of_whole: bool) -> Approximation {
        // At the limit itself it may be another whole number, rounded.
        if of_whole && value.abs() < WHOLE_MOST {
            return Approximation { value, error: 0.0 };
        }
        Approximation {
            value,
            error: error * (1.0 + 4.0 * ROUNDING) + value.abs() * ROUNDING + f64::MIN_POSITIVE,
        }
    }

    fn is_whole(&self) -> bool {
        self.error == 0.0
    }

    /// Compares two; `None` where their errors do not tell.
    pub fn compare(&self, other: &Approximation) -> Option<Ordering> {
        let difference = (self.value - other.value).abs();
        let is_told = difference > (self.error + other.error) * (1.0 + 8.0 * ROUNDING)
            || (self.is_whole() && other.is_whole());
        // What is out of range has an infinite bound or is no number: it is never told.
        is_told.then(|| self.value.total_cmp(&other.value))
    }
}

impl Arithmetic for Approximation {
    fn of(Amount { units, per }: Amount) -> Approximation {
        Approximation::result(units as f64 / per as f64, 0.0, units.is_multiple_of(per))
    }

    fn negative(&self) -> Approximation {
        // Adding 0 makes no difference but for -0, which is 0.
        Approximation { value: 0.0 - self.value, error: self.error }
    }

    fn plus(&self, other: &Approximation) -> Approximation {
        let of_whole = self.is_whole() && other.is_whole();
        Approximation::result(self.value + other.value, self.error + other.error, of_whole)
    }

    fn times(&self, other: &Approximation) -> Approximation {
        let (a, b) = (self, other);
        let error = a.value.abs() * b.error + b.value.abs() * a.error + a.error * b.error;
        Approximation::result(a.value * b.value + 0.0, error, a.is_whole() && b.is_whole())
    }

    fn over(&self, other: &Approximation) -> Result<Approximation, Stop> {
        let (a, b) = (self, other);
        if b.is_whole() && b.value == 0.0 {
            return Err(Stop::NoValue);
        }
        let least = b.value.abs() - b.error;
        if least.is_nan() || least <= 0.0 {
            return Err(Stop::Unsure);
        }
        let value = a.value / b.value + 0.0;
        let error = (a.error + value.abs() * b.error) / least;
        Ok(Approximation::result(value, error, a.is_whole() && b.is_whole() && a.value % b.value == 0.0))
    }

    fn floor(&self) -> Result<Approximation, Stop> {
        let (low, high) = ((self.value - self.error).floor(), (self.value + self.error).floor());
        let is_told = low == high && low.abs() <= WHOLE_MOST;
        if is_told { Ok(Approximation { value: low + 0.0, error: 0.0 }) } else { Err(Stop::Unsure) }
    }

    fn compare(&self, other: &Approximation) -> Result<Ordering, Stop> {
        self.compare(other).ok_or(Stop::Unsure)
    }

    fn min(&self, other: &Approximation) -> Approximation {
        match Approximation::compare(self, other) {
            Some(Ordering::Less | Ordering::Equal) => *self,
            Some(Ordering::Greater) => *other,
            None => Approximation { value: self.value.min(other.value), error: self.error.max(other.error) },
        }
    }

    fn exp(&self) -> Result<Approximation, Stop> {
        unreachable!("an expression with `exp` is evaluated in double precision as it is")
    }

    fn ln(&self) -> Result<Approximation, Stop> {
        unreachable!("an expression with `ln` is evaluated in double precision as it is")
    }
}

/// Exact fraction, not reduced.
#[derive(Clone, Debug)]
pub struct Fraction {
    over: BigInt,
    /// Positive.
    under: BigInt,
}

impl Fraction {
    /// Returns a finite number in double precision as it is.
    pub fn of_double(number: f64) -> Fraction {
        let (bits, exponent) = (number.abs().to_bits(), number.abs().to_bits() >> 52);
        // The first of 53 bits is not written where the number is normal.
        let (whole, doublings) = match exponent {
            0 => (bits, -1074),
            _ => (bits & ((1 << 52) - 1) | 1 << 52, exponent as i32 - 1075),
        };
        let over = BigInt::from(whole) << doublings.max(0);
        let under = BigInt::from(1) << (-doublings).max(0);
        Fraction { over: if number < 0.0 { -over } else { over }, under }
    }

    /// Compares two, as their difference tells.
    pub fn compare(&self, other: &Fraction) -> Ordering {
        (&self.over * &other.under).cmp(&(&other.over * &self.under))
    }
}

impl Arithmetic for Fraction {
    fn of(Amount { units, per }: Amount) -> Fraction {
        Fraction { over: BigInt::from(units), under: BigInt::from(per) }
    }

    fn negative(&self) -> Fraction {
        Fraction { over: -&self.over, under: self.under.clone() }
    }

    fn plus(&self, other: &Fraction) -> Fraction {
        if self.under == other.under {
            return Fraction { over: &self.over + &other.over, under: self.under.clone() };
        }
        Fraction {
            over: &self.over * &other.under + &other.over * &self.under,
            under: &self.under * &other.under,
        }
    }

    fn times(&self, other: &Fraction) -> Fraction {
        Fraction { over: &self.over * &other.over, under: &self.under * &other.under }
    }

    fn over(&self, other: &Fraction) -> Result<Fraction, Stop> {
        let (over, under) = (&self.over * &other.under, &self.under * &other.over);
        match under.sign() {
            Sign::NoSign => Err(Stop::NoValue),
            Sign::Plus => Ok(Fraction { over, under }),
            Sign::Minus => Ok(Fraction { over: -over, under: -under }),
        }
    }

    fn floor(&self) -> Result<Fraction, Stop> {
        // Division of integers goes towards 0.
        let (towards, rest) = (&self.over / &self.under, &self.over % &self.under);
        let is_above = rest.sign() == Sign::Minus;
        Ok(Fraction { over: if is_above { towards - 1 } else { towards }, under: BigInt::from(1) })
    }

    fn compare(&self, other: &Fraction) -> Result<Ordering, Stop> {
        Ok(self.compare(other))
    }

    fn min(&self, other: &Fraction) -> Fraction {
        if self.compare(other).is_le() { self.clone() } else { other.clone() }
    }

    fn exp(&self) -> Result<Fraction, Stop> {
        unreachable!("an expression with `exp` is evaluated in double precision as it is")
    }

    fn ln(&self) -> Result<Fraction, Stop> {
        unreachable!("an expression with `ln` is evaluated in double precision as it is")
    }
}

/// Every result is finite, or there is none.
impl Arithmetic for f64 {
    fn of(Amount { units, per }: Amount) -> f64 {
        units as f64 / per as f64
    }

    fn negative(&self) -> f64 {
        0.0 - self
    }

    fn plus(&self, other: &f64) -> f64 {
        self + other
    }

    fn times(&self, other: &f64) -> f64 {
        self * other
    }

    fn over(&self, other: &f64) -> Result<f64, Stop> {
        finite(self / other)
    }

    fn floor(&self) -> Result<f64, Stop> {
        finite(f64::floor(*self))
    }

    fn compare(&self, other: &f64) -> Result<Ordering, Stop> {
        self.partial_cmp(other).ok_or(Stop::NoValue)
    }

    fn min(&self, other: &f64) -> f64 {
        if self.is_nan() {
            *self
        } else if other.is_nan() {
            *other
        } else {
            f64::min(*self, *other)
        }
    }

    fn exp(&self) -> Result<f64, Stop> {
        finite(libm::exp(*self))
    }

    fn ln(&self) -> Result<f64, Stop> {
        finite(libm::log(*self))
    }
}

/// Returns a number, where it is one. -0 becomes 0.
pub fn finite(number: f64) -> Result<f64, Stop> {
    if number.is_finite() { Ok(number + 0.0) } else { Err(Stop::NoValue) }
}
