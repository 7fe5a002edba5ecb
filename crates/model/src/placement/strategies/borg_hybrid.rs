//! `borg-hybrid`: best fit that strands little, after Borg, whose score is "a hybrid one that tries to reduce the amount of stranded
//! resources - ones that cannot be used because another resource on the machine is fully allocated" and packs 3 to 5 % better than best fit
//! (Verma et al., "Large-scale cluster management at Google with Borg", EuroSys 2015, section 3.2, read 2026-11-30). Its formula is not
//! published: the rule below is ours.
//!
//! The rest of vCPU and memory once the instance is placed strands most where one is near 0 and the other is not: the
//! difference of their shares. It is weighed against how full the host is. With a weight of 1 the greater share alone counts; with 4
//! an empty host costs less than one that is unevenly full, and instances spread.

use super::expression::ByExpressions;
use crate::fleet::host::Sku;
use crate::fleet::index::bound::{Bound, Span, VALUES_BOUNDED};
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, Ranking, RankingInputs};
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::strategy::Strategy;
use plimsoll_base::units::{Footprint, Resources};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "borg-hybrid",
    rule: "least sum of the shares of vCPU and memory that are free, and of weight times the difference between both after placing",
    parameters: &[Parameter {
        name: "weight",
        meaning: "weight of the difference",
        kind: ParameterKind::Whole { default: 2, range: (0, 100) },
    }],
    build: |parameters, _| {
        let weight = parameters.get("weight");
        let difference =
            "abs(free_share.vcpu - request_share.vcpu - free_share.memory + request_share.memory)";
        let rule = format!("free_share.vcpu + free_share.memory + {weight} * {difference}");
        Strategy::ranked(BorgHybrid { by_expression: ByExpressions::of(&[&rule]), weight: weight as f64 })
    },
};

struct BorgHybrid {
    /// The rule as an expression.
    by_expression: ByExpressions,
    weight: f64,
}

/// Bound on the error of [`BorgHybrid::bound`] in double precision, for each unit of 1 + weight: the terms are at most so great, and fewer
/// than twenty roundings of them are wrong by 2⁻⁵³ of that each.
const ERROR: f64 = 1e-14;

impl Ranking for BorgHybrid {
    fn inputs(&self) -> RankingInputs {
        self.by_expression.inputs()
    }

    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost {
        self.by_expression.cost(candidate, request)
    }

    /// With a and b for the free shares, d for the difference of those asked for and w for the weight, the cost is
    /// a + b + w · |a - b - d|: the greater of (1 + w) · a + (1 - w) · b - w · d and (1 - w) · a + (1 + w) · b + w · d. Of each the
    /// least is at a corner of the span, and the cost is below neither, nor below a + b. It is closer than what intervals give, which do
    /// not know that a is the same in both terms.
    fn bound(&self, sku: &Sku, free: &Span, request: &Footprint) -> Bound {
        let share = |amounts: &Resources, resource: usize| match sku.capacity.0[resource] {
            0 => 0.0,
            capacity => f64::from(amounts.0[resource]) / f64::from(capacity),
        };
        let [vcpu, memory] = [Resources::VCPU, Resources::MEMORY].map(|resource| {
            let [least, most, asked] =
                [&free.least, &free.most, &request.amounts].map(|amounts| share(amounts, resource));
            let weighted_least = (1.0 - self.weight) * if self.weight > 1.0 { most } else { least };
            (least, weighted_least, asked)
        });
        let [(a, weighted_a, asked_a), (b, weighted_b, asked_b)] = [vcpu, memory];
        let (plus, even) = (1.0 + self.weight, self.weight * (asked_a - asked_b));
        let least = (plus * a + weighted_b - even).max(weighted_a + plus * b + even).max(a + b);
        let mut bounds = [f64::NEG_INFINITY; VALUES_BOUNDED];
        bounds[0] = least - ERROR * plus;
        Bound::Values(bounds)
    }

    fn has_close_bounds(&self, _sku: &Sku) -> bool {
        true
    }
}
