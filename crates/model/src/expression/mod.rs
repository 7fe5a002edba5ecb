//! Arithmetic over named amounts, as a scenario states it: text is read once into an [`Expression`], which is evaluated for
//! amounts and gives a [`Value`]. Values are compared exactly, as the costs of the built-in strategies are: in double
//! precision while that decides, else as fractions. With `exp` or `ln` there are no fractions; values are then those of `libm` in double
//! precision, which are the same on every machine. Of amounts that are only known to lie in intervals, an expression gives a number
//! that its value is not below.

mod evaluation;
pub mod interval;
mod number;
mod syntax;
pub mod value;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use evaluation::evaluate;
use interval::NumberInterval;
use number::{Approximation, Arithmetic, Stop};
use syntax::ExpressionNode;
pub use syntax::{FUNCTIONS, OPERATORS, SyntaxError};
use value::Value;

/// Amount of a name: `units` of which `per` make one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Amount {
    /// Whole units.
    pub units: u64,
    /// Units in one; not 0.
    pub per: u64,
}

impl Amount {
    /// Returns a whole number.
    pub fn whole(number: impl Into<u64>) -> Amount {
        Amount { units: number.into(), per: 1 }
    }
}

/// Expression that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression {
    root: ExpressionNode,
    /// Names that it uses, by their position in the list that it was read with; a node has the position in this list.
    names: Vec<usize>,
    /// True without `exp` and `ln`: every value is a fraction.
    is_rational: bool,
}

impl Expression {
    /// Reads an expression over names.
    pub fn parse(text: &str, names: &[&str]) -> Result<Expression, SyntaxError> {
        syntax::parse(text, names)
    }

    /// Returns the names that it uses, by their position in the list that it was read with.
    pub fn names(&self) -> &[usize] {
        &self.names
    }

    /// Returns true if it has a value whatever the amounts: without division other than by a number, `exp` and `ln`.
    pub fn always_has_value(&self) -> bool {
        self.is_rational && self.root.divides_by_numbers_alone()
    }

    /// Returns true if it is a name alone, or `-` and a name.
    pub fn is_name_alone(&self) -> Option<Sign> {
        match &self.root {
            ExpressionNode::Name(_) => Some(Sign::Positive),
            ExpressionNode::Unary(syntax::Unary::Negative, inner)
                if matches!(**inner, ExpressionNode::Name(_)) =>
            {
                Some(Sign::Negative)
            }
            _ => None,
        }
    }

    /// Returns its value. `amount` gives the amount of a name by its position in the list that the expression was read with.
    pub fn value(self: &Arc<Self>, amount: impl Fn(usize) -> Amount) -> Value {
        let amounts: Box<[Amount]> = self.names.iter().map(|name| amount(*name)).collect();
        if !self.is_rational {
            let value = evaluate(&self.root, &|name: usize| f64::of(amounts[name]));
            return value.map_or(Value::none(), Value::real);
        }
        match evaluate(&self.root, &|name: usize| Approximation::of(amounts[name])) {
            Ok(bounded) => Value::rational(bounded, amounts, self),
            Err(Stop::NoValue) => Value::none(),
            Err(Stop::Unsure) => Value::exact(amounts, self),
        }
    }

    /// Returns a number that no value is below, whatever each name is in its interval, which `interval` gives; minus infinity where
    /// none is known.
    pub fn least_value(&self, interval: impl Fn(usize) -> NumberInterval) -> f64 {
        // Most expressions have few names: each is asked for once.
        let (few, many): ([NumberInterval; 8], Vec<NumberInterval>);
        let intervals: &[NumberInterval] = if self.names.len() <= 8 {
            few = std::array::from_fn(|i| {
                self.names.get(i).map_or(NumberInterval::AMOUNTS, |name| interval(*name))
            });
            &few
        } else {
            many = self.names.iter().map(|name| interval(*name)).collect();
            &many
        };
        let value = evaluate(&self.root, &|name: usize| intervals[name]);
        value.ok().map(NumberInterval::least).filter(|least| !least.is_nan()).unwrap_or(f64::NEG_INFINITY)
    }
}

/// Sign before a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// None.
    Positive,
    /// `-`.
    Negative,
}
