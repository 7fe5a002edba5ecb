//! `borg-hybrid`: best fit that strands little, after Borg, whose score is "a hybrid one that tries to reduce the amount of stranded
//! resources - ones that cannot be used because another resource on the machine is fully allocated" and packs 3 to 5 % better than best fit
//! (Verma et al., "Large-scale cluster management at Google with Borg", EuroSys 2015, section 3.2, read 2026-11-30). Its formula is not
//! published: the rule below is ours.
//!
//! The rest of vCPU and memory once the instance is placed strands most where one is near 0 and the other is not: the
//! difference of their shares. It is weighed against how full the host is. With a weight of 1 the greater share alone counts; with 4
//! an empty host costs less than one that is unevenly full, and instances spread.

use super::expression::minimizing;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};

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
        minimizing(&[&format!("free_share.vcpu + free_share.memory + {weight} * {difference}")])
    },
};
