//! Words on what runs show: of a demand that is the same with every seed, and runs that are all alike.

use crate::format::level;
use plimsoll_base::units::figures::{decimal, grouped};
use plimsoll_sim::scenario::Scenario;

/// Returns the kind of a demand that no seed changes, as the beginning of a sentence.
pub fn certain_demand(scenario: &Scenario) -> &'static str {
    match scenario.workload.trace {
        Some(_) => "The demand is a trace, which no seed changes",
        None => "The demand is loads of Auto Scaling groups, which no seed changes",
    }
}

/// Returns what so many runs show that all meet a target, as the middle of a sentence: the share of runs that meet it, at least (with
/// no miss in n runs, 1 less the n-th root of 1 less the confidence misses at most).
pub fn shown_without_a_miss(runs: usize, confidence: f64) -> String {
    let share = libm::pow(1.0 - confidence, 1.0 / runs as f64);
    format!(
        "That shows with {} confidence that at least {} % of all runs do, and no more: one run in {} may miss it. \
         Allow more with --max-replications to be surer.",
        level(confidence),
        decimal(100.0 * share, 1),
        grouped((1.0 / (1.0 - share)).floor() as u64)
    )
}
