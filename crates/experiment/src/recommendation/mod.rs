//! Recommendation: the settings that cost least with which all targets hold.
//!
//! A [`RecommendationPlan`] names the settings that may be chosen ([`DecisionVariable`]), what they cost
//! ([`CostFunction`]), the targets, and what is not known of the future ([`Assumption`]). Every [`DecisionPoint`], a choice for each
//! variable, is run with the same seeds (common random numbers). Where the cost is known before a run, and more of a
//! setting never hurts, [`branch_and_bound`] finds the optimum and proves it; else [`pattern_search`] improves a point
//! until no neighbour is better. Where the future is uncertain, the point of least regret is told beside that of least
//! cost.

pub mod assumption;
pub mod cost;
pub mod variable;

pub mod optimum;

pub mod branch_and_bound;
pub mod pattern_search;

mod evaluator;
mod plan;
mod search;

pub use assumption::{Assumption, Future};
pub use cost::CostFunction;
pub use evaluator::{Evaluation, TriedPoint};
pub use optimum::{DecisionPoint, Optimum};
pub use plan::{CheckedPlan, RecommendationPlan};
pub use search::{Hurt, Recommendation, search};
pub use variable::{DecisionVariable, VariableRequest};
