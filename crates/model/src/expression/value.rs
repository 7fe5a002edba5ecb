//! Values of an expression, in order: the least first, what has no value last.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::evaluation::evaluate;
use super::number::{Approximation, Arithmetic, Fraction, finite};
use super::{Amount, Expression};

/// Value of an expression for some amounts.
#[derive(Clone, Debug)]
pub struct Value(Form);

#[derive(Clone, Debug)]
enum Form {
    Rational(Rational),
    Real(f64),
    None,
}

/// Fraction, known in double precision and computed exactly where that does not tell two apart.
#[derive(Clone, Debug)]
struct Rational {
    bounded: Approximation,
    amounts: Box<[Amount]>,
    expression: Arc<Expression>,
    /// `None`: there is no value, which double precision could not tell.
    exact: OnceLock<Option<Fraction>>,
}

impl Rational {
    fn exact(&self) -> Option<&Fraction> {
        let number = |name: usize| Fraction::of(self.amounts[name]);
        let compute = || evaluate(&self.expression.root, &number).ok();
        self.exact.get_or_init(compute).as_ref()
    }
}

impl Value {
    /// Returns the value of what has none.
    pub fn none() -> Value {
        Value(Form::None)
    }

    /// Returns a number in double precision.
    pub fn real(number: f64) -> Value {
        Value(finite(number).map_or(Form::None, Form::Real))
    }

    /// Returns a fraction that is known in double precision.
    pub(super) fn rational(
        bounded: Approximation,
        amounts: Box<[Amount]>,
        expression: &Arc<Expression>,
    ) -> Value {
        let expression = Arc::clone(expression);
        Value(Form::Rational(Rational { bounded, amounts, expression, exact: OnceLock::new() }))
    }

    /// Returns a fraction of which double precision tells nothing.
    pub(super) fn exact(amounts: Box<[Amount]>, expression: &Arc<Expression>) -> Value {
        let unknown = Approximation { value: 0.0, error: f64::INFINITY };
        let Value(form) = Value::rational(unknown, amounts, expression);
        match &form {
            Form::Rational(rational) if rational.exact().is_none() => Value::none(),
            _ => Value(form),
        }
    }

    /// Compares it with a number in double precision; `None` where both are so near that it takes more than that to tell.
    pub fn compare_to(&self, number: f64) -> Option<Ordering> {
        match &self.0 {
            Form::Rational(rational) if rational.bounded.error.is_finite() => {
                rational.bounded.compare(&Approximation { value: number, error: 0.0 })
            }
            Form::Rational(_) if !number.is_finite() => 0.0.partial_cmp(&number),
            Form::Rational(rational) => {
                rational.exact().map(|exact| exact.compare(&Fraction::of_double(number)))
            }
            Form::Real(value) => value.partial_cmp(&number),
            Form::None => Some(Ordering::Greater),
        }
    }

    /// Returns true if there is a value.
    pub fn exists(&self) -> bool {
        !matches!(self.0, Form::None)
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (&self.0, &other.0) {
            (Form::Rational(a), Form::Rational(b)) => match a.bounded.compare(&b.bounded) {
                Some(order) => order,
                None if a.amounts == b.amounts => Ordering::Equal,
                None => match (a.exact(), b.exact()) {
                    (Some(exact), Some(other)) => exact.compare(other),
                    (exact, other) => exact.is_none().cmp(&other.is_none()),
                },
            },
            (Form::Real(a), Form::Real(b)) => a.total_cmp(b),
            (Form::None, Form::None) => Ordering::Equal,
            (Form::None, _) => Ordering::Greater,
            (_, Form::None) => Ordering::Less,
            _ => panic!("values of two expressions are compared"),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Rational(rational) if rational.bounded.error.is_finite() => {
                write!(out, "{:.6}", rational.bounded.value)
            }
            Form::Rational(Rational { expression, amounts, .. }) => {
                match evaluate(&expression.root, &|name: usize| f64::of(amounts[name])) {
                    Ok(number) => write!(out, "{number:.6}"),
                    Err(_) => out.write_str("beyond double precision"),
                }
            }
            Form::Real(number) => write!(out, "{number:.6}"),
            Form::None => out.write_str("no value"),
        }
    }
}
