//! `lexicographic`: preferences in order, each in steps, so that a later one decides between hosts that are nearly equal by an earlier
//! one (Hadary et al., "Protean: VM Allocation Service at Scale", OSDI 2020, section 4: validators, then preferences on
//! quantised scores).
//!
//! Rule after the abstract and summaries of 2026-11-30; the full text was not to be had then.
//! The validators are the filters of every strategy here. The production preferences are not published as a list; these are its
//! packing ones.

use super::expression::minimizing;
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "lexicographic",
    rule: "a host in use before an empty one; then the least greatest free ÷ capacity of vCPU and memory, in steps; then the least sum of \
           both, in steps",
    parameters: &[Parameter {
        name: "steps",
        meaning: "steps of a score from 0 to 1",
        kind: ParameterKind::Whole { default: 10, range: (1, 1000) },
    }],
    build: |parameters, _| {
        let steps = parameters.get("steps");
        minimizing(&[
            "used.vcpu + used.memory + used.gpu + used.storage == 0",
            &format!("floor({steps} * max(free_share.vcpu, free_share.memory))"),
            &format!("floor({steps} * (free_share.vcpu + free_share.memory))"),
        ])
    },
};
