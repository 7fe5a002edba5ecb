//! `borg-hybrid`: the host on which what is left of each resource stays most alike, so that none is stranded (Verma et al., "Large-scale
//! cluster management at Google with Borg", EuroSys 2015, section 3.2).
//!
//! The paper says what its score does, "reduce the amount of stranded resources", and no formula; the difference of shares is ours.

use super::expression::minimizing;
use crate::placement::entry::StrategyEntry;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "borg-hybrid",
    rule: "least difference between the greatest and the least free ÷ capacity after placing, of vCPU, memory and, on hosts that have \
           it, GPU; then the least sum of them",
    parameters: &[],
    build: |_, _| minimizing(&[&format!("max({SHARES}) - min({SHARES})"), SUM]),
};

/// Shares that are left; without GPU that of vCPU stands in, which changes neither maximum nor minimum.
const SHARES: &str = "free_share.vcpu - request_share.vcpu, free_share.memory - request_share.memory, \
                      if(capacity.gpu > 0, free_share.gpu - request_share.gpu, free_share.vcpu - request_share.vcpu)";

/// Sum of them; 0 of GPU on hosts without.
const SUM: &str = "free_share.vcpu - request_share.vcpu + free_share.memory - request_share.memory \
                   + free_share.gpu - request_share.gpu";
