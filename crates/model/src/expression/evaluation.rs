//! The value of an expression for amounts, in numbers of any sort.

use super::Amount;
use super::number::{Arithmetic, Stop};
use super::syntax::{Binary, ExpressionNode, Unary};

/// Returns the value of a node.
pub fn evaluate<N: Arithmetic>(node: &ExpressionNode, amounts: &[Amount]) -> Result<N, Stop> {
    Ok(match node {
        ExpressionNode::Constant(amount) => N::of(*amount),
        ExpressionNode::Name(name) => N::of(amounts[*name]),
        ExpressionNode::Unary(operation, inner) => unary(*operation, &evaluate(inner, amounts)?)?,
        ExpressionNode::Binary(operation, sides) => {
            let [left, right] = &**sides;
            binary(*operation, &evaluate(left, amounts)?, &evaluate(right, amounts)?)?
        }
        ExpressionNode::If(branches) => {
            let [condition, then, otherwise] = &**branches;
            let holds = evaluate::<N>(condition, amounts)?.compare(&N::whole(0))?.is_ne();
            evaluate(if holds { then } else { otherwise }, amounts)?
        }
    })
}

fn unary<N: Arithmetic>(operation: Unary, inner: &N) -> Result<N, Stop> {
    Ok(match operation {
        Unary::Negative => inner.negative(),
        Unary::Abs => greatest(inner, &inner.negative()),
        Unary::Floor => inner.floor()?,
        Unary::Exp => inner.exp()?,
        Unary::Ln => inner.ln()?,
        Unary::Power(exponent) => (1..exponent).fold(inner.clone(), |power, _| power.times(inner)),
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
        Binary::Max => greatest(left, right),
        Binary::Less => told(left.compare(right)?.is_lt()),
        Binary::AtMost => told(left.compare(right)?.is_le()),
        Binary::Equal => told(left.compare(right)?.is_eq()),
        Binary::Different => told(left.compare(right)?.is_ne()),
    })
}

fn greatest<N: Arithmetic>(left: &N, right: &N) -> N {
    left.negative().min(&right.negative()).negative()
}
