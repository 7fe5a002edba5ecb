//! The value of an expression, in numbers of any sort.

use super::number::{Arithmetic, Stop};
use super::syntax::{Binary, ExpressionNode, Unary};

/// Returns the value of a node. `number` gives the number of a name.
pub fn evaluate<N: Arithmetic>(node: &ExpressionNode, number: &impl Fn(usize) -> N) -> Result<N, Stop> {
    Ok(match node {
        ExpressionNode::Constant(amount) => N::of(*amount),
        ExpressionNode::Name(name) => number(*name),
        ExpressionNode::Unary(operation, inner) => unary(*operation, &evaluate(inner, number)?)?,
        ExpressionNode::Binary(operation, sides) => {
            let [left, right] = &**sides;
            binary(*operation, &evaluate(left, number)?, &evaluate(right, number)?)?
        }
        ExpressionNode::If(branches) => {
            let [condition, then, otherwise] = &**branches;
            let holds = evaluate(condition, number)?.compare(&N::whole(0))?.is_ne();
            evaluate(if holds { then } else { otherwise }, number)?
        }
    })
}

fn unary<N: Arithmetic>(operation: Unary, inner: &N) -> Result<N, Stop> {
    Ok(match operation {
        Unary::Negative => inner.negative(),
        Unary::Abs => inner.abs(),
        Unary::Floor => inner.floor()?,
        Unary::Exp => inner.exp()?,
        Unary::Ln => inner.ln()?,
        Unary::Power(exponent) => inner.power(exponent),
    })
}

fn binary<N: Arithmetic>(operation: Binary, left: &N, right: &N) -> Result<N, Stop> {
    let told = |holds: bool| N::whole(u64::from(holds));
    Ok(match operation {
        Binary::Add => left.plus(right),
        Binary::Subtract => left.plus(&right.negative()),
        Binary::Multiply => left.times(right),
        Binary::Divide => left.over(right)?,
        Binary::Min => left.min(right),
        Binary::Max => left.max(right),
        Binary::Less => told(left.compare(right)?.is_lt()),
        Binary::AtMost => told(left.compare(right)?.is_le()),
        Binary::Equal => told(left.compare(right)?.is_eq()),
        Binary::Different => told(left.compare(right)?.is_ne()),
    })
}
