//! `borg-hybrid`: least stranding first, after Borg, whose score is "a hybrid one that tries to reduce the amount of stranded
//! resources - ones that cannot be used because another resource on the machine is fully allocated" and packs 3 to 5 % better than best fit
//! (Verma et al., "Large-scale cluster management at Google with Borg", EuroSys 2015, section 3.2). Its formula is not
//! published: the rule below is ours.
//!
//! What is left of vCPU and memory once the instance is placed strands most where one is near 0 and the other is not: the
//! difference of their shares. It counts in steps, so that best fit decides between hosts that strand about as much.

use super::expression::minimizing;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "borg-hybrid",
    rule: "least difference between the shares of vCPU and of memory that are free after placing, in steps; then the least sum of both",
    parameters: &[Parameter {
        name: "steps",
        meaning: "steps of a difference from 0 to 1",
        kind: ParameterKind::Whole { default: 10, range: (1, 1000) },
    }],
    build: |parameters, _| {
        let steps = parameters.get("steps");
        minimizing(&[
            &format!(
                "floor({steps} * abs(free_share.vcpu - request_share.vcpu - free_share.memory + request_share.memory))"
            ),
            "free_share.vcpu + free_share.memory",
        ])
    },
};
